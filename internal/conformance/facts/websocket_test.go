package facts

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
)

// site serves an empty page, and whatever else the handlers serve.
func site(t *testing.T, handlers map[string]http.HandlerFunc) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>facts</title>`)
	})
	for pattern, handler := range handlers {
		mux.HandleFunc(pattern, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// closed holds the fields of a page's close event.
type closed struct {
	Code  int  `json:"code"`
	Clean bool `json:"clean"`
}

// TestCloseCodes compares the close codes of the WebSocket lesson with Chromium: the code that the
// server reads, and the page's close event.
func TestCloseCodes(t *testing.T) {
	heard := make(chan int, 1) // the code that the server read
	var upgrader websocket.Upgrader
	url := site(t, map[string]http.HandlerFunc{"/ws": func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		switch code := r.URL.Query().Get("server"); code {
		case "":
		case "cut":
			return
		case "masked": // a server must not mask: RFC 6455, section 5.1
			_, _ = ws.NetConn().Write([]byte{0x81, 0x81, 0, 0, 0, 0, 'x'})
		default:
			var n int
			_, _ = fmt.Sscan(code, &n)
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(n, ""),
				time.Now().Add(10*time.Second))
		}
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, _, err = ws.ReadMessage()
		var end *websocket.CloseError
		if errors.As(err, &end) {
			heard <- end.Code
			return
		}
		heard <- 0
	}})
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(url)
	for _, c := range []struct {
		name, query, act string
		server           int // 0: nothing to read
		page             closed
	}{
		{"close()", "", "ws.close()", 1005, closed{1005, true}},
		{"close(1000)", "", "ws.close(1000)", 1000, closed{1000, true}},
		{"close(4001)", "", "ws.close(4001)", 4001, closed{4001, true}},
		{"1001 from the server", "1001", "", 1001, closed{1001, true}},
		{"1008 from the server", "1008", "", 1008, closed{1008, true}},
		{"1011 from the server", "1011", "", 1011, closed{1011, true}},
		{"1012 from the server", "1012", "", 1012, closed{1012, true}},
		{"1013 from the server", "1013", "", 1013, closed{1013, true}},
		{"a frame that breaks the RFC", "masked", "", 1002, closed{1006, false}},
		{"no close frame", "cut", "", 0, closed{1006, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := labtest.Eval[closed](tab, `new Promise((done) => {
				const ws = new WebSocket("ws://" + location.host + "/ws?server=`+c.query+`");
				ws.onopen = () => { `+c.act+` };
				ws.onclose = (e) => done({ code: e.code, clean: e.wasClean });
			})`)
			assert.Equal(t, c.page, got, "the page")
			if c.query != "cut" {
				assert.Equal(t, c.server, <-heard, "the server")
			}
		})
	}
	t.Run("a page may close with 1000 and 3000 to 4999 only", func(t *testing.T) {
		got := labtest.Eval[map[string]string](tab, `(() => {
			const said = {};
			for (const code of [999, 1000, 1001, 1011, 2999, 3000, 4000, 4999, 5000]) {
				const ws = new WebSocket("ws://" + location.host + "/ws?server=cut");
				try { ws.close(code); said[code] = ""; } catch (e) { said[code] = e.name; }
			}
			return said;
		})()`)
		for code, want := range map[string]bool{"999": false, "1000": true, "1001": false,
			"1011": false, "2999": false, "3000": true, "4000": true, "4999": true, "5000": false} {
			assert.Equal(t, want, got[code] == "", code)
		}
	})
}

// TestAPageThatIsGoneCloses: the browser sends 1001 for it.
func TestAPageThatIsGoneCloses(t *testing.T) {
	heard := make(chan error, 1)
	var upgrader websocket.Upgrader
	url := site(t, map[string]http.HandlerFunc{"/ws": func(w http.ResponseWriter, r *http.Request) {
		if ws, err := upgrader.Upgrade(w, r, nil); err == nil {
			defer ws.Close()
			_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
			_, _, err = ws.ReadMessage()
			heard <- err
		}
	}})
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(url)
	labtest.Eval[bool](tab, `new Promise((done) => {
		const frame = document.body.appendChild(document.createElement("iframe"));
		frame.onload = () => new frame.contentWindow.WebSocket("ws://" + location.host + "/ws").onopen = () => { frame.remove(); done(true); };
		frame.src = "/?page";
	})`)
	err := <-heard
	assert.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
}

// TestScriptsCannotSetTheHandshakesHeaders: so no page can forge a handshake.
func TestScriptsCannotSetTheHandshakesHeaders(t *testing.T) {
	got := make(chan http.Header, 1)
	url := site(t, map[string]http.HandlerFunc{"/headers": func(_ http.ResponseWriter,
		r *http.Request) {
		got <- r.Header
	}})
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(url)
	tab.Allow("unsafe header")
	labtest.Eval[bool](tab,
		`fetch("/headers", { headers: { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", Upgrade: "websocket", "X-Lab": "yes" } }).then(() => true)`)
	header := <-got
	assert.Equal(t, "yes", header.Get("X-Lab"))
	assert.Empty(t, header.Get("Sec-WebSocket-Key"))
	assert.Empty(t, header.Get("Upgrade"))
}

// TestChromiumSendsNoPings: an idle WebSocket carries no byte from the browser, and a network that
// drops everything does not close it.
func TestChromiumSendsNoPings(t *testing.T) {
	got := make(chan string, 1)
	var upgrader websocket.Upgrader
	url := site(t, map[string]http.HandlerFunc{"/ws": func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		_ = ws.NetConn().SetReadDeadline(time.Now().Add(3 * time.Second))
		n, err := ws.NetConn().Read(make([]byte, 1))
		var timeout net.Error
		got <- fmt.Sprintf("%d bytes, timeout %t", n, errors.As(err, &timeout) && timeout.Timeout())
	}})
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(url)
	labtest.Eval[bool](tab,
		`new Promise((done) => { window.ws = new WebSocket("ws://" + location.host + "/ws"); ws.onopen = () => done(true); })`)
	require.Equal(t, "0 bytes, timeout true", <-got)
}

// TestCookiesOfAForeignPage: the cookies in a handshake that a page of another origin starts.
// SameSite depends on the site, which does not include the port.
func TestCookiesOfAForeignPage(t *testing.T) {
	got := make(chan string, 1)
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	victim := site(t, map[string]http.HandlerFunc{
		"/login": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Set-Cookie", "strict=1; SameSite=Strict")
			w.Header().Add("Set-Cookie", "lax=1; SameSite=Lax")
			w.Header().Add("Set-Cookie", "none=1; SameSite=None; Secure")
		},
		"/ws": func(w http.ResponseWriter, r *http.Request) {
			got <- r.Header.Get("Cookie")
			if ws, err := upgrader.Upgrade(w, r, nil); err == nil {
				_ = ws.Close()
			}
		},
	})
	victim = strings.Replace(victim, "127.0.0.1", "localhost", 1)
	foreign := site(t, nil)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(victim)
	labtest.Eval[bool](tab, `fetch("/login").then(() => true)`)
	handshake := func() string {
		labtest.Eval[bool](tab, `new Promise((done) => { new WebSocket("`+
			strings.Replace(victim, "http", "ws", 1)+`/ws").onclose = () => done(true); })`)
		return <-got
	}
	// another port: another origin, the same site
	tab.Open(strings.Replace(foreign, "127.0.0.1", "localhost", 1))
	assert.Equal(t, "strict=1; lax=1; none=1", handshake())
	tab.Open(foreign) // another host: another site
	// whether none=1 is sent depends on the browser's rule for third-party cookies
	cookies := handshake()
	assert.NotContains(t, cookies, "strict")
	assert.NotContains(t, cookies, "lax")
}
