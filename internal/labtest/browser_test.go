package labtest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

const page = `<!doctype html><title>t</title><h1>hi</h1><script>
console.error("one", 2); setTimeout(() => { throw new Error("late") }); fetch("/gone").then(() => { document.title = "done" })
</script>`

func TestBrowser(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	defer server.Close()

	browser := NewBrowser(t)
	tab := browser.Tab(t)
	tab.Language("zh-CN")
	tab.ColorScheme("dark")
	tab.Viewport(390, 844)
	tab.Open(server.URL)
	tab.WaitFor(`document.title === "done"`)
	tab.WaitText("h1", "hi")
	require.Equal(t, "zh-CN", Eval[string](tab, "navigator.language"))
	require.True(t, Eval[bool](tab, `matchMedia("(prefers-color-scheme: dark)").matches`))
	require.Equal(t, 390, Eval[int](tab, "screen.width"))
	require.Equal(t, 3, Eval[int](tab, "Promise.resolve(3)"))
	tab.Screenshot("labtest")

	require.Len(t, tab.ConsoleErrors(), 3)
	tab.AllowNetworkErrors()
	require.Len(t, tab.ConsoleErrors(), 2)
	tab.Allow("console.error", "late")
	require.Empty(t, tab.ConsoleErrors())
}
