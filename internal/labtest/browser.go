// Package labtest helps the tests of the lab: a real browser, and the rule for tools that a machine may lack.
package labtest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience bounds each step in a tab. It only decides when a test that hangs is reported.
const patience = 30 * time.Second

// screenshotDir names the environment variable with the folder that Tab.Screenshot writes to.
const screenshotDir = "LAB_SCREENSHOTS"

// Missing ends the test because the machine lacks what: skipped where a developer may not have it, failed where CI=true.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing; CI must have it", what)
	}
	t.Skipf("%s is missing on this machine: this test is skipped here and would fail in CI", what)
}

// Browser is one headless Chromium with an empty profile. It ends with the test that started it.
type Browser struct {
	ctx context.Context
}

// NewBrowser starts a Chromium, or calls Missing when there is none.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	path := findChromium()
	if path == "" {
		Missing(t, "Chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		stop()
	})
	require.NoError(t, chromedp.Do(ctx), "starting %s", path)
	return &Browser{ctx: ctx}
}

func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Tab is one page of a Browser. It belongs to one test: a step that fails ends that test, and errors on the page's
// console that nobody allowed fail it when it ends.
type Tab struct {
	Ctx context.Context // a chromedp context, for steps that Tab has no method for

	t testing.TB

	mu      sync.Mutex
	console []string
	allowed []string
}

// Tab opens a new tab, closed when t ends.
func (b *Browser) Tab(t testing.TB) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	tab := &Tab{Ctx: ctx, t: t}
	require.NoError(t, chromedp.Do(ctx), "opening a tab")
	require.NoError(t, chromedp.Listen(ctx, tab.listen))
	t.Cleanup(func() {
		_ = chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("0")) // the console's messages come before this reply
		_ = chromedp.Cancel(ctx)
		cancel()
		for _, text := range tab.ConsoleErrors() {
			t.Errorf("error on the page's console: %s", text)
		}
	})
	return tab
}

// Allow tells that console errors that contain one of these texts are part of the test.
func (tab *Tab) Allow(texts ...string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.allowed = append(tab.allowed, texts...)
}

// AllowNetworkErrors allows what a browser reports when a server refuses, cuts or is away.
func (tab *Tab) AllowNetworkErrors() {
	tab.Allow("Failed to load resource", "WebSocket connection to", "net::ERR_")
}

// ConsoleErrors are the errors and uncaught exceptions so far that nobody allowed.
func (tab *Tab) ConsoleErrors() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	var errs []string
	for _, text := range tab.console {
		if !containsAny(text, tab.allowed) {
			errs = append(errs, text)
		}
	}
	return errs
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func (tab *Tab) listen(event any) {
	text := consoleError(event)
	if text == "" {
		return
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.console = append(tab.console, text)
}

// consoleError is the text of a browser event that is an error on the console, else "".
func consoleError(event any) string {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if obj := e.ExceptionDetails.Exception; obj != nil {
			text += " " + obj.Description + string(obj.Value)
		}
		return text
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			return e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			return "console.error " + argsText(e.Args)
		}
	}
	return ""
}

func argsText(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, arg := range args {
		b.WriteString(arg.Description)
		b.Write(arg.Value)
		b.WriteByte(' ')
	}
	return b.String()
}

// Do runs steps in the tab, in order.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Ctx, patience)
	defer cancel()
	require.NoError(tab.t, chromedp.Do(ctx, steps...))
}

// Open navigates to url and waits until it has loaded.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	tab.Do(chromedp.Navigate(url))
}

// Eval is the value of a JavaScript expression in the tab, awaited when it is a promise.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(tab.t, err, "evaluating %s", expression)
	return value
}

// WaitFor waits until the JavaScript expression is truthy.
func (tab *Tab) WaitFor(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Ctx, patience)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0))
	if _, err := chromedp.Run(ctx, poll); err != nil {
		body, _ := chromedp.Run(tab.Ctx, chromedp.Evaluate[string](`document.body?.innerText ?? ""`))
		require.NoError(tab.t, err, "waiting for %s\nconsole: %s\npage: %s", expression, tab.ConsoleErrors(), body)
	}
}

// WaitText waits until the text of the first element that matches the CSS selector contains text.
func (tab *Tab) WaitText(selector, text string) {
	tab.t.Helper()
	sel, _ := json.Marshal(selector)
	want, _ := json.Marshal(text)
	tab.WaitFor("document.querySelector(" + string(sel) + ")?.textContent.includes(" + string(want) + ")")
}

// Viewport sets the size of the page in CSS pixels, as a phone does when it is 480 wide or less.
func (tab *Tab) Viewport(width, height int64) {
	tab.t.Helper()
	var opts []chromedp.EmulateViewportOption
	if width <= 480 {
		opts = append(opts, chromedp.EmulateMobile, chromedp.EmulatePortrait)
	}
	tab.Do(chromedp.EmulateViewport(width, height, opts...))
}

// ColorScheme makes the page see "light" or "dark" as what its user prefers.
func (tab *Tab) ColorScheme(scheme string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(tab.t, err)
}

// Language makes navigator.language and Accept-Language what a user of that language has, such as "zh-CN".
func (tab *Tab) Language(tag string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.Ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent:      Eval[string](tab, "navigator.userAgent"),
		AcceptLanguage: tag,
	})
	require.NoError(tab.t, err)
}

// Screenshot writes the viewport as name.png into the folder that the environment variable LAB_SCREENSHOTS names.
// Without the variable it does nothing.
func (tab *Tab) Screenshot(name string) {
	tab.t.Helper()
	dir := os.Getenv(screenshotDir)
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(tab.Ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(tab.t, err)
	require.NoError(tab.t, os.MkdirAll(dir, 0o755))
	require.NoError(tab.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
