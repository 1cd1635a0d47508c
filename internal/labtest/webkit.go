package labtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// webKitProcess is WebKitGTK's WebDriver with its one session, on a virtual display. The session
// has one current window, so each command selects its own first.
type webKitProcess struct {
	display, driver *exec.Cmd
	dir             string // the profile
	log             bytes.Buffer
	http            *http.Client
	base            string // of the session
	draws           bool   // it can take screenshots, and needs twice the time

	mu      sync.Mutex // of the current window
	current string
	evals   int
	first   string // a window that stays open, because the session ends with its last
}

// miniBrowsers returns the paths where MiniBrowser may be; packages install it outside PATH.
func miniBrowsers() []string {
	places, _ := filepath.Glob("/usr/lib/*/webkit*/MiniBrowser")
	return append(places, "MiniBrowser")
}

func startWebKit(driver, miniBrowser, xvfb string) (process, error) {
	p := &webKitProcess{http: &http.Client{Transport: &http.Transport{}},
		draws: os.Getenv(screenshotDir) != ""}
	if err := p.start(driver, miniBrowser, xvfb); err != nil {
		return nil, errors.Join(err, p.stop(), errors.New(p.log.String()))
	}
	return p, nil
}

func (p *webKitProcess) start(driver, miniBrowser, xvfb string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var err error
	if p.dir, err = os.MkdirTemp("", "lab-webkit-"); err != nil {
		return err
	}
	display, err := p.startDisplay(xvfb)
	if err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(address)
	p.driver = exec.Command(driver, "--port="+port)
	p.driver.Env = append(os.Environ(), "DISPLAY="+display, "GDK_BACKEND=x11", "LANG=C.UTF-8",
		"LANGUAGE=en",
		"HOME="+p.dir, "XDG_RUNTIME_DIR="+p.dir, "XDG_CONFIG_HOME="+p.dir, "XDG_CACHE_HOME="+p.dir,
		"XDG_DATA_HOME="+p.dir,
		"NO_AT_BRIDGE=1")
	if !p.draws {
		p.driver.Env = append(p.driver.Env, "WEBKIT_DISABLE_COMPOSITING_MODE=1")
	}
	p.driver.Stdout, p.driver.Stderr = &p.log, &p.log
	if err := p.driver.Start(); err != nil {
		return err
	}
	for { // until it listens
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if ctx.Err() != nil {
			return err
		}
		time.Sleep(pollInterval)
	}
	var created struct {
		SessionID string `json:"sessionId"`
	}
	p.base = "http://" + address + "/session"
	capabilities := map[string]any{
		"webkitgtk:browserOptions": map[string]any{"binary": miniBrowser,
			"args": []string{"--automation"}},
		"unhandledPromptBehavior": "accept",
		"pageLoadStrategy":        "none", // open waits itself, and listens for errors meanwhile
		"timeouts":                map[string]int{"script": 120_000},
	}
	if err := p.send(ctx, http.MethodPost, "",
		map[string]any{"capabilities": map[string]any{"alwaysMatch": capabilities}},
		&created); err != nil {
		return err
	}
	p.base += "/" + created.SessionID
	return p.send(ctx, http.MethodGet, "/window", nil, &p.first)
}

// startDisplay starts Xvfb and returns the display that it has chosen.
func (p *webKitProcess) startDisplay(xvfb string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	p.display = exec.Command(xvfb, "-displayfd", "3", "-screen", "0", "1600x1200x24",
		"-nolisten", "tcp")
	p.display.ExtraFiles = []*os.File{w}
	err = p.display.Start()
	_ = w.Close()
	if err != nil {
		return "", err
	}
	number, err := bufio.NewReader(r).ReadString('\n')
	return ":" + strings.TrimSpace(number), err
}

// freeAddress returns a loopback address that was free a moment ago. The driver needs a port and
// cannot report one that it has chosen.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (p *webKitProcess) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if p.first != "" {
		_ = p.send(ctx, http.MethodDelete, "", nil, nil)
	}
	p.http.CloseIdleConnections()
	for _, cmd := range []*exec.Cmd{p.driver, p.display} {
		if cmd != nil && cmd.Process != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	return os.RemoveAll(p.dir)
}

// send sends one WebDriver command and decodes its value into result, unless that is nil.
func (p *webKitProcess) send(ctx context.Context, method, path string, body, result any) error {
	var contents io.Reader
	if method == http.MethodPost {
		if body == nil {
			body = struct{}{}
		}
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		contents = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, contents)
	if err != nil {
		return err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var reply struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.NewDecoder(res.Body).Decode(&reply); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode != http.StatusOK {
		var failure struct{ Error, Message string }
		_ = json.Unmarshal(reply.Value, &failure)
		return fmt.Errorf("%s %s: %s: %s", method, path, failure.Error, failure.Message)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(reply.Value, result)
}

// session returns the process itself: WebDriver has no profiles. Storage differs by origin, and
// each demo has its own.
func (p *webKitProcess) session() (session, error) { return webKitSession{p}, nil }

type webKitSession struct{ *webKitProcess }

func (s webKitSession) close() error { return nil }

func (s webKitSession) page(ctx context.Context, report func(consoleEntry)) (page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.selectWindow(ctx, s.first); err != nil {
		return nil, err
	}
	var window struct {
		Handle string `json:"handle"`
	}
	err := s.send(ctx, http.MethodPost, "/window/new", map[string]string{"type": "window"}, &window)
	return &webKitPage{webKitProcess: s.webKitProcess, handle: window.Handle, report: report}, err
}

func (p *webKitProcess) selectWindow(ctx context.Context, handle string) error {
	if p.current == handle {
		return nil
	}
	p.current = ""
	err := p.send(ctx, http.MethodPost, "/window", map[string]string{"handle": handle}, nil)
	if err == nil {
		p.current = handle
	}
	return err
}

type webKitPage struct {
	*webKitProcess
	handle string
	report func(consoleEntry)
	heard  int // of the console's entries
}

// command sends a command to the page's window.
func (p *webKitPage) command(ctx context.Context, method, path string, body, result any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.selectWindow(ctx, p.handle); err != nil {
		return err
	}
	return p.send(ctx, method, path, body, result)
}

// listenScript makes a page record its console. WebDriver reports no console and cannot run a
// script before the page's own. This one runs while the page loads; an earlier exception is not
// recorded.
const listenScript = `
	if (location.href === "about:blank" || location.href === window.__labLeft) return "elsewhere";
	if (!window.__labConsole) {
		const entries = window.__labConsole = [];
		const note = (text, error) => entries.push({ text: String(text).slice(0, 2000), error });
		addEventListener("error", (e) => note(e.message ? e.message + " " + e.filename + ":" + e.lineno : "Failed to load resource " + (e.target.src ?? e.target.href), true), true);
		addEventListener("unhandledrejection", (e) => note("Unhandled rejection " + (e.reason?.stack ?? e.reason), true));
		addEventListener("securitypolicyviolation", (e) => note("Refused by the policy " + e.violatedDirective + ": " + e.blockedURI, true));
		for (const level of ["error", "assert", "warn", "info", "log"]) {
			const original = console[level];
			console[level] = (...args) => {
				if (level !== "assert" || !args[0]) note("console." + level + " " + args.map(String).join(" "), level === "error" || level === "assert");
				original.apply(console, args);
			};
		}
	}
	return document.readyState;`

func (p *webKitPage) open(ctx context.Context, url string) error {
	// Mark the old page, to tell it from the new one.
	if err := p.script(ctx, `window.__labLeft = location.href`, nil); err != nil {
		return err
	}
	if err := p.command(ctx, http.MethodPost, "/url", map[string]string{"url": url},
		nil); err != nil {
		return err
	}
	p.heard = 0
	for {
		var state string
		err := p.script(ctx, listenScript, &state)
		switch {
		case state == "complete":
			return nil
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), err)
		case state != "loading":
			time.Sleep(pollInterval / 4)
		}
	}
}

func (p *webKitPage) script(ctx context.Context, body string, result any) error {
	return p.command(ctx, http.MethodPost, "/execute/sync",
		map[string]any{"script": body, "args": []any{}}, result)
}

// eval stores a promise in the page and polls for its result: waiting for a script would block all
// other pages.
func (p *webKitPage) eval(ctx context.Context, expression string) ([]byte, error) {
	p.mu.Lock()
	p.evals++
	name := fmt.Sprintf("__labEval%d", p.evals)
	p.mu.Unlock()
	look := fmt.Sprintf(`
		const console = window.__labConsole?.slice(%d) ?? [];
		const settled = window[%q];
		if (!settled) return { lost: true, console };
		if (settled.done) delete window[%[2]q];
		return { ...settled, console };`, p.heard, name)
	start := fmt.Sprintf(`
		const state = window[%q] = { done: false };
		try {
			Promise.resolve((%s)).then((value) => Object.assign(state, { done: true, value: value ?? null }),
				(err) => Object.assign(state, { done: true, error: String(err?.message ?? err) + "\n" + (err?.stack ?? "") }));
		} catch (err) {
			Object.assign(state, { done: true, error: String(err) });
		}
		const done = arguments[0], wait = (turns) => state.done || turns === 0 ? done(null) : setTimeout(wait, 0, turns - 1);
		Promise.resolve().then(() => wait(2));`, name, expression)
	if err := p.command(ctx, http.MethodPost, "/execute/async",
		map[string]any{"script": start, "args": []any{}}, nil); err != nil {
		return nil, err
	}
	for {
		var state struct {
			Done, Lost bool
			Value      json.RawMessage
			Error      string
			Console    []struct {
				Text  string
				Error bool
			}
		}
		if err := p.script(ctx, look, &state); err != nil {
			return nil, err
		}
		for _, entry := range state.Console {
			p.report(consoleEntry{entry.Text, entry.Error})
		}
		if n := len(state.Console); n > 0 {
			p.heard += n
			look = strings.Replace(look, fmt.Sprintf("slice(%d)", p.heard-n),
				fmt.Sprintf("slice(%d)", p.heard), 1)
		}
		switch {
		case state.Lost:
			return nil, errors.New("the page has gone elsewhere")
		case state.Error != "":
			return nil, errors.New(state.Error)
		case state.Done:
			return state.Value, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// webKitKeys maps the DOM names of control keys to WebDriver's code points (WebDriver, section
// 17.4.2).
var webKitKeys = map[string]string{
	"Backspace": "\ue003", "Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c",
	"PageUp": "\ue00e", "PageDown": "\ue00f",
	"End": "\ue010", "Home": "\ue011", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
	"ArrowRight": "\ue014", "ArrowDown": "\ue015",
}

func (p *webKitPage) press(ctx context.Context, key string) error {
	if named, ok := webKitKeys[key]; ok {
		key = named
	} else if len([]rune(key)) != 1 {
		return errors.New("no key is called " + key)
	}
	return p.command(ctx, http.MethodPost, "/actions",
		map[string]any{"actions": []any{map[string]any{
			"type": "key", "id": "keyboard",
			"actions": []any{map[string]string{"type": "keyDown", "value": key},
				map[string]string{"type": "keyUp", "value": key}},
		}}}, nil)
}

func (p *webKitPage) viewport(ctx context.Context, width, height int64) error {
	return p.command(ctx, http.MethodPost, "/window/rect",
		map[string]int64{"width": width, "height": height}, nil)
}

func (p *webKitPage) screenshot(ctx context.Context) ([]byte, error) {
	if !p.draws {
		return nil, errNoScreenshot
	}
	var text string
	if err := p.command(ctx, http.MethodGet, "/screenshot", nil, &text); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

func (p *webKitPage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	err := p.command(ctx, http.MethodDelete, "/window", nil, nil)
	p.mu.Lock()
	p.current = ""
	p.mu.Unlock()
	return err
}
