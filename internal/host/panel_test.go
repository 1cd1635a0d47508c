package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/internal/tap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// demo answers "pong" to everything.
var demo = lesson.Demo{
	Name:  "ping",
	Title: lang.Text{EN: "Ping", ZH: "乒"},
	Start: func(lesson.Env) (*lesson.Instance, error) {
		return &lesson.Instance{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, "pong")
			}),
			Clients: func() int { return 0 },
			Close:   func(context.Context) error { return nil },
		}, nil
	},
}

var web = fstest.MapFS{
	"shared/lab.js":         {Data: []byte("//")},
	"pages/ping/index.html": {Data: []byte("<!doctype html>")},
	"pages/xray/index.html": {Data: []byte("<!doctype html>")},
}

var key = host.NewKey()

func start(t *testing.T, noTap bool) (*host.Running, string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{Demo: demo, Listener: l, Web: web, NoTap: noTap, Key: key,
		Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return r, "http://" + l.Addr().String()
}

func stop(t *testing.T, r *host.Running) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, r.Close(ctx))
}

func get(t *testing.T, url string) (int, string) {
	return getAs(t, url, "")
}

// getAs is get with a header Authorization.
func getAs(t *testing.T, url, authorization string) (int, string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	req, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

// panel is a page's connection to the x-ray. It sees all connections by default.
type panel struct {
	*testing.T
	*websocket.Conn
}

func open(t *testing.T, url string) panel {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/lab/xray",
		http.Header{"Origin": {url}, "Authorization": {key.Bearer()}})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return panel{t, conn}
}

type brief struct {
	ID      uint64
	Layer   string
	Lab     bool
	Summary lang.Text
}

// until reads messages until one satisfies the condition.
func (p panel) until(ok func(m map[string]json.RawMessage) bool) {
	p.Helper()
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		var m map[string]json.RawMessage
		require.NoError(p, p.ReadJSON(&m))
		if ok(m) {
			return
		}
	}
}

func TestPanelShowsRowsAndTakesThemApart(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	p := open(t, url)
	get(t, url+"/hello")
	var row brief
	p.until(func(m map[string]json.RawMessage) bool {
		var rows []brief
		json.Unmarshal(m["rows"], &rows)
		for _, b := range rows {
			assert.NotEqual(t, "ws", b.Layer, "the panel's own connection is muted")
			if b.Layer == "http" && b.Summary.EN == "GET /hello" {
				row = b
			}
		}
		return row.ID > 0
	})
	require.NoError(t, p.WriteJSON(map[string]uint64{"row": row.ID}))
	p.until(func(m map[string]json.RawMessage) bool {
		if m["row"] == nil {
			return false
		}
		var whole struct {
			Data   []byte
			Fields []struct{ Name, Value string }
		}
		require.NoError(t, json.Unmarshal(m["row"], &whole))
		assert.Contains(t, string(whole.Data), "GET /hello HTTP/1.1\r\n")
		assert.Equal(t, "GET", whole.Fields[0].Value)
		return true
	})
	require.NoError(t, p.WriteJSON(map[string]uint64{"row": 1 << 40}))
	p.until(func(m map[string]json.RawMessage) bool { return string(m["gone"]) == "1099511627776" })
	p.until(func(m map[string]json.RawMessage) bool {
		var c map[string]int64
		json.Unmarshal(m["counters"], &c)
		return c["requests"] >= 1 && c["in"] > 0 && c["out"] > 0
	})
}

func TestPanelRefusesOtherOrigins(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/lab/xray",
		http.Header{"Origin": {"http://elsewhere.example"}})
	require.Error(t, err)
	assert.Equal(t, http.StatusForbidden, res.StatusCode)
}

func TestPanelEndsWithTheDemo(t *testing.T) {
	r, url := start(t, false)
	p := open(t, url)
	stop(t, r)
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		if _, _, err := p.ReadMessage(); err != nil {
			assert.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
			return
		}
	}
}

func TestPanelIgnoresNonsense(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	for _, message := range []string{"x", "[]", `{"row":-1}`, strings.Repeat(" ", 5000)} {
		p := open(t, url)
		p.WriteMessage(websocket.TextMessage, []byte(message)) // it may be cut off before its end
		p.SetReadDeadline(time.Now().Add(10 * time.Second))
		for {
			if _, _, err := p.ReadMessage(); err != nil {
				break // the page learns only that the connection has ended
			}
		}
	}
	status, body := get(t, url+"/still")
	assert.Equal(t, 200, status)
	assert.Equal(t, "pong", body)
}

func TestExports(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	get(t, url+"/hello")
	status, body := getAs(t, url+"/lab/xray.jsonl", key.Bearer())
	assert.Equal(t, 200, status)
	found := false
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var b brief
		require.NoError(t, json.Unmarshal(lines.Bytes(), &b))
		found = found || b.Summary.EN == "GET /hello"
	}
	assert.True(t, found)
	_, capture := getAs(t, url+"/lab/xray.pcapng", key.Bearer())
	assert.Equal(t, "\x0a\x0d\x0d\x0a", capture[:4])
	assert.Contains(t, capture, "GET /hello HTTP/1.1")
}

func TestNoTapHasNoXray(t *testing.T) {
	r, url := start(t, true)
	defer stop(t, r)
	assert.Nil(t, r.Xray())
	_, body := get(t, url+"/lab/info.json")
	assert.Contains(t, body, `"xray":false`)
	_, body = get(t, url+"/lab/xray.jsonl")
	assert.Equal(t, "pong", body, "the path is the demo's")
}

func TestNetworkStandsBeforeTheDemo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{Demo: demo, Listener: l, Web: web,
		Net: netsim.Link{RTT: 100 * time.Millisecond}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer stop(t, r)
	began := time.Now()
	_, body := get(t, "http://"+l.Addr().String()+"/hello")
	assert.Equal(t, "pong", body)
	assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond, "the handshake, the request")
	assert.GreaterOrEqual(t, r.Front().Counters().Packets, int64(5))
	assert.EqualValues(t, 1, r.Xray().Tap().Counters().Total, "the tap sees what the demo sees")
}

// TestPagesAreLimited: one page too many is refused with the reason, and the next gets in after one
// has left.
func TestPagesAreLimited(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	first := open(t, url)
	counted := func(m map[string]json.RawMessage) bool { return m["counters"] != nil }
	first.until(counted)
	for range 199 {
		open(t, url).until(counted)
	}
	crowded := open(t, url)
	crowded.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _, err := crowded.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseTryAgainLater), "%v", err)
	first.Close()
	require.Eventually(t, func() bool {
		next := open(t, url)
		defer next.Close()
		next.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, _, err := next.ReadMessage()
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
}

// ring returns the events that a demo's tap holds, in short form.
func ring(r *host.Running) (events []string) {
	reader := r.Xray().Tap().NewReader()
	defer reader.Close()
	var joined []tap.Event
	batch := make([]tap.Event, 100)
	for n := reader.Read(batch); n > 0; n = reader.Read(batch) {
		for _, e := range batch[:n] {
			// net/http may read the first byte of a request alone: pieces of one direction are
			// joined.
			if last := len(joined) - 1; last >= 0 && e.Kind == tap.Data &&
				joined[last].Kind == tap.Data && joined[last].Peer == e.Peer &&
				joined[last].Dir == e.Dir {
				joined[last].Bytes = slices.Concat(joined[last].Bytes, e.Bytes)
				continue
			}
			joined = append(joined, e)
		}
	}
	for _, e := range joined {
		events = append(events, fmt.Sprintf("#%d %v %v %d %q", e.Peer.ID, e.Kind, e.Dir, e.Offset,
			e.Bytes))
	}
	return events
}

// Downloads of the x-ray, the pages' files and the pages' sockets leave no trace,
// on connections of their own and on one that carries the demo's requests too.
func TestTheLabsOwnRequestsLeaveNoTrace(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1},
		Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	ask := func(path string) {
		res, err := client.Get(url + path)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		res.Body.Close()
	}
	ask("/first")
	ask("/second")
	before, counted := ring(r), r.Xray().Tap().Counters()
	require.Len(t, before, 5, "opened, twice a request and a response: %q", before)
	open(t, url)
	for range 10 {
		for _, path := range []string{"/lab/xray.pcapng", "/lab/xray.jsonl", "/lab/xray.har",
			"/lab/info.json", "/lab/shared/lab.js", "/lab/none"} {
			ask(path)
			getAs(t, url+path, key.Bearer())
		}
	}
	assert.Equal(t, before, ring(r))
	assert.Equal(t, counted, r.Xray().Tap().Counters())
	ask("/third")
	after := ring(r)
	require.Len(t, after, len(before)+2)
	assert.Equal(t, before, after[:len(before)])
	assert.Contains(t, after[len(before)], fmt.Sprintf("#1 data in %d \"GET /third", counted.In),
		"offsets close up")
}
