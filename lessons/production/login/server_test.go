package login

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
)

// visitor is a client with cookies, as a browser has them.
type visitor struct {
	t      *testing.T
	server *Server
	url    string
	jar    http.CookieJar
	http   http.Client
}

// visit serves a server until the test ends, to one visitor.
func visit(t *testing.T, c Config) *visitor {
	s := NewServer(c, lesson.Env{Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		assert.NoError(t, s.Close(ctx))
		server.Close()
	})
	return another(t, s, server.URL)
}

// another returns a visitor with cookies of its own.
func another(t *testing.T, s *Server, url string) *visitor {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	v := &visitor{t: t, server: s, url: url, jar: jar,
		http: http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(v.http.CloseIdleConnections)
	return v
}

// post sends a POST and returns the status and the JSON of the answer.
func (v *visitor) post(path, body string) (status int, got map[string]any) {
	res, err := v.http.Post(v.url+path, "application/json", strings.NewReader(body))
	require.NoError(v.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	if len(data) > 0 {
		require.NoError(v.t, json.Unmarshal(data, &got), "%s", data)
	}
	return res.StatusCode, got
}

// logIn logs in and returns the private note.
func (v *visitor) logIn(name string) (note string) {
	status, got := v.post("/login", `{"name":"`+name+`"}`)
	require.Equal(v.t, http.StatusCreated, status)
	return got["note"].(string)
}

func (v *visitor) token() string {
	status, got := v.post("/token", "")
	require.Equal(v.t, http.StatusCreated, status)
	return got["token"].(string)
}

// dial opens a WebSocket; the status is that of the handshake.
func (v *visitor) dial(query string, header http.Header) (ws *websocket.Conn, status int) {
	d := websocket.Dialer{Jar: v.jar}
	ws, res, err := d.Dial(strings.Replace(v.url, "http", "ws", 1)+"/account/ws?"+query, header)
	require.NotNil(v.t, res, "%v", err)
	if ws != nil {
		v.t.Cleanup(func() { ws.Close() })
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	}
	return ws, res.StatusCode
}

// next reads the next event; of the end of the connection it returns the code and the reason.
func next(t *testing.T, ws *websocket.Conn) (n news) {
	err := ws.ReadJSON(&n)
	if c, ok := err.(*websocket.CloseError); ok {
		return news{Event: "close", Code: c.Code, Reason: c.Text}
	}
	require.NoError(t, err)
	return n
}

func say(t *testing.T, ws *websocket.Conn, message any) {
	require.NoError(t, ws.WriteJSON(message))
}

func TestWays(t *testing.T) {
	v := visit(t, Config{})
	for _, query := range []string{"way=cookie", "way=ticket&ticket=unknown", "way=nothing", ""} {
		_, status := v.dial(query, nil)
		assert.Equal(t, http.StatusUnauthorized, status, query)
	}
	status, _ := v.post("/token", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _ = v.post("/ticket", "")
	assert.Equal(t, http.StatusUnauthorized, status)

	note := v.logIn("ann")
	assert.Equal(t, note, v.logIn("ann"), "the same name continues the session")

	t.Run("ticket", func(t *testing.T) {
		status, got := v.post("/ticket", "")
		require.Equal(t, http.StatusCreated, status)
		query := "way=ticket&ticket=" + got["ticket"].(string)
		stranger := another(t, v.server, v.url) // a ticket needs no cookie
		ws, status := stranger.dial(query, nil)
		require.Equal(t, http.StatusSwitchingProtocols, status)
		assert.Equal(t, note, next(t, ws).Note)
		_, status = v.dial(query, nil)
		assert.Equal(t, http.StatusUnauthorized, status, "used")
	})
	t.Run("hello", func(t *testing.T) {
		ws, _ := another(t, v.server, v.url).dial("way=hello", nil)
		say(t, ws, map[string]string{"token": v.token()})
		w := next(t, ws)
		assert.Equal(t, "ann", w.Name)
		assert.Equal(t, note, w.Note)
		assert.WithinDuration(t, time.Now().Add(20*time.Second), time.UnixMilli(w.Expires),
			15*time.Second)
		say(t, ws, map[string]string{"say": "hi"})
		assert.Equal(t, news{Event: "said", Text: "hi"}, next(t, ws))
		say(t, ws, map[string]any{"ping": 7})
		assert.Equal(t, news{Event: "pong", Ping: 7.0}, next(t, ws))
	})
	t.Run("cookie", func(t *testing.T) {
		v.switches(func(c *checks) { c.Token = false })
		ws, _ := v.dial("way=cookie", nil)
		assert.Equal(t, note, next(t, ws).Note)
	})
	t.Run("cookie with a token", func(t *testing.T) {
		v.switches(func(c *checks) { c.Token = true })
		ws, _ := v.dial("way=cookie", nil)
		say(t, ws, map[string]string{"token": v.token()})
		assert.Equal(t, note, next(t, ws).Note)

		other := another(t, v.server, v.url)
		other.logIn("ming")
		ws, _ = v.dial("way=cookie", nil)
		say(t, ws, map[string]string{"token": other.token()})
		assert.Equal(t, news{Event: "close", Code: 4401,
			Reason: "the token belongs to another session than the cookie"}, next(t, ws))
	})
}

// switches changes the checks.
func (v *visitor) switches(change func(*checks)) {
	v.server.mu.Lock()
	defer v.server.mu.Unlock()
	change(&v.server.checks)
}

func TestFirstMessageHasADeadline(t *testing.T) {
	v := visit(t, Config{HelloTime: 50 * time.Millisecond})
	ws, _ := v.dial("way=hello", nil)
	assert.Equal(t, news{Event: "close", Code: 4408,
		Reason: "the first message did not come in time"}, next(t, ws),
		"and nothing was sent before")
}

func TestFirstMessages(t *testing.T) {
	v := visit(t, Config{})
	for message, want := range map[string]news{
		`{"token":"forged"}`: {Event: "close", Code: 4401,
			Reason: "the token is not signed by this server"},
		`{"say":"hi"}`: {Event: "close", Code: 4401,
			Reason: "the token is not signed by this server"},
		`hello`: {Event: "close", Code: 1007, Reason: "a message is a JSON object"},
	} {
		ws, _ := v.dial("way=hello", nil)
		require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte(message)))
		assert.Equal(t, want, next(t, ws), message)
	}
}

func TestRenewOverWebSocket(t *testing.T) {
	v := visit(t, Config{})
	v.logIn("ann")
	ws, _ := v.dial("way=hello", nil)
	say(t, ws, map[string]string{"token": v.token()})
	assert.Equal(t, "welcome", next(t, ws).Event)
	say(t, ws, map[string]string{"token": v.token()})
	assert.Equal(t, "renewed", next(t, ws).Event)
	say(t, ws, map[string]string{"token": "forged"})
	assert.Equal(t, news{Event: "refused", Code: 401,
		Reason: "the token is not signed by this server"}, next(t, ws))
}

func TestATokenExpiresOnAWebSocket(t *testing.T) {
	v := visit(t, Config{TokenLife: 2 * time.Second})
	v.logIn("ann")
	ws, _ := v.dial("way=hello", nil)
	say(t, ws, map[string]string{"token": v.token()})
	assert.Equal(t, "welcome", next(t, ws).Event)
	assert.Equal(t, "expires", next(t, ws).Event)
	assert.Equal(t, news{Event: "close", Code: 4401, Reason: "the token has expired"}, next(t, ws))
}

func TestLogout(t *testing.T) {
	v := visit(t, Config{})
	v.switches(func(c *checks) { c.Token = false })
	v.logIn("ann")
	ws, _ := v.dial("way=cookie", nil)
	assert.Equal(t, "welcome", next(t, ws).Event)
	stream := v.events("way=cookie")
	assert.Equal(t, "welcome", stream().Event)
	require.Eventually(t, func() bool {
		return v.server.Clients() == 2
	}, 10*time.Second, time.Millisecond)
	status, _ := v.post("/logout", "")
	assert.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, news{Event: "close", Code: 4401, Reason: "logged out"}, next(t, ws))
	assert.Equal(t, news{Event: "closed", Code: 4401, Reason: "logged out"}, stream())
	assert.Equal(t, news{}, stream(), "and the stream ends")
	require.Eventually(t, func() bool {
		return v.server.Clients() == 0
	}, 10*time.Second, time.Millisecond)
	_, status = v.dial("way=cookie", nil)
	assert.Equal(t, http.StatusUnauthorized, status)
}

// events opens a stream and returns a function that reads its next event; a zero event is the end.
func (v *visitor) events(query string) func() news {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+"/account/events?"+query, nil)
	require.NoError(v.t, err)
	res, err := v.http.Do(req)
	require.NoError(v.t, err)
	v.t.Cleanup(func() { cancel(); res.Body.Close() })
	require.Equal(v.t, http.StatusOK, res.StatusCode)
	assert.Equal(v.t, "text/event-stream; charset=utf-8", res.Header.Get("Content-Type"))
	lines := bufio.NewScanner(res.Body)
	return func() (n news) {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				require.NoError(v.t, json.Unmarshal([]byte(data), &n))
				return n
			}
		}
		return news{}
	}
}

func TestStreamsByTicket(t *testing.T) {
	v := visit(t, Config{})
	note := v.logIn("ann")
	_, got := v.post("/ticket", "")
	stream := another(t, v.server, v.url).events("way=ticket&ticket=" + got["ticket"].(string))
	assert.Equal(t, note, stream().Note)
	for query, want := range map[string]int{"way=ticket&ticket=" + got["ticket"].(string): 401,
		"way=hello": 400} {
		res, err := v.http.Get(v.url + "/account/events?" + query)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, want, res.StatusCode)
	}
}

func TestGuestsGetATicketWithoutACookie(t *testing.T) {
	v := visit(t, Config{})
	status, got := v.post("/ticket?guest=1", "")
	require.Equal(t, http.StatusCreated, status)
	ws, _ := v.dial("way=ticket&ticket="+got["ticket"].(string), nil)
	assert.Equal(t, "guest", next(t, ws).Name)
	status, _ = v.post("/token", "")
	assert.Equal(t, http.StatusUnauthorized, status)
}

func TestBadRequests(t *testing.T) {
	v := visit(t, Config{})
	for body, want := range map[string]string{`{`: "want", `{"name":" "}`: "1 to 40",
		`{"name":"` + strings.Repeat("x", 41) + `"}`:   "1 to 40",
		`{"name":"` + strings.Repeat("x", 2000) + `"}`: "want"} {
		status, got := v.post("/login", body)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, got["error"], want)
	}
	v.logIn("ann")
	for _, life := range []string{"0", "21", "x", "-1"} {
		status, got := v.post("/token?life="+life, "")
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, got["error"], "1 to 20")
	}
	status, got := v.post(checksPath, `{"origin":false}`)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, got["error"], "the key")
}

// TestFlood: a client that does not stop is closed, and others are answered.
func TestFlood(t *testing.T) {
	v := visit(t, Config{})
	v.logIn("ann")
	ws, _ := v.dial("way=hello", nil)
	say(t, ws, map[string]string{"token": v.token()})
	assert.Equal(t, "welcome", next(t, ws).Event)
	go func() {
		for i := 0; i < 5000; i++ {
			if ws.WriteJSON(map[string]string{"say": "x"}) != nil {
				return
			}
		}
	}()
	counts := map[string]int{}
	var last news
	for last = next(t, ws); last.Event != "close"; last = next(t, ws) {
		counts[last.Event]++
	}
	assert.Equal(t, 1008, last.Code, last.Reason)
	assert.GreaterOrEqual(t, counts["said"], eventBurst)
	assert.Less(t, counts["said"], 200)

	_, got := v.post("/ticket?guest=1", "")
	other, _ := v.dial("way=ticket&ticket="+got["ticket"].(string), nil)
	assert.Equal(t, "welcome", next(t, other).Event)
	say(t, other, map[string]string{"say": "hi"})
	assert.Equal(t, "said", next(t, other).Event)
}

func TestConnectionsOfAnAddress(t *testing.T) {
	v := visit(t, Config{})
	refused := 0
	for range connBurst * 2 {
		if _, status := v.dial("way=ticket&ticket=x", nil); status == http.StatusTooManyRequests {
			refused++
		} else {
			assert.Equal(t, http.StatusUnauthorized, status)
		}
	}
	assert.Positive(t, refused)
	d := websocket.Dialer{}
	_, res, _ := d.Dial(strings.Replace(v.url, "http", "ws", 1)+"/account/ws?way=hello", nil)
	if res.StatusCode == http.StatusTooManyRequests {
		assert.Equal(t, "1", res.Header.Get("Retry-After"))
	}
	v.switches(func(c *checks) { c.Limits = false })
	_, status := v.dial("way=ticket&ticket=x", nil)
	assert.Equal(t, http.StatusUnauthorized, status)
}

// TestChecks sends what the pages of an attacker make a browser send, with one check off at a time.
func TestChecks(t *testing.T) {
	v := visit(t, Config{})
	note := v.logIn("ann")
	port := v.url[strings.LastIndex(v.url, ":")+1:]
	get := func(path, host string, header http.Header) (int, string) {
		req, err := http.NewRequest(http.MethodGet, v.url+path, nil)
		require.NoError(t, err)
		if host != "" {
			req.Host = host
		}
		for name, values := range header {
			req.Header[name] = values
		}
		res, err := v.http.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(data)
	}
	foreign := http.Header{"Origin": {"http://evil.example"}}
	cross := http.Header{"Sec-Fetch-Site": {"cross-site"}}

	for _, tc := range []struct {
		name, path, host string
		header           http.Header
		off              func(*checks)
		on, open         int
	}{
		{"origin", "/account/data", "", foreign, func(c *checks) { c.Origin = false }, 403, 200},
		{"fetch metadata", "/account/data", "", cross, func(c *checks) {
			c.Origin = false
		}, 403, 200},
		{"other port", "/account/data", "", http.Header{"Origin": {"http://127.0.0.1:1"}},
			func(c *checks) {
				c.Origin = false
			}, 403, 200},
		{"opaque origin", "/account/data", "", http.Header{"Origin": {"null"}}, func(c *checks) {
			c.Origin = false
		}, 403, 200},
		{"host", "/account/status", "evil.example", nil, func(c *checks) {
			c.Host = false
		}, 421, 200},
		{"rebound", "/account/status", "evil.example:" + port,
			http.Header{"Origin": {"http://evil.example:" + port}}, func(c *checks) {
				c.Host = false
			}, 421, 200},
		{"script", "/account/data?callback=f", "", nil, func(c *checks) {
			c.Script = false
		}, 400, 200},
		{"jsonp polling", "/socket.io/?EIO=4&transport=polling&j=0", "", nil, func(c *checks) {
			c.Script = false
		}, 400, 200},
		{"socket.io", "/socket.io/?EIO=4&transport=polling", "", foreign, func(c *checks) {
			c.Origin = false
		}, 403, 200},
		{"socket.io host", "/socket.io/?EIO=4&transport=polling", "evil.example", nil,
			func(c *checks) {
				c.Host = false
			}, 421, 200},
	} {
		v.switches(func(c *checks) { *c = allOn })
		status, body := get(tc.path, tc.host, tc.header)
		assert.Equal(t, tc.on, status, "%s: %s", tc.name, body)
		assert.NotContains(t, body, note)
		v.switches(func(c *checks) { *c = checks{true, true, true, true, true, true}; tc.off(c) })
		status, body = get(tc.path, tc.host, tc.header)
		assert.Equal(t, tc.open, status, "%s: %s", tc.name, body)
	}
	for _, header := range []http.Header{nil, {"Origin": {v.url}},
		{"Sec-Fetch-Site": {"same-origin"}}, {"Sec-Fetch-Site": {"none"}}} {
		v.switches(func(c *checks) { *c = allOn })
		status, body := get("/account/data", "", header)
		assert.Equal(t, 200, status, "%v", header)
		assert.Contains(t, body, note)
	}
	v.switches(func(c *checks) { *c = checks{} })
	res, err := v.http.Get(v.url + "/socket.io/?EIO=4&transport=polling&j=0")
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, "text/javascript; charset=UTF-8", res.Header.Get("Content-Type"),
		"the only type that browsers run beside nosniff")
	_, body := get("/account/data?callback=stolen", "", cross)
	assert.Equal(t, fmt.Sprintf("stolen({\"name\":\"ann\",\"note\":%q});\n", note), body)
	for _, callback := range []string{"", "a.b", "alert(1)//", "1a", strings.Repeat("a", 50)} {
		status, _ := get("/account/data?callback="+callback, "", nil)
		assert.Equal(t, 400, status, callback)
	}
}

func TestCloseEndsEveryConnection(t *testing.T) {
	s := NewServer(Config{}, lesson.Env{Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(s)
	defer server.Close()
	v := another(t, s, server.URL)
	v.switches(func(c *checks) { c.Token = false })
	v.logIn("ann")
	ws, _ := v.dial("way=cookie", nil)
	assert.Equal(t, "welcome", next(t, ws).Event)
	silent, _ := v.dial("way=hello", nil)
	stream := v.events("way=cookie")
	assert.Equal(t, "welcome", stream().Event)
	ended := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		ended <- s.Close(ctx)
	}()
	assert.Equal(t, news{Event: "close", Code: 1001, Reason: "the server is closing"}, next(t, ws))
	assert.Equal(t, 1001, next(t, silent).Code)
	assert.Equal(t, 1001, stream().Code)
	require.NoError(t, <-ended)
	_, status := v.dial("way=hello", nil)
	assert.Equal(t, http.StatusServiceUnavailable, status)
}
