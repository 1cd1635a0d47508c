package labtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/need"
)

const (
	// stepTimeout bounds each step in a tab. It only decides when a hanging test is reported.
	stepTimeout = 60 * time.Second
	// pollInterval is the pause between two looks at a browser.
	pollInterval = 20 * time.Millisecond
	// screenshotDir names the environment variable with the folder that Tab.Screenshot writes to.
	screenshotDir = "LAB_SCREENSHOTS"
)

// Engine names a browser engine.
type Engine string

// The engines that the tests drive.
const (
	Chromium Engine = "chromium"
	Firefox  Engine = "firefox" // WebDriver BiDi, through puppeteer-core in Node
	WebKit   Engine = "webkit"  // WebDriver, through WebKitGTK's own driver, on a virtual display
)

var engines = []Engine{Chromium, Firefox, WebKit}

// process is one running browser.
type process interface {
	// session returns a new profile of the browser, with its own cookies and storage where the
	// engine supports that.
	session() (session, error)
	stop() error
}

type session interface {
	// page opens a blank page. Its console goes to report, which must not block.
	page(ctx context.Context, report func(consoleEntry)) (page, error)
	close() error
}

// page is one page, driven in the protocol of its engine.
type page interface {
	open(ctx context.Context, url string) error
	// eval returns the JSON of an expression's value, awaited when it is a promise.
	eval(ctx context.Context, expression string) ([]byte, error)
	// press presses and releases a key where the focus is, by its DOM name: "Enter", "ArrowDown",
	// "a".
	press(ctx context.Context, key string) error
	viewport(ctx context.Context, width, height int64) error
	// screenshot returns a PNG, or errNoScreenshot.
	screenshot(ctx context.Context) ([]byte, error)
	close() error
}

// errNoScreenshot is the answer of WebKit unless screenshotDir is set.
var errNoScreenshot = errors.New("this browser was started without drawing")

type consoleEntry struct {
	text  string
	error bool
}

// browsers holds the processes of this test binary: one for each engine, started by the first test
// that needs it.
var browsers = struct {
	sync.Mutex
	running map[Engine]process
	failed  map[Engine]error
	ended   bool // after the tests, by Main
}{running: map[Engine]process{}, failed: map[Engine]error{}}

func running(t testing.TB, engine Engine) process {
	t.Helper()
	browsers.Lock()
	defer browsers.Unlock()
	require.True(t, browsers.ended,
		"a package that opens browsers needs func TestMain(m *testing.M) { labtest.Main(m) }")
	p, err := browsers.running[engine], browsers.failed[engine]
	if p == nil && err == nil {
		switch engine {
		case Chromium:
			// the shell is the same engine without windows, and needs a fifth less CPU time
			names := append([]string{"chromium-headless-shell"}, need.Chromium...)
			p, err = startChromium(need.Tool(t, names...))
		case Firefox:
			p, err = startFirefox(need.Tool(t, "firefox-esr", "firefox"), node.Dir(t))
		case WebKit:
			p, err = startWebKit(need.Tool(t, "WebKitWebDriver"), need.Tool(t, miniBrowsers()...),
				need.Tool(t, "Xvfb"))
		}
		if err != nil {
			browsers.failed[engine] = err
		} else {
			browsers.running[engine] = p
		}
	}
	require.NoError(t, err, "starting %s", engine)
	return p
}

func stopBrowsers() error {
	browsers.Lock()
	defer browsers.Unlock()
	var err error
	for engine, p := range browsers.running {
		err = errors.Join(err, p.stop())
		delete(browsers.running, engine)
	}
	return err
}

// Browser is a profile of its own in the package's one browser process of an engine. It ends with
// its test.
type Browser struct {
	Engine  Engine
	session session
}

// NewBrowser returns a fresh profile in Chromium; see need.Tool for what happens without one.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	return NewBrowserOf(t, Chromium)
}

// NewSharedBrowser returns Chromium's default profile, which sends third-party cookies. The
// profiles of NewBrowser are private windows, which do not. All tests of a package share the
// default profile and its storage.
func NewSharedBrowser(t testing.TB) *Browser {
	t.Helper()
	s, err := running(t, Chromium).(*chromiumProcess).open()
	require.NoError(t, err, "opening the default profile in %s", Chromium)
	t.Cleanup(func() { _ = s.close() })
	return &Browser{Engine: Chromium, session: s}
}

// NewBrowserOf returns a fresh profile in a browser of that engine; see need.Tool for what happens
// without one. The package's TestMain must be labtest.Main, which ends the browser.
func NewBrowserOf(t testing.TB, engine Engine) *Browser {
	t.Helper()
	s, err := running(t, engine).session()
	require.NoError(t, err, "opening a profile in %s", engine)
	t.Cleanup(func() { _ = s.close() })
	return &Browser{Engine: engine, session: s}
}

// InEveryEngine runs a test in Chromium, Firefox and WebKit at once.
func InEveryEngine(t *testing.T, test func(t *testing.T, browser *Browser)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, NewBrowserOf(t, engine))
		})
	}
}

// Tab is one page of a Browser. It belongs to one test: a step that fails ends that test, and
// errors on the page's console fail it when it ends, unless they are allowed. Its dialogs are
// accepted. A failed test leaves evidence of the tab in a folder.
type Tab struct {
	t      testing.TB
	engine Engine
	page   page
	opened time.Time
	ended  sync.Once

	mu      sync.Mutex
	console []consoleEntry
	allowed []string
	steps   []string // of the test so far, for the trace of a failure
}

// Tab opens a new tab, closed when t ends, before what has been started up to its last Open: a page
// must not see its server end.
func (b *Browser) Tab(t testing.TB) *Tab {
	t.Helper()
	tab := &Tab{t: t, engine: b.Engine, opened: time.Now()}
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	p, err := b.session.page(ctx, tab.report)
	require.NoError(t, err, "opening a tab")
	tab.page = p
	t.Cleanup(tab.end)
	return tab
}

// Engine returns the engine of the tab's browser.
func (tab *Tab) Engine() Engine { return tab.engine }

func (tab *Tab) end() { tab.ended.Do(tab.close) }

func (tab *Tab) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	_, _ = tab.page.eval(ctx, "0") // the console's messages come before this reply
	for _, text := range tab.ConsoleErrors() {
		tab.t.Errorf("error on the page's console: %s", text)
	}
	if tab.t.Failed() {
		tab.t.Logf("the page, its console, the steps and the last rows of the x-ray: %s",
			tab.keepEvidence(ctx))
	}
	_ = tab.page.close()
}

func (tab *Tab) report(entry consoleEntry) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.console = append(tab.console, entry)
}

// step notes what the test does and returns the context that bounds it.
func (tab *Tab) step(format string, args ...any) (context.Context, context.CancelFunc) {
	tab.mu.Lock()
	tab.steps = append(tab.steps, fmt.Sprintf("%8.3fs ",
		time.Since(tab.opened).Seconds())+fmt.Sprintf(format, args...))
	tab.mu.Unlock()
	return context.WithTimeout(context.Background(), stepTimeout)
}

// Allow marks console errors that contain one of these texts as expected.
func (tab *Tab) Allow(texts ...string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.allowed = append(tab.allowed, texts...)
}

// AllowNetworkErrors allows the errors that browsers report when a server refuses, aborts or is
// down.
func (tab *Tab) AllowNetworkErrors() {
	tab.Allow(
		"Failed to load resource", "WebSocket connection to", "net::ERR_", // Chromium and WebKit
		// Firefox
		"Cross-Origin Request Blocked", "can’t establish a connection to the server",
		"was interrupted while",
	)
}

// ConsoleErrors returns the errors and uncaught exceptions so far that are not allowed.
func (tab *Tab) ConsoleErrors() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	var errs []string
	for _, entry := range tab.console {
		if entry.error && !containsAny(entry.text, tab.allowed) {
			errs = append(errs, entry.text)
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

// Open navigates to url and waits until it has loaded.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	ctx, cancel := tab.step("open %s", url)
	defer cancel()
	tab.t.Cleanup(tab.end)
	require.NoError(tab.t, tab.page.open(ctx, url), "opening %s", url)
}

// evalJSON returns the value of an expression as JSON, the same for every engine.
func (tab *Tab) evalJSON(ctx context.Context, expression string) ([]byte, error) {
	return tab.page.eval(ctx, `(async () => JSON.stringify(await (`+expression+`)) ?? "null")()`)
}

// Eval returns the value of a JavaScript expression in the tab, awaited when it is a promise.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := tab.step("eval %s", expression)
	defer cancel()
	value, err := evalIn[T](ctx, tab, expression)
	require.NoError(tab.t, err, "evaluating %s", expression)
	return value
}

func evalIn[T any](ctx context.Context, tab *Tab, expression string) (value T, err error) {
	quoted, err := tab.evalJSON(ctx, expression)
	if err != nil {
		return value, err
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return value, err
	}
	return value, json.Unmarshal([]byte(text), &value)
}

// WaitFor waits until the JavaScript expression is truthy. An exception counts as false.
func (tab *Tab) WaitFor(expression string) {
	tab.t.Helper()
	ctx, cancel := tab.step("wait for %s", expression)
	defer cancel()
	tab.waitFor(ctx, expression)
}

// pollScript looks for a second whether an expression is true; then the test looks whether it has
// waited too long.
const pollScript = `(async () => {
	for (const end = Date.now() + 1000; ; await new Promise((done) => setTimeout(done, 20))) {
		try {
			if (await (%s)) return true;
		} catch (err) {
			if (Date.now() >= end) throw err;
		}
		if (Date.now() >= end) return false;
	}
})()`

func (tab *Tab) waitFor(ctx context.Context, expression string) {
	tab.t.Helper()
	for {
		ok, err := evalIn[bool](ctx, tab, fmt.Sprintf(pollScript, expression))
		switch {
		case ok:
			return
		case ctx.Err() != nil:
			require.FailNow(tab.t, "waited too long", "for %s\nexception: %v\nconsole errors: %q",
				expression, err, tab.ConsoleErrors())
		case err != nil:
			time.Sleep(pollInterval) // the page may be on its way to another
		}
	}
}

// WaitText waits until the text of the first element that matches the CSS selector contains text.
func (tab *Tab) WaitText(selector, text string) {
	tab.t.Helper()
	tab.WaitFor("document.querySelector(" + quote(selector) + ")?.textContent.includes(" +
		quote(text) + ")")
}

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// Press focuses the first element that matches the CSS selector and presses keys there, through the
// browser's own input. Keys have their DOM names: "Enter", "ArrowDown", "Tab", " ", "a".
func (tab *Tab) Press(selector string, keys ...string) {
	tab.t.Helper()
	ctx, cancel := tab.step("press %q in %s", keys, selector)
	defer cancel()
	tab.waitFor(ctx, `(document.querySelector(`+quote(selector)+
		`).focus(), document.activeElement === document.querySelector(`+quote(selector)+`))`)
	for _, key := range keys {
		require.NoError(tab.t, tab.page.press(ctx, key), "pressing %s", key)
	}
}

// Click clicks the first element that matches the CSS selector, once there is one that is not
// disabled.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.WaitFor(`((e) => e && !e.disabled && (e.click(), true))(document.querySelector(` +
		quote(selector) + `))`)
}

// Viewport sets the size of the page in CSS pixels, as a phone does when it is 480 wide or less. In
// WebKit it is the size of the window.
func (tab *Tab) Viewport(width, height int64) {
	tab.t.Helper()
	ctx, cancel := tab.step("viewport %d × %d", width, height)
	defer cancel()
	require.NoError(tab.t, tab.page.viewport(ctx, width, height))
}

// Chromium returns the tab's chromedp context, for steps that only Chromium supports.
func (tab *Tab) Chromium() context.Context {
	tab.t.Helper()
	p, ok := tab.page.(*chromiumPage)
	require.True(tab.t, ok, "%s cannot do this; only Chromium can", tab.engine)
	return p.ctx
}

// ColorScheme sets the user's preferred color scheme to "light" or "dark". Chromium only.
func (tab *Tab) ColorScheme(scheme string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.Chromium(), emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
	require.NoError(tab.t, err)
}

// Language sets navigator.language and Accept-Language, for instance to "zh-CN". Chromium only.
func (tab *Tab) Language(tag string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.Chromium(), emulation.SetUserAgentOverride,
		emulation.SetUserAgentOverrideParams{
			UserAgent:      Eval[string](tab, "navigator.userAgent"),
			AcceptLanguage: tag,
		})
	require.NoError(tab.t, err)
}

// Screenshot writes the viewport as name.png into the folder that the environment variable
// LAB_SCREENSHOTS names. Without the variable it does nothing.
func (tab *Tab) Screenshot(name string) {
	tab.t.Helper()
	dir := os.Getenv(screenshotDir)
	if dir == "" {
		return
	}
	ctx, cancel := tab.step("screenshot %s", name)
	defer cancel()
	png, err := tab.page.screenshot(ctx)
	require.NoError(tab.t, err)
	require.NoError(tab.t, os.MkdirAll(dir, 0o755))
	require.NoError(tab.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
