package host_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
)

// user is a browser with its own cookies and connections.
type user struct {
	*testing.T
	*http.Client
	url string
}

// visit opens a demo's page in a new browser.
func visit(t *testing.T, url string) user {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{MaxConnsPerHost: 1}
	t.Cleanup(transport.CloseIdleConnections)
	u := user{t, &http.Client{Jar: jar, Transport: transport, Timeout: 10 * time.Second}, url}
	u.get("/")
	u.get("/lab/info.json")
	return u
}

func (u user) get(path string) (int, string) {
	u.Helper()
	res, err := u.Client.Get(u.url + path)
	require.NoError(u, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(u, err)
	return res.StatusCode, string(body)
}

// take gives the server a key, as the page does.
func (u user) take(text string) int {
	res, err := u.Post(u.url+"/lab/key", "text/plain", strings.NewReader(text))
	require.NoError(u, err)
	res.Body.Close()
	return res.StatusCode
}

func keyText(k host.Key) string { return strings.TrimPrefix(k.Bearer(), "Bearer ") }

// watch opens the panel's socket.
func (u user) watch(query string) panel {
	u.Helper()
	dialer := websocket.Dialer{Jar: u.Jar}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(u.url, "http")+"/lab/xray"+query,
		http.Header{"Origin": {u.url}})
	require.NoError(u, err)
	u.Cleanup(func() { conn.Close() })
	return panel{u.T, conn}
}

// rows reads the panel's rows until one has last in its summary, and returns their ids by summary.
func (p panel) rows(last string) map[string]uint64 {
	p.Helper()
	seen := map[string]uint64{}
	p.until(func(m map[string]json.RawMessage) bool {
		var rows []brief
		json.Unmarshal(m["rows"], &rows)
		for _, row := range rows {
			seen[row.Summary.EN] = row.ID
		}
		return seen[last] != 0
	})
	return seen
}

// refused waits for the close code with which the server ends the socket.
func (p panel) refused() int {
	p.Helper()
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _, err := p.ReadMessage()
	var closed *websocket.CloseError
	require.ErrorAs(p, err, &closed)
	return closed.Code
}

// A page sees only the connections of its own browser: rows, a row's bytes by its id, counters,
// connections, both exports.
func TestAPageSeesItsOwnBrowser(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	ann, bob := visit(t, url), visit(t, url)
	page := ann.watch("")
	ann.get("/ann/1")
	bob.get("/bob/1")
	get(t, url+"/nobody") // like curl
	ann.get("/ann/2")

	all := open(t, url).rows("GET /ann/2")
	for _, path := range []string{"/ann/1", "/bob/1", "/nobody"} {
		assert.Contains(t, all, "GET "+path, "the person who started the lab sees everyone")
	}
	own := page.rows("GET /ann/2")
	assert.Contains(t, own, "GET /ann/1")
	assert.Contains(t, own, "GET /",
		"the first request had no cookie, and its connection got one since")
	for summary := range own {
		assert.NotContains(t, summary, "bob")
		assert.NotContains(t, summary, "nobody")
	}

	for _, path := range []string{"/bob/1", "/nobody"} {
		require.NoError(t, page.WriteJSON(map[string]uint64{"row": all["GET "+path]}))
		page.until(func(m map[string]json.RawMessage) bool {
			assert.Nil(t, m["row"], "guessed ids tell nothing")
			return string(m["gone"]) == fmt.Sprint(all["GET "+path])
		})
	}
	require.NoError(t, page.WriteJSON(map[string]uint64{"row": all["GET /ann/1"]}))
	page.until(func(m map[string]json.RawMessage) bool { return m["row"] != nil })
	page.until(func(m map[string]json.RawMessage) bool {
		var c map[string]int64
		var conns []map[string]any
		if m["counters"] == nil || json.Unmarshal(m["counters"], &c) != nil ||
			json.Unmarshal(m["conns"], &conns) != nil || c["requests"] < 3 {
			return false
		}
		assert.EqualValues(t, 3, c["requests"])
		assert.EqualValues(t, 1, c["connections"])
		assert.Len(t, conns, 1)
		return true
	})

	for _, export := range []string{"/lab/xray.jsonl", "/lab/xray.har", "/lab/xray.pcapng"} {
		_, file := ann.get(export)
		assert.Contains(t, file, "/ann/1", export)
		assert.NotContains(t, file, "/bob/1", export)
		assert.NotContains(t, file, "/nobody", export)
		status, text := ann.get(export + "?everyone")
		assert.Equal(t, http.StatusForbidden, status)
		assert.Contains(t, text, "with the key")
		status, _ = get(t, url+export)
		assert.Equal(t, http.StatusForbidden, status,
			"a client without the cookie has nothing of its own")
	}
	assert.Equal(t, websocket.ClosePolicyViolation, ann.watch("?everyone").refused())
}

func TestTheKeyOpensEveryone(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	ann, bob := visit(t, url), visit(t, url)
	bob.get("/bob/1")
	for _, wrong := range []string{"", "x", keyText(host.NewKey()), strings.Repeat("x", 1000),
		keyText(key)[:21]} {
		assert.Equal(t, http.StatusForbidden, ann.take(wrong))
	}
	assert.Equal(t, http.StatusNoContent, ann.take(keyText(key)))
	ann.watch("?everyone").rows("GET /bob/1")
	_, file := ann.get("/lab/xray.jsonl?everyone")
	assert.Contains(t, file, "/bob/1")
	_, file = ann.get("/lab/xray.jsonl")
	assert.NotContains(t, file, "/bob/1", "a choice, not the default")
	_, file = ann.get("/lab/xray.pcapng?everyone")
	assert.NotContains(t, file, "lab-key", "the key's cookie is not sent to the demo")
	for _, cookie := range ann.Jar.Cookies(parsed(t, url+"/lab/")) {
		assert.NotContains(t, cookie.Value, keyText(key))
	}
	assert.NotContains(t, file, keyText(key))
}

// A connection that carries the requests of two browsers, as behind a proxy that
// shares connections, is shown to neither of them.
func TestASharedConnectionIsNobodys(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	ann, bob := visit(t, url), visit(t, url)
	ann.get("/ann/1")
	bob.Transport = ann.Transport
	bob.get("/bob/1")
	for _, u := range []user{ann, bob} {
		_, file := u.get("/lab/xray.jsonl")
		assert.NotContains(t, file, "/ann/1")
		assert.NotContains(t, file, "/bob/1")
	}
}

// Without a key in its Config, a demo has no key that could be guessed.
func TestNobodyHoldsTheZeroKey(t *testing.T) {
	var none host.Key
	r, err := http.NewRequest("GET", "http://127.0.0.1:3000/lab/xray", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", none.Bearer())
	assert.False(t, none.Held(r))
	assert.Equal(t, "http://x", none.URL("http://x"))
}

func parsed(t *testing.T, text string) *url.URL {
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}
