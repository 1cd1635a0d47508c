package race

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/compare"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var pages fs.FS = fstest.MapFS{"pages/compare/lane.html": {Data: []byte("<!doctype html>")}}

func config() Config {
	return Config{Lessons: lessons.All(), Web: pages, Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }}
}

var env = lesson.Env{Log: slog.New(slog.DiscardHandler), Client: fstest.MapFS{}}

func start(t *testing.T) (*lesson.Instance, string) {
	l := Lesson(config())
	instance, err := l.Demos[0].Start(env)
	require.NoError(t, err)
	server := httptest.NewServer(instance.Handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, instance.Close(ctx))
		server.Close()
	})
	return instance, server.URL
}

// message is whatever the server says.
type message struct {
	Lanes []struct {
		Name string
		Port int
	}
	State   *state
	Counts  []compare.Snapshot
	Viewers int
	Sent    int
	Pong    float64
	Now     float64
	Error   string
}

type page struct {
	*testing.T
	*websocket.Conn
}

func watch(t *testing.T, url string) page {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/race", nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return page{t, conn}
}

func (p page) until(ok func(message) bool) message {
	p.Helper()
	require.NoError(p, p.SetReadDeadline(time.Now().Add(10*time.Second)))
	for {
		var m message
		require.NoError(p, p.ReadJSON(&m))
		if ok(m) {
			return m
		}
	}
}

func TestAllLanesCarryTheSame(t *testing.T) {
	instance, url := start(t)
	p := watch(t, url)
	first := p.until(func(m message) bool { return m.Lanes != nil })
	require.Len(t, first.Lanes, len(compare.Transports()))
	assert.Len(t, instance.Frames, len(first.Lanes))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for i, lane := range first.Lanes[:2] { // those that a GET reads
		assert.Equal(t, compare.Transports()[i], lane.Name)
		var got []struct{ Text string }
		for end := time.Now().Add(10 * time.Second); len(got) < 2 && time.Now().Before(end); {
			res, err := client.Get("http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(lane.Port)) + "/messages?after=0")
			require.NoError(t, err)
			require.NoError(t, json.NewDecoder(res.Body).Decode(&got))
			res.Body.Close()
		}
		require.GreaterOrEqual(t, len(got), 2, lane.Name)
		assert.True(t, strings.HasPrefix(got[0].Text, "1|"), got[0].Text)
		assert.True(t, strings.HasPrefix(got[1].Text, "2|"), got[1].Text)
		assert.Len(t, got[0].Text, size)
	}
	counted := p.until(func(m message) bool { return m.Counts != nil && m.Counts[0].Requests > 0 && m.Counts[1].Requests > 0 })
	assert.Positive(t, counted.Counts[0].In)
	assert.Zero(t, counted.Counts[4].In, "the sender beside the server is not counted")
	assert.Equal(t, 1, counted.Viewers)
	assert.Equal(t, 1, instance.Clients())
}

func TestLanePageMayReachItsServerOnly(t *testing.T) {
	_, url := start(t)
	first := watch(t, url).until(func(m message) bool { return m.Lanes != nil })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Get("http://127.0.0.1:" + strconv.Itoa(first.Lanes[6].Port) + "/lab/lane/lane.html")
	require.NoError(t, err)
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	assert.Equal(t, "<!doctype html>", string(body))
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'self'")
}

func TestWishesChangeTheStateOfAll(t *testing.T) {
	_, url := start(t)
	a, b := watch(t, url), watch(t, url)
	for _, c := range []struct {
		wish string
		want func(state) bool
	}{
		{`{"rate":50}`, func(s state) bool { return s.Rate == 50 }},
		{`{"interval":200}`, func(s state) bool { return s.Interval == 200 }},
		{`{"net":"3g"}`, func(s state) bool { return s.Net == "3g" }},
		{`{"net":"rtt=20ms,loss=1%"}`, func(s state) bool { return s.Net == "rtt=20ms,loss=1%" }},
		{`{"cut":true}`, func(s state) bool { return s.Cut }},
		{`{"reset":true,"paused":true}`, func(s state) bool { return s.Paused }},
	} {
		require.NoError(t, a.WriteMessage(websocket.TextMessage, []byte(c.wish)))
		b.until(func(m message) bool { return m.State != nil && c.want(*m.State) })
	}
	b.until(func(m message) bool { return m.State != nil && !m.State.Cut }) // it mends
	require.NoError(t, a.WriteMessage(websocket.TextMessage, []byte(`{"ping":12.5}`)))
	pong := a.until(func(m message) bool { return m.Pong == 12.5 })
	assert.InDelta(t, float64(time.Now().UnixMilli()), pong.Now, 60_000)
}

func TestBadWishesGetOneLine(t *testing.T) {
	_, url := start(t)
	p := watch(t, url)
	for wish, want := range map[string]string{
		`{"rate":0}`:         "want 0.1 to 100",
		`{"rate":1e9}`:       "want 0.1 to 100",
		`{"interval":1}`:     "want 50 to 10000",
		`{"net":"pigeon"}`:   "want one of none",
		`{"net":"loss=90%"}`: "want 0% to 50%",
	} {
		require.NoError(t, p.WriteMessage(websocket.TextMessage, []byte(wish)))
		got := p.until(func(m message) bool { return m.Error != "" })
		assert.Contains(t, got.Error, want)
		assert.NotContains(t, got.Error, "\n")
	}
	for _, nonsense := range []string{"x", `{"rate":"fast"}`, `{"net":"` + strings.Repeat("x", 2000) + `"}`} {
		other := watch(t, url)
		require.NoError(t, other.WriteMessage(websocket.TextMessage, []byte(nonsense)))
		require.NoError(t, other.SetReadDeadline(time.Now().Add(10*time.Second)))
		for {
			if _, _, err := other.ReadMessage(); err != nil {
				break
			}
		}
	}
	p.until(func(m message) bool { return m.Counts != nil && m.Viewers == 1 })
}

func TestNobodyWatchingNothingIsSaid(t *testing.T) {
	instance, url := start(t)
	p := watch(t, url)
	p.until(func(m message) bool { return m.Sent > 1 })
	require.NoError(t, p.Close())
	gone := func() bool { return instance.Clients() == 0 }
	require.Eventually(t, gone, 10*time.Second, time.Millisecond)
	look := func() int {
		p := watch(t, url)
		defer p.Close()
		return p.until(func(m message) bool { return m.Lanes != nil }).Sent
	}
	before := look()
	require.Eventually(t, gone, 10*time.Second, time.Millisecond)
	time.Sleep(1200 * time.Millisecond) // six would have been said
	assert.Less(t, look(), before+4, "but for what was said while somebody looked")
}

func TestALaneThatCannotOpenLeavesNothing(t *testing.T) {
	c := config()
	opened := 0
	c.Listen = func() (net.Listener, error) {
		if opened++; opened > 3 {
			return nil, io.ErrClosedPipe
		}
		return net.Listen("tcp", "127.0.0.1:0")
	}
	_, err := Lesson(c).Demos[0].Start(env)
	assert.ErrorIs(t, err, io.ErrClosedPipe)
	c = config()
	c.Lessons = nil
	_, err = Lesson(c).Demos[0].Start(env)
	assert.ErrorContains(t, err, "no demo")
}
