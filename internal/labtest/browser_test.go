package labtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { Main(m) }

const testPage = `<!doctype html><title>t</title><link rel="icon" href="data:,"><h1>hi</h1><input id="field"><script>
const late = () => { console.error("one", 2); setTimeout(() => { throw new Error("late") }); fetch("/gone").then(() => { document.title = "done" }) };
document.getElementById("field").onkeydown = (e) => { document.querySelector("h1").textContent += " " + e.key + (e.isTrusted ? "!" : "") };
</script>`

// serveTestPage serves testPage, and one row of an x-ray as a demo does.
func serveTestPage(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(testPage))
		case "/lab/xray.jsonl":
			_, _ = w.Write([]byte("{\"layer\":\"http\"}\n"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestEngines: the steps do the same in each engine, and errors on the console fail the test.
func TestEngines(t *testing.T) {
	url := serveTestPage(t)
	InEveryEngine(t, func(t *testing.T, browser *Browser) {
		tab, other := browser.Tab(t), browser.Tab(t)
		other.Open(url)
		tab.Viewport(600, 500)
		tab.Open(url)
		tab.WaitFor(`late(), true`)
		tab.WaitFor(`document.title === "done"`)
		tab.WaitText("h1", "hi")
		assert.Equal(t, 3, Eval[int](tab, "Promise.resolve(3)"))
		assert.Equal(t, []any{"文", nil, 1.5}, Eval[[]any](tab, `["文", null, 1.5]`))
		assert.Nil(t, Eval[any](tab, `undefined`))
		assert.Equal(t, "visible", Eval[string](tab, `document.visibilityState`))
		assert.Equal(t, "t", Eval[string](other, `document.title`))

		tab.Press("#field", "a", "B", " ", "ArrowDown", "Home", "Enter")
		assert.Equal(t, "hi a! B!  ! ArrowDown! Home! Enter!",
			Eval[string](tab, `document.querySelector("h1").textContent`))
		assert.Equal(t, "aB ", Eval[string](tab, `document.getElementById("field").value`))

		tab.WaitFor(fmt.Sprintf(`new Promise((done) => setTimeout(done, %d, true))`, 50))
		errs := tab.ConsoleErrors()
		assert.Contains(t, fmt.Sprint(errs), "one 2")
		assert.Contains(t, fmt.Sprint(errs), "late")
		tab.AllowNetworkErrors()
		assert.Len(t, tab.ConsoleErrors(), 2)
		tab.Allow("console.error", "late")
		assert.Empty(t, tab.ConsoleErrors())

		tab.Open(url) // again, with a console of its own
		assert.Equal(t, "hi", Eval[string](tab, `document.querySelector("h1").textContent`))
	})
}

func TestChromiumEmulates(t *testing.T) {
	tab := NewBrowser(t).Tab(t)
	tab.Language("zh-CN")
	tab.ColorScheme("dark")
	tab.Viewport(390, 844)
	tab.Open(serveTestPage(t))
	assert.Equal(t, "zh-CN", Eval[string](tab, "navigator.language"))
	assert.True(t, Eval[bool](tab, `matchMedia("(prefers-color-scheme: dark)").matches`))
	assert.Equal(t, 390, Eval[int](tab, "screen.width"))
}

// TestProfilesAreFresh: a test does not find the storage of an earlier test in the same browser
// process.
func TestProfilesAreFresh(t *testing.T) {
	url := serveTestPage(t)
	for _, engine := range []Engine{Chromium, Firefox} {
		t.Run(string(engine), func(t *testing.T) {
			for range 2 {
				tab := NewBrowserOf(t, engine).Tab(t)
				tab.Open(url)
				assert.Equal(t, "null ", Eval[string](tab,
					`localStorage.getItem("seen") + " " + document.cookie`))
				Eval[any](tab,
					`(localStorage.setItem("seen", "1"), document.cookie = "seen=1", null)`)
			}
		})
	}
}

// failingTest is a test that has failed, and keeps its messages.
type failingTest struct {
	*testing.T
	said     string
	cleanups []func()
}

func (f *failingTest) Failed() bool                    { return true }
func (f *failingTest) Logf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }
func (f *failingTest) Cleanup(cleanup func())          { f.cleanups = append(f.cleanups, cleanup) }
func (f *failingTest) Errorf(format string, a ...any)  { f.said += fmt.Sprintf(format, a...) }

// TestAFailureKeepsEvidence: the message of a failed test names a folder with the page, its
// console, the steps and rows.
func TestAFailureKeepsEvidence(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(failureDir, dir)
	url := serveTestPage(t)
	for _, engine := range engines {
		browser := NewBrowserOf(t, engine)
		failing := &failingTest{T: t}
		tab := browser.Tab(failing)
		tab.Open(url)
		Eval[any](tab, `(console.error("what happened"), null)`)
		for _, cleanup := range failing.cleanups {
			cleanup()
		}
		folders, err := filepath.Glob(filepath.Join(dir, "*"+string(browser.Engine)+"-*"))
		require.NoError(t, err)
		require.Len(t, folders, 1)
		assert.Contains(t, failing.said, folders[0])
		assert.NotContains(t, failing.said, "incomplete")
		files := map[string]string{
			"page.html": "<h1>hi</h1>", "rows.jsonl": `{"layer":"http"}`,
			"console.txt": "error console.error what happened", "trace.txt": "open " + url,
		}
		if browser.Engine != WebKit || os.Getenv(screenshotDir) != "" {
			files["screenshot.png"] = "\x89PNG"
		}
		for name, want := range files {
			contents, err := os.ReadFile(filepath.Join(folders[0], name))
			require.NoError(t, err)
			assert.Contains(t, string(contents), want, name)
		}
	}
}

// TestATabEndsBeforeItsServer: so no page reports the end of a test's server as an error.
func TestATabEndsBeforeItsServer(t *testing.T) {
	tab := NewBrowser(t).Tab(t)
	url := serveTestPage(t)
	t.Cleanup(func() { // before the server's
		_, err := tab.page.eval(context.Background(), "0")
		assert.Error(t, err, "the tab is closed")
	})
	tab.Open(url)
}
