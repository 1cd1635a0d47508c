package race

import (
	"context"
	"encoding/json"
	"fmt"
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
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/compare"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var pages fs.FS = fstest.MapFS{"pages/compare/lane.html": {Data: []byte("<!doctype html>")}}

var key = host.NewKey()

func config() Config {
	return Config{Key: key, Lessons: lessons.All(), Web: pages, Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }}
}

var env = lesson.Env{Log: slog.New(slog.DiscardHandler)}

func start(t *testing.T) (*lesson.Instance, string) {
	l := Lesson(config())
	instance, err := l.Demos[0].Start(env)
	require.NoError(t, err)
	server := httptest.NewServer(instance.Handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, instance.Close(ctx))
		server.Close()
	})
	return instance, server.URL
}

// said is whatever the server says.
type said struct {
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
}

type page struct {
	*testing.T
	*websocket.Conn
}

func watch(t *testing.T, url string) page {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return page{t, conn}
}

func (p page) until(ok func(said) bool) said {
	p.Helper()
	require.NoError(p, p.SetReadDeadline(time.Now().Add(time.Minute)))
	for {
		var m said
		require.NoError(p, p.ReadJSON(&m))
		if ok(m) {
			return m
		}
	}
}

// ask posts body with the Authorization header and returns the status and the answer.
func ask(t *testing.T, url, authorization, body string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	req, err := http.NewRequest("POST", url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", authorization)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// TestChangesRequireTheKey: every control that changes the race requires the key, and none works over the socket.
func TestChangesRequireTheKey(t *testing.T) {
	_, url := start(t)
	p := watch(t, url)
	before := p.until(func(m said) bool { return m.State != nil }).State
	for _, body := range []string{`{"rate":50}`, `{"interval":200}`, `{"net":"3g"}`, `{"cut":true}`, `{"reset":true}`, `{"paused":true}`} {
		for _, authorization := range []string{"", "Bearer ", host.NewKey().Bearer()} {
			status, text := ask(t, url, authorization, body)
			assert.Equal(t, http.StatusForbidden, status, body)
			assert.Contains(t, text, "Open the page with the key")
		}
		require.NoError(t, p.WriteMessage(websocket.TextMessage, []byte(body)))
	}
	require.NoError(t, p.WriteMessage(websocket.TextMessage, []byte(`{"ping":1}`)))
	p.until(func(m said) bool { // all that came before is read by then
		if m.State != nil {
			assert.Equal(t, before, m.State)
		}
		return m.Pong == 1
	})
	assert.Equal(t, before, watch(t, url).until(func(m said) bool { return m.State != nil }).State)
}

func TestAllLanesCarryTheSame(t *testing.T) {
	instance, url := start(t)
	p := watch(t, url)
	first := p.until(func(m said) bool { return m.Lanes != nil })
	require.Len(t, first.Lanes, len(lesson.LaneNames(lessons.All())))
	assert.Len(t, instance.Frames, len(first.Lanes))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for i, lane := range first.Lanes[:2] { // those that a GET reads
		assert.Equal(t, lesson.LaneNames(lessons.All())[i], lane.Name)
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
	counted := p.until(func(m said) bool { return m.Counts != nil && m.Counts[0].Requests > 0 && m.Counts[1].Requests > 0 })
	assert.Positive(t, counted.Counts[0].In)
	assert.Zero(t, counted.Counts[4].In, "the sender beside the server is not counted")
	assert.Equal(t, 1, counted.Viewers)
	assert.Equal(t, 1, instance.Clients())
}

func TestLanePageMayReachItsServerOnly(t *testing.T) {
	_, url := start(t)
	first := watch(t, url).until(func(m said) bool { return m.Lanes != nil })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Get("http://127.0.0.1:" + strconv.Itoa(first.Lanes[6].Port) + "/lab/lane/lane.html")
	require.NoError(t, err)
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	assert.Equal(t, "<!doctype html>", string(body))
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'self'")
}

func TestWishesChangeTheStateOfAll(t *testing.T) {
	need.Time(t)
	_, url := start(t)
	a, b := watch(t, url), watch(t, url)
	for _, c := range []struct {
		body string
		want func(state) bool
	}{
		{`{"rate":50}`, func(s state) bool { return s.Rate == 50 }},
		{`{"interval":200}`, func(s state) bool { return s.Interval == 200 }},
		{`{"net":"3g"}`, func(s state) bool { return s.Net == "3g" }},
		{`{"net":"rtt=20ms,loss=1%"}`, func(s state) bool { return s.Net == "rtt=20ms,loss=1%" }},
		{`{"cut":true}`, func(s state) bool { return s.Cut }},
		{`{"reset":true,"paused":true}`, func(s state) bool { return s.Paused }},
	} {
		status, text := ask(t, url, key.Bearer(), c.body)
		require.Equal(t, http.StatusNoContent, status, text)
		b.until(func(m said) bool { return m.State != nil && c.want(*m.State) })
	}
	b.until(func(m said) bool { return m.State != nil && !m.State.Cut }) // it mends
	require.NoError(t, a.WriteMessage(websocket.TextMessage, []byte(`{"ping":12.5}`)))
	pong := a.until(func(m said) bool { return m.Pong == 12.5 })
	assert.InDelta(t, float64(time.Now().UnixMilli()), pong.Now, 60_000)
}

func TestBadWishesGetOneLine(t *testing.T) {
	_, url := start(t)
	p := watch(t, url)
	for body, want := range map[string]string{
		`{"rate":0}`:         "want 0.1 to 100",
		`{"rate":1e9}`:       "want 0.1 to 100",
		`{"interval":1}`:     "want 50 to 10000",
		`{"net":"pigeon"}`:   "want one of none",
		`{"net":"loss=90%"}`: "want 0% to 50%",
		`x`:                  "invalid character",
		`{"rate":"fast"}`:    "cannot unmarshal",
	} {
		status, text := ask(t, url, key.Bearer(), body)
		assert.Equal(t, http.StatusBadRequest, status, body)
		assert.Contains(t, text, want)
		assert.Equal(t, 1, strings.Count(text, "\n"))
	}
	for _, nonsense := range []string{"x", `{"ping":"fast"}`, `{"ping":"` + strings.Repeat("x", 2000) + `"}`} {
		other := watch(t, url)
		require.NoError(t, other.WriteMessage(websocket.TextMessage, []byte(nonsense)))
		require.NoError(t, other.SetReadDeadline(time.Now().Add(time.Minute)))
		for {
			if _, _, err := other.ReadMessage(); err != nil {
				break
			}
		}
	}
	p.until(func(m said) bool { return m.Counts != nil && m.Viewers == 1 })
}

// TestNobodyWatchingNothingIsSaid: the feed speaks at its rate while somebody watches, and only then.
func TestNobodyWatchingNothingIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &race{viewers: map[*viewer]struct{}{}, changed: make(chan struct{}, 1), state: state{Rate: 5}}
		r.ctx, r.cancel = context.WithCancel(t.Context())
		r.running.Go(r.feed)
		saidIn := func(d time.Duration) int {
			count := func() int {
				synctest.Wait()
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.sent
			}
			before := count()
			time.Sleep(d)
			return count() - before
		}
		assert.Zero(t, saidIn(time.Minute), "before anybody watches")
		v := &viewer{race: r, news: make(chan struct{}, 1)}
		require.True(t, r.enter(v))
		assert.Equal(t, 50, saidIn(10*time.Second))
		r.leave(v)
		assert.Zero(t, saidIn(time.Minute), "after the last has gone")
		r.cancel()
		require.NoError(t, r.running.Wait(t.Context()))
	})
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
}

// TestOneViewerCannotFloodTheOthers: pings, and posted changes that alter nothing, reach no other viewer, and changes are sent at most ten
// times a second.
func TestOneViewerCannotFloodTheOthers(t *testing.T) {
	_, url := start(t)
	a, b := watch(t, url), watch(t, url)
	b.until(func(m said) bool { return m.State != nil })
	states := func(last float64) (n int) {
		b.until(func(m said) bool {
			if m.State != nil {
				n++
			}
			return m.State != nil && m.State.Rate == last
		})
		return n
	}
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	post := func(body string) {
		req, err := http.NewRequest("POST", url+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", key.Bearer())
		res, err := client.Do(req)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, http.StatusNoContent, res.StatusCode)
	}

	for range 200 {
		require.NoError(t, a.WriteMessage(websocket.TextMessage, []byte(`{"ping":1}`)))
		post(`{"rate":5}`)
	}
	post(`{"rate":6}`)
	assert.Equal(t, 1, states(6), "only the last change alters the state")

	began := time.Now()
	for i := range 500 {
		post(fmt.Sprintf(`{"rate":%d}`, 10+i%2))
		time.Sleep(time.Millisecond)
	}
	post(`{"rate":7}`)
	got := states(7)
	assert.LessOrEqual(t, got, int(time.Since(began)/statePace)+2)
}
