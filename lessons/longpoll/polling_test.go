package longpoll

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/feedtest"
)

func shortTransport() feedtest.Transport {
	s := NewShort(Config{})
	return feedtest.Transport{Handler: s, Close: s.Close, Feed: s.Feed,
		Client: func(url string, http *http.Client) feedtest.Client {
			return &ShortClient{URL: url, HTTP: http, Interval: time.Millisecond,
				Backoff: feedtest.Backoff}
		}}
}

func longTransport() feedtest.Transport {
	l := NewLong(Config{})
	return feedtest.Transport{Handler: l, Close: l.Close, Feed: l.Feed,
		Client: func(url string, http *http.Client) feedtest.Client {
			return &LongClient{URL: url, HTTP: http, Backoff: feedtest.Backoff}
		}}
}

func TestShortChaos(t *testing.T)   { feedtest.Chaos(t, shortTransport()) }
func TestLongChaos(t *testing.T)    { feedtest.Chaos(t, longTransport()) }
func TestShortRestart(t *testing.T) { feedtest.Restart(t, shortTransport) }
func TestLongRestart(t *testing.T)  { feedtest.Restart(t, longTransport) }

func get(target string) string {
	return "GET " + target + " HTTP/1.1\nHost: HOST\nConnection: close\n\n"
}

func TestRefusals(t *testing.T) {
	short, long := NewShort(Config{}), NewLong(Config{})
	allow := http.Header{"Allow": {"GET, HEAD, OPTIONS, POST"}}
	both := append(feedtest.PublishRefusals(), []feedtest.Refusal{
		{Name: "cursor is a word", Request: get("/messages?after=x"), Status: 400,
			Reason: "after must be"},
		{Name: "cursor is negative", Request: get("/messages?after=-1"), Status: 400,
			Reason: "after must be"},
		{Name: "cursor is empty", Request: get("/messages?after="), Status: 400,
			Reason: "after must be"},
		{Name: "cursor is too large", Request: get("/messages?after=9223372036854775808"),
			Status: 400, Reason: "after must be"},
		{Name: "DELETE", Request: strings.Replace(get("/messages"), "GET", "DELETE", 1),
			Status: 405, Reason: "DELETE", Header: allow},
	}...)
	t.Run("short", func(t *testing.T) {
		feedtest.Refusals(t, feedtest.Serve(t, short, short.Close), both)
	})
	t.Run("long", func(t *testing.T) {
		server := feedtest.Serve(t, long, long.Close)
		feedtest.Refusals(t, server, append(both, []feedtest.Refusal{
			{Name: "wait is a word", Request: get("/messages?wait=x"), Status: 400,
				Reason: "wait must be"},
			{Name: "wait without a unit", Request: get("/messages?wait=25"), Status: 400,
				Reason: "wait must be"},
			{Name: "wait is too short", Request: get("/messages?wait=999ms"), Status: 400,
				Reason: "wait must be"},
			{Name: "wait is too long", Request: get("/messages?wait=61s"), Status: 400,
				Reason: "wait must be"},
			{Name: "wait is empty", Request: get("/messages?wait="), Status: 400,
				Reason: "wait must be"},
		}...))
	})
	assert.Zero(t, short.Feed.Last())
	assert.Zero(t, long.Feed.Last())
}

// TestShortOnTheWire shows the exchange of the lesson text.
func TestShortOnTheWire(t *testing.T) {
	s := NewShort(Config{})
	server := feedtest.Serve(t, s, s.Close)
	resp, body := server.Do(t, get("/messages?after=0"))
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "[]\n", body)

	resp, body = server.Do(t, feedtest.Post(`{"from":"ann","text":"你好"}`))
	require.Equal(t, 201, resp.StatusCode)
	var m feed.Message
	require.NoError(t, json.Unmarshal([]byte(body), &m))
	require.Equal(t, s.Feed.Since(0)[0].Message, m)

	resp, body = server.Do(t, get("/messages?after=0"))
	require.Equal(t, "application/json; charset=utf-8", resp.Header.Get("Content-Type"))
	require.JSONEq(t, `[{"id":1,"from":"ann","text":"你好","at":"`+
		m.At.Format("2006-01-02T15:04:05.000Z")+`"}]`, body)

	resp, body = server.Do(t, strings.Replace(get("/messages?after=0"), "GET", "HEAD", 1))
	require.Equal(t, 200, resp.StatusCode)
	require.Empty(t, body)
	require.Equal(t, 3, s.Clients(), "each GET came over a connection of its own")
}

func TestNotModified(t *testing.T) {
	s := NewShort(Config{})
	server := feedtest.Serve(t, s, s.Close)
	first, _ := server.Do(t, get("/messages?after=0"))
	again := strings.Replace(get("/messages?after=0"), "\n\n",
		"\nIf-None-Match: "+first.Header.Get("ETag")+"\n\n", 1)
	resp, body := server.Do(t, again)
	require.Equal(t, 304, resp.StatusCode)
	require.Empty(t, body)

	_, err := s.Feed.Publish("ann", "hi")
	require.NoError(t, err)
	resp, body = server.Do(t, again)
	require.Equal(t, 200, resp.StatusCode)
	require.Contains(t, body, `"id":1`)
}

func poll(ctx context.Context, h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", target, nil))
	return w
}

func TestLongHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLong(Config{})
		start := time.Now()
		assert.Equal(t, "[]\n", poll(t.Context(), l, "/messages").Body.String())
		assert.Equal(t, 25*time.Second, time.Since(start))

		start = time.Now()
		assert.Equal(t, "[]\n", poll(t.Context(), l, "/messages?wait=1500ms").Body.String())
		assert.Equal(t, 1500*time.Millisecond, time.Since(start))

		go func() {
			time.Sleep(7 * time.Second)
			_, _ = l.Feed.Publish("ann", "hi")
		}()
		start = time.Now()
		assert.Contains(t, poll(t.Context(), l, "/messages").Body.String(), `[{"id":1,`)
		assert.Equal(t, 7*time.Second, time.Since(start))

		start = time.Now()
		assert.Contains(t, poll(t.Context(), l, "/messages?after=0").Body.String(), `[{"id":1,`)
		assert.Contains(t, poll(t.Context(), l, "/messages?after=99").Body.String(), `[{"id":1,`,
			"a cursor of a feed that is gone")
		assert.Zero(t, time.Since(start), "what is there is not waited for")
	})
}

// TestLongOutlivesTheServersTimeouts: ReadTimeout and WriteTimeout of the http.Server are shorter
// than the wait, and meant for exchanges that end at once; the handler sets deadlines of its own.
func TestLongOutlivesTheServersTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLong(Config{})
		conn := feedtest.Pipes(t, &http.Server{Handler: l, ReadTimeout: 2 * time.Second,
			WriteTimeout: 2 * time.Second, IdleTimeout: time.Minute})()
		r := bufio.NewReader(conn)
		for range 2 { // the second on the same connection
			start := time.Now()
			_, err := io.WriteString(conn, "GET /messages?wait=25s HTTP/1.1\r\nHost: lab\r\n\r\n")
			require.NoError(t, err)
			resp, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, "[]\n", string(body))
			require.Equal(t, 25*time.Second, time.Since(start))
		}
	})
}

// TestUnsentBodyIsRefused: a client that announces a body and does not send it is waited for 10 s.
func TestUnsentBodyIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewShort(Config{})
		conn := feedtest.Pipes(t, &http.Server{Handler: s})()
		_, err := io.WriteString(conn,
			"POST /messages HTTP/1.1\r\nHost: lab\r\nContent-Length: 30\r\n\r\n{\"from\":")
		require.NoError(t, err)
		start := time.Now()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, 408, resp.StatusCode)
		require.JSONEq(t, `{"error":"the body did not come in time"}`, string(body))
		require.Equal(t, 10*time.Second, time.Since(start))
		rest, _ := io.ReadAll(conn)
		require.Empty(t, rest, "the connection has ended")
		require.Zero(t, s.Feed.Last())
	})
}

// TestUnreadAnswerIsCut: a client that does not read its answer keeps the handler for WriteTimeout.
func TestUnreadAnswerIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewShort(Config{})
		var inHandler atomic.Int64
		conn := feedtest.Pipes(t,
			&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inHandler.Add(1)
				defer inHandler.Add(-1)
				s.ServeHTTP(w, r)
			})})()
		// more than net/http keeps back until the handler's end
		_, err := s.Feed.Publish("ann", strings.Repeat("a", 64<<10))
		require.NoError(t, err)
		_, err = io.WriteString(conn, "GET /messages HTTP/1.1\r\nHost: lab\r\n\r\n")
		require.NoError(t, err)
		synctest.Wait()
		require.EqualValues(t, 1, inHandler.Load())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Zero(t, inHandler.Load())
		rest, _ := io.ReadAll(conn)
		require.Empty(t, rest, "the connection has ended")
	})
}

func TestLongEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLong(Config{})
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan *httptest.ResponseRecorder)
		go func() { done <- poll(ctx, l, "/messages") }()
		synctest.Wait()
		require.Equal(t, 1, l.Clients())
		leave()
		assert.Empty(t, (<-done).Body.String())
		require.Zero(t, l.Clients())
	})
}

func TestLongEndsWithItsServer(t *testing.T) {
	l := NewLong(Config{})
	server := feedtest.Serve(t, l, l.Close)
	done := make(chan *http.Response)
	conn := server.Dial(t, get("/messages"))
	go func() {
		resp, _ := server.Do(t, get("/messages?after=0&wait=60s"))
		done <- resp
	}()
	require.Eventually(t, func() bool { return l.Clients() == 2 }, time.Minute, time.Millisecond)
	_ = conn.Close() // a real client that goes
	require.Eventually(t, func() bool { return l.Clients() == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, l.Close(t.Context()))
	resp := <-done
	require.Equal(t, 503, resp.StatusCode)
	require.Equal(t, "1", resp.Header.Get("Retry-After"))
	require.True(t, resp.Close)
}

func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPresence(10 * time.Second)
		p.note("a")
		time.Sleep(6 * time.Second)
		p.note("b")
		require.Equal(t, 2, p.count())
		time.Sleep(6 * time.Second)
		require.Equal(t, 1, p.count())
		p.note("b")
		time.Sleep(6 * time.Second)
		require.Equal(t, 1, p.count())
	})
}

func TestClientRefused(t *testing.T) {
	s := NewShort(Config{})
	server := feedtest.Serve(t, s, s.Close)
	c := &ShortClient{URL: server.URL + "/nope", HTTP: feedtest.HTTPClient(t)}
	var refused *client.RefusedError
	require.ErrorAs(t, c.Subscribe(t.Context(), 0, nil), &refused)
	require.Equal(t, 404, refused.Status)
	require.ErrorAs(t, c.Publish(t.Context(), "ann", "hi"), &refused)
}

func TestClientCounts(t *testing.T) {
	l := NewLong(Config{})
	server := feedtest.Serve(t, l, l.Close)
	c := &LongClient{URL: server.URL, HTTP: feedtest.HTTPClient(t), Wait: time.Second}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		if assert.Eventually(t, func() bool {
			return c.Counters.Empty.Load() > 0
		}, 20*time.Second, time.Millisecond) {
			_ = c.Publish(ctx, "ann", "hi")
		}
	}()
	require.ErrorIs(t, c.Subscribe(ctx, 0, func(feed.Message) { cancel() }), context.Canceled)
	assert.EqualValues(t, 1, c.Counters.Messages.Load())
	assert.GreaterOrEqual(t, c.Counters.Requests.Load(), int64(2))
}

// A request whose answer never comes is given up after a time, and the next one gets the message.
func TestAClientGivesUpARequestWithoutAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		subscribe func(context.Context, *http.Client, func(feed.Message)) error
		timeout   time.Duration
	}{
		"short": {func(ctx context.Context, c *http.Client, fn func(feed.Message)) error {
			return (&ShortClient{URL: "http://lab", HTTP: c}).Subscribe(ctx, 0, fn)
		}, answerTimeout},
		"long": {func(ctx context.Context, c *http.Client, fn func(feed.Message)) error {
			return (&LongClient{URL: "http://lab", HTTP: c}).Subscribe(ctx, 0, fn)
		}, 25*time.Second + answerTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				client := &http.Client{Transport: feedtest.RoundTrip(
					func(r *http.Request) (*http.Response, error) {
						if requests++; requests == 1 {
							<-r.Context().Done()
							return nil, r.Context().Err()
						}
						return &http.Response{StatusCode: http.StatusOK,
							Body: io.NopCloser(strings.NewReader(
								`[{"id":1,"from":"ann","text":"hi"}]`))}, nil
					})}
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				_ = test.subscribe(ctx, client, func(m feed.Message) {
					assert.Equal(t, int64(1), m.ID)
					cancel()
				})
				assert.GreaterOrEqual(t, time.Since(began), test.timeout)
				assert.Less(t, time.Since(began), test.timeout+time.Second,
					"and the first pause of the backoff")
			})
		})
	}
}
