package comparison

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/compare/figure"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/socketio"
	wslesson "realtimelab/lessons/websocket"
	"realtimelab/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = host.NewKey()

// course has the lessons whose demos are compared, and this one.
func course() []lesson.Lesson {
	return append([]lesson.Lesson{longpoll.Lesson(), longconn.Lesson(), wslesson.Lesson(),
		Lesson()}, socketio.Lessons()...)
}

// serve serves the demo as the lab does.
func serve(t *testing.T, start func(lesson.Env) (*lesson.Instance, error)) (url string, err error) {
	l := Lesson()
	l.Demos[0].Start = start
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{
		Lesson: l, Demo: l.Demos[0], Course: course(), Listener: listener, Web: web.Pages, Key: key,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return "", errors.Join(err, listener.Close())
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return "http://" + listener.Addr().String(), nil
}

// open serves the demo, and returns its instance too.
func open(t *testing.T) (instance *lesson.Instance, url string) {
	url, err := serve(t, func(env lesson.Env) (*lesson.Instance, error) {
		var err error
		instance, err = start(env)
		return instance, err
	})
	require.NoError(t, err)
	return instance, url
}

// said is whatever the server says.
type said struct {
	Lanes []struct {
		Name       string
		Port       int
		Recovering int
		Retry      float64
	}
	Figures []figure.Figure
	State   *state
	Show    struct {
		Phase phase
		Bets  []struct {
			Lane  string
			Count int
		}
	}
	Bet     string
	Counts  []lesson.Counts
	Viewers int
	Sent    int
	Pong    float64
	Now     float64
}

type page struct {
	*testing.T
	*websocket.Conn
}

func watch(t *testing.T, url string) page { return watchAs(t, url, nil) }

// watchAs watches as the browser with that cookie.
func watchAs(t *testing.T, url string, cookie *http.Cookie) page {
	header := http.Header{}
	if cookie != nil {
		header.Set("Cookie", cookie.String())
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+path, header)
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
	return askAt(t, url, "", authorization, body)
}

// askAt posts to a path below the comparison's.
func askAt(t *testing.T, url, below, authorization, body string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	req, err := http.NewRequest("POST", url+path+below, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", authorization)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// TestChangesRequireTheKey: every control that changes the comparison requires the key, and none
// works over the socket.
func TestChangesRequireTheKey(t *testing.T) {
	_, url := open(t)
	p := watch(t, url)
	before := p.until(func(m said) bool { return m.State != nil }).State
	for _, body := range []string{`{"rate":50}`, `{"interval":200}`, `{"net":"3g"}`, `{"cut":true}`,
		`{"reset":true}`, `{"paused":true}`} {
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
	instance, url := open(t)
	p := watch(t, url)
	first := p.until(func(m said) bool { return m.Lanes != nil })
	var names []string
	for _, l := range lesson.Lanes(course()) {
		if !l.GoOnly {
			names = append(names, l.Name)
		}
	}
	require.Len(t, first.Lanes, len(names))
	recovering, retries := 0, map[string]float64{}
	for _, lane := range first.Lanes {
		if lane.Retry > 0 {
			retries[lane.Name] = lane.Retry
		}
		if lane.Recovering > 0 {
			recovering++
		}
	}
	assert.Equal(t, map[string]float64{"sse": 2000}, retries, "as its server sends")
	assert.Equal(t, 2, recovering, "Socket.IO over polling and over WebSocket")
	assert.Len(t, instance.Frames, len(first.Lanes)+recovering)
	for _, f := range []string{"latency_p50_ms", "bytes_per_message", "requests_per_message"} {
		// of compare.js
		assert.True(t, slices.ContainsFunc(first.Figures, func(x figure.Figure) bool {
			return x.Key == f && x.Name.ZH != ""
		}), f)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	for i, lane := range first.Lanes[:2] { // the lanes that a GET reads
		assert.Equal(t, names[i], lane.Name)
		var got []struct{ Text string }
		for end := time.Now().Add(10 * time.Second); len(got) < 2 && time.Now().Before(end); {
			res, err := client.Get("http://" +
				net.JoinHostPort("127.0.0.1", strconv.Itoa(lane.Port)) + "/messages?after=0")
			require.NoError(t, err)
			require.NoError(t, json.NewDecoder(res.Body).Decode(&got))
			res.Body.Close()
		}
		require.GreaterOrEqual(t, len(got), 2, lane.Name)
		assert.True(t, strings.HasPrefix(got[0].Text, "1|"), got[0].Text)
		assert.True(t, strings.HasPrefix(got[1].Text, "2|"), got[1].Text)
		assert.Len(t, got[0].Text, size)
	}
	counted := p.until(func(m said) bool {
		return m.Counts != nil && m.Counts[0].Requests > 0 && m.Counts[1].Requests > 0
	})
	assert.Positive(t, counted.Counts[0].In)
	assert.Zero(t, counted.Counts[4].In, "the sender beside the server is not counted")
	assert.Equal(t, 1, counted.Viewers)
	assert.Equal(t, 1, instance.Clients())
}

func TestLanePageMayReachItsServerOnly(t *testing.T) {
	_, url := open(t)
	first := watch(t, url).until(func(m said) bool { return m.Lanes != nil })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	res, err := client.Get("http://127.0.0.1:" + strconv.Itoa(first.Lanes[6].Port) +
		"/lab/lane/lane.html")
	require.NoError(t, err)
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	assert.Contains(t, string(body), "/lab/lane/lane.js")
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'self'")
}

func TestWishesChangeTheStateOfAll(t *testing.T) {
	need.Time(t)
	_, url := open(t)
	a, b := watch(t, url), watch(t, url)
	for _, c := range []struct {
		body string
		want func(state) bool
	}{
		{`{"rate":50}`, func(s state) bool { return s.Rate == 50 }},
		{`{"interval":200}`, func(s state) bool { return s.Interval == 200 }},
		{`{"net":"3g"}`, func(s state) bool { return s.Net == "3g" }},
		{`{"net":"rtt=20ms,loss=1%"}`, func(s state) bool { return s.Net == "rtt=20ms,loss=1%" }},
		{`{"recovery":true}`, func(s state) bool { return s.Recovery }},
		{`{"cut":true}`, func(s state) bool { return s.Blackout }},
		{`{"reset":true,"paused":true}`, func(s state) bool { return s.Paused }},
	} {
		status, text := ask(t, url, key.Bearer(), c.body)
		require.Equal(t, http.StatusNoContent, status, text)
		b.until(func(m said) bool { return m.State != nil && c.want(*m.State) })
	}
	b.until(func(m said) bool { return m.State != nil && !m.State.Blackout }) // it mends
	require.NoError(t, a.WriteMessage(websocket.TextMessage, []byte(`{"ping":12.5}`)))
	pong := a.until(func(m said) bool { return m.Pong == 12.5 })
	assert.InDelta(t, float64(time.Now().UnixMilli()), pong.Now, 60_000)
}

func TestBadWishesGetOneLine(t *testing.T) {
	_, url := open(t)
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
	for _, nonsense := range []string{"x", `{"ping":"fast"}`,
		`{"ping":"` + strings.Repeat("x", 2000) + `"}`} {
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

// TestNobodyWatchingNothingIsSaid: the feed speaks at its rate while somebody watches, and only
// then.
func TestNobodyWatchingNothingIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLive(state{Rate: 5})
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
		v := &viewer{live: r, Viewer: livepage.NewViewer()}
		require.True(t, r.enter(v))
		assert.Equal(t, 50, saidIn(10*time.Second))
		r.leave(v)
		assert.Zero(t, saidIn(time.Minute), "after the last has gone")
		r.cancel()
		require.NoError(t, r.running.Wait(t.Context()))
	})
}

func TestALaneThatCannotOpenLeavesNothing(t *testing.T) {
	_, err := serve(t, func(env lesson.Env) (*lesson.Instance, error) {
		opened, served := 0, env.Lab.Serve
		env.Lab.Serve = func(start func(lesson.Env) (*lesson.Instance, error)) (lesson.Served,
			error) {
			if opened++; opened > 3 {
				return nil, io.ErrClosedPipe
			}
			return served(start)
		}
		return start(env)
	})
	assert.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	assert.ErrorContains(t, err, "start it with lab run")
}

// TestEveryLaneHasAClientInTheBrowser: the page has a client for each lane that it shows.
func TestEveryLaneHasAClientInTheBrowser(t *testing.T) {
	script, err := fs.ReadFile(web.Pages, "pages/compare/lane.js")
	require.NoError(t, err)
	_, clients, found := strings.Cut(string(script), "const clients = {")
	require.True(t, found)
	for _, l := range lesson.Lanes(course()) {
		has := regexp.MustCompile(`(?m)^  "?` + regexp.QuoteMeta(l.Name) + `"?: `).
			MatchString(clients)
		assert.NotEqual(t, l.GoOnly, has,
			"%s: give the page a client for it, or set GoOnly", l.Name)
	}
}

// TestOneViewerCannotFloodTheOthers: pings, and posted changes that alter nothing, reach no other
// viewer, and changes are sent at most ten times a second.
func TestOneViewerCannotFloodTheOthers(t *testing.T) {
	_, url := open(t)
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

// TestRowsAreOfTheBrowserThatAsks: a click on a lane shows what crossed this browser's connections,
// and no file or cookie of the lab.
func TestRowsAreOfTheBrowserThatAsks(t *testing.T) {
	_, url := open(t)
	first := watch(t, url).until(func(m said) bool { return m.Lanes != nil })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	get := func(at, browser string) (int, string) {
		req, err := http.NewRequest("GET", at, nil)
		require.NoError(t, err)
		if browser != "" {
			req.AddCookie(&http.Cookie{Name: "lab", Value: browser})
		}
		res, err := client.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	mine, other := strings.Repeat("m", 22), strings.Repeat("o", 22)
	lane := "http://127.0.0.1:" + strconv.Itoa(first.Lanes[0].Port)
	for _, file := range []string{"/lab/lane/lane.html", "/messages?after=0"} {
		status, _ := get(lane+file, mine)
		require.Equal(t, http.StatusOK, status)
	}
	status, body := get(url+path+"/rows/"+first.Lanes[0].Name, mine)
	require.Equal(t, http.StatusOK, status)
	var rows []lesson.Row
	require.NoError(t, json.Unmarshal([]byte(body), &rows))
	require.NotEmpty(t, rows)
	assert.Equal(t, "http", rows[0].Layer)
	assert.True(t, strings.HasPrefix(string(rows[0].Data), "GET /messages?after=0 HTTP/1.1\r\n"),
		"the file before it belongs to the lab")

	status, body = get(url+path+"/rows/"+first.Lanes[0].Name, other)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "[]\n", body)
	status, _ = get(url+path+"/rows/"+first.Lanes[0].Name, "")
	assert.Equal(t, http.StatusForbidden, status)
	status, _ = get(url+path+"/rows/pigeon", mine)
	assert.Equal(t, http.StatusNotFound, status)
}
