package labtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/log"
	dialog "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

type chromiumProcess struct {
	ctx  context.Context
	done func()
}

// preferences let Chromium's default profile send cookies of third parties, which Debian's build
// does not.
const preferences = `{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`

func startChromium(path string) (process, error) {
	dir, err := os.MkdirTemp("", "chromium-")
	if err == nil {
		err = errors.Join(os.Mkdir(filepath.Join(dir, "Default"), 0o700),
			os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(preferences), 0o600))
	}
	if err != nil {
		return nil, err
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(dir),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// Tabs share two processes: one for each tab needs a third more CPU time.
		chromedp.Flag("renderer-process-limit", "2"),
		chromedp.Flag("ignore-certificate-errors", true), // of the lab's own certificate
	)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	done := func() {
		cancel()
		stop()
		for range 50 { // the process may still write
			if os.RemoveAll(dir) == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	if err := chromedp.Do(ctx); err != nil {
		done()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &chromiumProcess{ctx: ctx, done: done}, nil
}

func (p *chromiumProcess) stop() error {
	err := chromedp.Cancel(p.ctx)
	p.done()
	return err
}

func (p *chromiumProcess) session() (session, error) {
	return p.open(chromedp.WithNewBrowserContext())
}

func (p *chromiumProcess) open(opts ...chromedp.ContextOption) (session, error) {
	ctx, cancel := chromedp.NewContext(p.ctx, opts...)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, err
	}
	return &chromiumPage{ctx: ctx, cancel: cancel}, nil
}

// chromiumPage is a page. The first page of a new browser context is also the session, which ends
// with it.
type chromiumPage struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (p *chromiumPage) page(_ context.Context, report func(consoleEntry)) (page, error) {
	ctx, cancel := chromedp.NewContext(p.ctx)
	err := chromedp.Do(ctx)
	if err == nil {
		err = chromedp.Listen(ctx, func(event any) {
			if entry := consoleOf(event); entry.text != "" {
				report(entry)
			}
			if _, ok := event.(*dialog.EventJavascriptDialogOpening); ok {
				go func() {
					_, _ = chromedp.Call(ctx, dialog.HandleJavaScriptDialog,
						dialog.HandleJavaScriptDialogParams{Accept: true})
				}()
			}
		})
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &chromiumPage{ctx: ctx, cancel: cancel}, nil
}

func (p *chromiumPage) close() error {
	err := chromedp.Cancel(p.ctx)
	p.cancel()
	return err
}

// within returns the page's context, ended when ctx ends.
func (p *chromiumPage) within(ctx context.Context) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(p.ctx)
	stop := context.AfterFunc(ctx, cancel)
	return inner, func() { stop(); cancel() }
}

func (p *chromiumPage) open(ctx context.Context, url string) error {
	ctx, cancel := p.within(ctx)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Navigate(url))
}

func (p *chromiumPage) eval(ctx context.Context, expression string) ([]byte, error) {
	ctx, cancel := p.within(ctx)
	defer cancel()
	value, err := chromedp.Run(ctx,
		chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// chromiumKeys maps the DOM names of control keys to chromedp's codes.
var chromiumKeys = map[string]string{
	"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Home": kb.Home, "End": kb.End,
	"Backspace": kb.Backspace,
	"PageUp":    kb.PageUp, "PageDown": kb.PageDown,
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft,
	"ArrowRight": kb.ArrowRight,
}

func (p *chromiumPage) press(ctx context.Context, key string) error {
	ctx, cancel := p.within(ctx)
	defer cancel()
	if named, ok := chromiumKeys[key]; ok {
		key = named
	} else if len([]rune(key)) != 1 {
		return errors.New("no key is called " + key)
	}
	return chromedp.Do(ctx, chromedp.KeyEvent(key))
}

func (p *chromiumPage) viewport(ctx context.Context, width, height int64) error {
	ctx, cancel := p.within(ctx)
	defer cancel()
	var opts []chromedp.EmulateViewportOption
	if width <= 480 {
		opts = append(opts, chromedp.EmulateMobile, chromedp.EmulatePortrait)
	}
	return chromedp.Do(ctx, chromedp.EmulateViewport(width, height, opts...))
}

func (p *chromiumPage) screenshot(ctx context.Context) ([]byte, error) {
	ctx, cancel := p.within(ctx)
	defer cancel()
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

// consoleOf returns the console entry of a browser event, without text for any other event.
func consoleOf(event any) consoleEntry {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if obj := e.ExceptionDetails.Exception; obj != nil {
			text += " " + obj.Description + string(obj.Value)
		}
		return consoleEntry{text, true}
	case *log.EventEntryAdded:
		if !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			return consoleEntry{e.Entry.Text + " " + e.Entry.URL,
				e.Entry.Level == log.EntryLevelError}
		}
	case *runtime.EventConsoleAPICalled:
		return consoleEntry{"console." + string(e.Type) + argsText(e.Args),
			e.Type == runtime.ConsoleAPICalledTypeError ||
				e.Type == runtime.ConsoleAPICalledTypeAssert}
	}
	return consoleEntry{}
}

func argsText(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, arg := range args {
		var text string
		switch {
		case json.Unmarshal(arg.Value, &text) == nil:
		case arg.Description != "":
			text = arg.Description
		default:
			text = string(arg.Value)
		}
		b.WriteString(" " + text)
	}
	return b.String()
}
