package engineio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask sends a request with headers, given as pairs.
func (l *lab) ask(method, query, body string, pairs ...string) (*http.Response, string) {
	r, err := http.NewRequest(method, l.http.URL+"/engine.io/?"+query, strings.NewReader(body))
	require.NoError(l, err)
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := l.client.Do(r)
	require.NoError(l, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(l, err)
	return res, string(text)
}

// shake tries a WebSocket handshake, and returns the answer whatever it is.
func (l *lab) shake(query string) (*http.Response, string) {
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(l.http.URL, "http")+
		"/engine.io/?"+query, nil)
	if err == nil {
		l.Cleanup(func() { conn.Close() })
		return res, ""
	}
	require.ErrorIs(l, err, websocket.ErrBadHandshake)
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

const overWebSocket = "EIO=4&transport=websocket"

func TestHookAllowRequest(t *testing.T) {
	l := newLab(t, Config{AllowRequest: func(r *http.Request) error {
		if r.Header.Get("Token") == "let me in" {
			return nil
		}
		return errors.New(r.URL.Query().Get("why"))
	}})
	res, body := l.ask("GET", overPolling+"&why=not+%3Cyou%3E+%22€%22", "")
	assert.Equal(t, 403, res.StatusCode)
	assert.Equal(t, "application/json", res.Header.Get("Content-Type"))
	assert.Equal(t, `{"code":4,"message":"not <you> \"€\""}`, body)
	_, body = l.ask("GET", overPolling, "")
	assert.Equal(t, `{"code":4,"message":"Forbidden"}`, body)
	_, body = l.ask("GET", "EIO=3&transport=polling", "")
	assert.Equal(t, `{"code":4,"message":"Forbidden"}`, body, "the hook comes before the version")

	res, body = l.shake(overWebSocket + "&why=not+you")
	assert.Equal(t, 400, res.StatusCode)
	assert.Equal(t, "not you", body)
	_, body = l.shake(overWebSocket)
	assert.Equal(t, "Forbidden", body)

	assert.Zero(t, l.server.Len())
	res, _ = l.ask("GET", overPolling, "", "Token", "let me in")
	assert.Equal(t, 200, res.StatusCode)
}

func TestHookAllowRequestIsAskedAtTheHandshakeOnly(t *testing.T) {
	asked := 0
	l := newLab(t, Config{AllowRequest: func(*http.Request) error { asked++; return nil }})
	sid := l.open()
	l.post(sid, "4a")
	l.get(sid)
	l.dial("EIO=4&transport=websocket&sid=" + sid)
	assert.Equal(t, 1, asked)
}

func TestHookInitialHeadersAndHeaders(t *testing.T) {
	l := newLab(t, Config{
		InitialHeaders: func(h http.Header, r *http.Request) {
			h.Set("First", r.URL.Query().Get("transport"))
		},
		Headers: func(h http.Header, r *http.Request) {
			h.Set("Each", r.Method+h.Get("First"))
			h.Del("Cache-Control")
		},
	})
	res, _ := l.ask("GET", overPolling, "")
	assert.Equal(t, "polling", res.Header.Get("First"))
	assert.Equal(t, "GETpolling", res.Header.Get("Each"))
	assert.Empty(t, res.Header.Get("Cache-Control"))

	sid := l.open()
	for _, method := range []string{"POST", "GET"} {
		res, _ = l.ask(method, overPolling+"&sid="+sid, "4a")
		assert.Empty(t, res.Header.Get("First"), method)
		assert.Equal(t, method, res.Header.Get("Each"))
	}
	res, _ = l.shake(overWebSocket + "&sid=" + sid)
	assert.Empty(t, res.Header.Get("First"))
	assert.Equal(t, "GET", res.Header.Get("Each"))
	res, _ = l.shake(overWebSocket)
	assert.Equal(t, 101, res.StatusCode)
	assert.Equal(t, "websocket", res.Header.Get("First"))
	assert.Equal(t, "GETwebsocket", res.Header.Get("Each"))

	res, _ = l.ask("GET", overPolling+"&sid=nobody", "")
	assert.Empty(t, res.Header.Get("Each"), "a refusal does not belong to a session")
}

func TestHookConnectionError(t *testing.T) {
	var got []ConnectionError
	l := newLab(t, Config{
		AllowRequest: func(r *http.Request) error {
			if r.URL.Query().Has("no") {
				return errors.New("not you")
			}
			return nil
		},
		OnConnectionError: func(e ConnectionError) { got = append(got, e) },
	})
	sid := l.open()
	for _, c := range []struct {
		method, query, message string
		code                   int
		context                map[string]any
	}{
		{"GET", "EIO=4&transport=tarot", "Transport unknown", 0,
			map[string]any{"transport": "tarot"}},
		{"GET", overPolling + "&sid=nobody", "Session ID unknown", 1,
			map[string]any{"sid": "nobody"}},
		{"POST", overPolling, "Bad handshake method", 2, map[string]any{"method": "POST"}},
		{"GET", overWebSocket, "Bad request", 3,
			map[string]any{"name": "TRANSPORT_HANDSHAKE_ERROR"}},
		{"GET", overWebSocket + "&sid=" + sid, "Bad request", 3,
			map[string]any{"name": "TRANSPORT_MISMATCH", "transport": "websocket",
				"previousTransport": "polling"}},
		{"GET", "transport=polling&sid=" + sid, "Bad request", 3,
			map[string]any{"name": "PROTOCOL_MISMATCH", "protocol": 3, "previousProtocol": 4}},
		{"GET", overPolling + "&no", "Forbidden", 4, map[string]any{"message": "not you"}},
		{"GET", "transport=polling", "Unsupported protocol version", 5,
			map[string]any{"protocol": 3}},
	} {
		got = nil
		l.ask(c.method, c.query, "")
		require.Len(t, got, 1, c.query)
		assert.Equal(t, c.code, got[0].Code, c.query)
		assert.Equal(t, c.message, got[0].Message)
		assert.Equal(t, c.context, got[0].Context)
		assert.Equal(t, c.query, got[0].Request.URL.RawQuery)
	}
	got = nil
	_, body := l.shake(overWebSocket + "&sid=nobody")
	assert.Equal(t, "Session ID unknown", body)
	require.Len(t, got, 1)
	assert.Equal(t, 1, got[0].Code)
}

func TestOptionTransports(t *testing.T) {
	l := newLab(t, Config{Transports: []string{Polling, WebTransport}})
	_, body := l.ask("GET", "EIO=4&transport=webtransport", "")
	assert.Equal(t, `{"code":0,"message":"Transport unknown"}`, body, "not over HTTP")
	_, body = l.ask("GET", overPolling, "")
	assert.Contains(t, body, `"upgrades":["webtransport"]`)
	_, body = l.shake(overWebSocket)
	assert.Equal(t, "Transport unknown", body)

	l = newLab(t, Config{Transports: []string{WebSocket}})
	_, body = l.ask("GET", overPolling, "")
	assert.Equal(t, `{"code":0,"message":"Transport unknown"}`, body)
	res, _ := l.shake(overWebSocket)
	assert.Equal(t, 101, res.StatusCode)
}

func TestOptionNoUpgrades(t *testing.T) {
	l := newLab(t, Config{NoUpgrades: true})
	_, body := l.ask("GET", overPolling, "")
	assert.Contains(t, body, `"upgrades":[]`)
	res, _ := l.shake(overWebSocket)
	assert.Equal(t, 101, res.StatusCode, "a session may still open over WebSocket")
}

func TestInternetExplorerFiltersNothing(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko": "0",
		"Mozilla/4.0 (compatible;MSIE 7.0)":                             "0",
		"Mozilla/5.0 (X11; Linux x86_64)":                               "",
	} {
		for _, c := range [][2]string{{"GET", overPolling}, {"POST", overPolling + "&sid=" + sid},
			{"GET", overPolling + "&sid=" + sid}} {
			res, _ := l.ask(c[0], c[1], "4a", "User-Agent", agent)
			assert.Equal(t, want, res.Header.Get("X-XSS-Protection"), "%s %s", c[0], agent)
		}
	}
}

func TestOtherMethodsOfASession(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	for _, method := range []string{"HEAD", "PUT", "DELETE", "OPTIONS"} {
		status, body := l.do(method, overPolling+"&sid="+sid, "")
		assert.Equal(t, 500, status, method)
		assert.Empty(t, body, method)
	}
	assert.Equal(t, 1, l.server.Len(), "it stays")
}

func TestTheLastOfEachQueryParameterCounts(t *testing.T) {
	l := newLab(t, Config{})
	status, _ := l.do("GET", "EIO=3&transport=tarot&sid=nobody&"+overPolling+"&sid=", "")
	assert.Equal(t, 200, status)
	for more, want := range map[string]int{"EIO=3": 5, "transport=tarot": 0, "sid=nobody": 1} {
		_, body := l.do("GET", overPolling+"&"+more, "")
		assert.Contains(t, body, fmt.Sprintf(`"code":%d`, want), more)
	}
}

func TestCookieForStickySessions(t *testing.T) {
	l := newLab(t, Config{Cookie: &http.Cookie{Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode}})
	res, body := l.ask("GET", overPolling, "")
	sid := body[len(`0{"sid":"`):][:22]
	assert.Equal(t, []string{"io=" + sid + "; Path=/; HttpOnly; SameSite=Lax"},
		res.Header.Values("Set-Cookie"))
	for _, method := range []string{"POST", "GET"} {
		res, _ = l.ask(method, overPolling+"&sid="+sid, "4a")
		assert.Empty(t, res.Header.Values("Set-Cookie"), method)
	}
	res, _ = l.shake(overWebSocket + "&sid=" + sid)
	assert.Empty(t, res.Header.Values("Set-Cookie"))

	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(l.http.URL, "http")+"/?"+
		overWebSocket, nil)
	require.NoError(t, err)
	defer conn.Close()
	sid = l.read(conn)[len(`0{"sid":"`):][:22]
	assert.Equal(t, []string{"io=" + sid + "; Path=/; HttpOnly; SameSite=Lax"},
		res.Header.Values("Set-Cookie"))

	l = newLab(t, Config{})
	res, _ = l.ask("GET", overPolling, "")
	assert.Empty(t, res.Header.Values("Set-Cookie"), "none by default")
}

func TestCookieAsItIsWritten(t *testing.T) {
	l := newLab(t, Config{Cookie: &http.Cookie{Name: "lab", MaxAge: 86400, Secure: true}})
	res, body := l.ask("GET", overPolling, "")
	sid := body[len(`0{"sid":"`):][:22]
	assert.Equal(t, "lab="+sid+"; Max-Age=86400; Secure", res.Header.Get("Set-Cookie"),
		"without a path")
}

func TestGenerateID(t *testing.T) {
	ids := []string{"one", "one", "", "two"}
	var refused []string
	l := newLab(t, Config{
		GenerateID: func(*http.Request) (id string, err error) {
			id, ids = ids[0], ids[1:]
			return id, nil
		},
		OnConnectionError: func(e ConnectionError) { refused = append(refused, e.Error()) },
	})
	_, body := l.do("GET", overPolling, "")
	assert.Contains(t, body, `{"sid":"one",`)
	for range 2 {
		status, body := l.do("GET", overPolling, "")
		assert.Equal(t, `400 {"code":3,"message":"Bad request"}`, fmt.Sprint(status, " ", body))
	}
	require.Len(t, refused, 2)
	assert.Equal(t,
		`engineio: request refused: Bad request (code 3) map[error:engineio: Config.GenerateID returned an id that is empty or in use name:ID_GENERATION_ERROR]`, refused[0])
	l.post("one", "1")
	l.endsWith(TransportClose)
	assert.Contains(t, l.read(l.dial(overWebSocket)), `{"sid":"two",`)
}

// Two handshakes may be given the same sid at once: the session that has opened first keeps it.
func TestGenerateIDTwiceAtOnce(t *testing.T) {
	var l *lab
	opened := 0
	l = newLab(t, Config{
		GenerateID: func(*http.Request) (string, error) { return "same", nil },
		OnSession: func(s *Session) {
			opened++
			if opened == 1 {
				l.do("GET", overPolling, "") // while the first is opening
			}
			s.OnClose(func(reason Reason, _ error) { l.closed <- string(reason) })
		},
	})
	status, _ := l.do("GET", overPolling, "")
	assert.Equal(t, 400, status)
	assert.Equal(t, 2, opened)
	l.endsWith(ServerClose)
	assert.Equal(t, 1, l.server.Len())
}

func TestInitialPacket(t *testing.T) {
	hello := TextMessage([]byte("hello"))
	l := newLab(t, Config{InitialPacket: hello})
	_, body := l.do("GET", overPolling, "")
	assert.Regexp(t, `^0\{.*\}\x1e4hello$`, body,
		"in the handshake's answer, as from the official server")
	conn := l.dial(overWebSocket)
	assert.Contains(t, l.read(conn), `0{"sid":`)
	assert.Equal(t, "4hello", l.read(conn))
}

func TestAClosedServerRefusesHandshakes(t *testing.T) {
	l := newLab(t, Config{})
	require.NoError(t, l.server.Close(t.Context()))
	res, body := l.ask("GET", overPolling, "")
	assert.Equal(t, `503 {"code":3,"message":"Server closed"}`,
		fmt.Sprint(res.StatusCode, " ", body))
	assert.Equal(t, "1", res.Header.Get("Retry-After"))
	res, body = l.shake(overWebSocket)
	assert.Equal(t, "503 Server closed", fmt.Sprint(res.StatusCode, " ", body))
}
