package longconn

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/feedtest"
	"realtimelab/internal/feed/wire"
)

func streamTransport(cfg Config) feedtest.Transport {
	s := NewStream(cfg)
	return feedtest.Transport{Handler: s, Close: s.Close, Feed: s.Feed,
		Client: func(url string, http *http.Client) feedtest.Client {
			return &StreamClient{URL: url, HTTP: http, Backoff: feedtest.Backoff}
		}}
}

func eventTransport(cfg Config) feedtest.Transport {
	cfg.Retry = time.Millisecond
	s := NewEvents(cfg)
	return feedtest.Transport{Handler: s, Close: s.Close, Feed: s.Feed,
		Client: func(url string, http *http.Client) feedtest.Client {
			return &EventClient{URL: url, HTTP: http, Backoff: feedtest.Backoff}
		}}
}

func TestStreamChaos(t *testing.T) { feedtest.Chaos(t, streamTransport(Config{})) }
func TestEventChaos(t *testing.T)  { feedtest.Chaos(t, eventTransport(Config{})) }

func TestStreamRestart(t *testing.T) {
	feedtest.Restart(t, func() feedtest.Transport { return streamTransport(Config{}) })
}

func TestEventRestart(t *testing.T) {
	feedtest.Restart(t, func() feedtest.Transport { return eventTransport(Config{}) })
}

func TestSlowReader(t *testing.T) {
	cfg := Config{Feed: feedtest.SlowConfig}
	t.Run("stream", func(t *testing.T) { feedtest.Slow(t, streamTransport(cfg), get("/stream")) })
	t.Run("events", func(t *testing.T) { feedtest.Slow(t, eventTransport(cfg), get("/events")) })
}

func get(target string, headers ...string) string {
	return "GET " + target + " HTTP/1.1\nHost: HOST\n" +
		strings.Join(append(headers, ""), "\n") + "\n"
}

func TestRefusals(t *testing.T) {
	stream, events := NewStream(Config{}), NewEvents(Config{})
	both := append(feedtest.PublishRefusals(), []feedtest.Refusal{
		{Name: "GET of what takes POST", Request: get("/messages"), Status: 405,
			Reason: "GET is not for /messages", Header: http.Header{"Allow": {"OPTIONS, POST"}}},
		{Name: "abort nobody", Request: strings.Replace(get("/cut"), "GET", "POST", 1), Status: 400,
			Reason: "client"},
	}...)
	t.Run("stream", func(t *testing.T) {
		feedtest.Refusals(t, feedtest.Serve(t, stream, stream.Close),
			append(both, []feedtest.Refusal{
				{Name: "cursor", Request: get("/stream?after=x"), Status: 400,
					Reason: "after must be"},
				{Name: "POST", Request: strings.Replace(get("/stream"), "GET", "POST", 1),
					Status: 405,
					Reason: "POST", Header: http.Header{"Allow": {"GET, HEAD, OPTIONS"}}},
			}...))
	})
	t.Run("events", func(t *testing.T) {
		feedtest.Refusals(t, feedtest.Serve(t, events, events.Close),
			append(both, []feedtest.Refusal{
				{Name: "cursor", Request: get("/events?after=x"), Status: 400,
					Reason: "after must be"},
				{Name: "Last-Event-ID", Request: get("/events?after=1", "Last-Event-ID: x"),
					Status: 400, Reason: "Last-Event-ID must be"},
			}...))
	})
}

// open sends a request and returns the answer and its connection's bytes as they are on the wire.
func open(t *testing.T, server *feedtest.Server, request string) (*http.Response, *bufio.Reader) {
	t.Helper()
	wire := bufio.NewReader(server.Dial(t, request))
	head := new(strings.Builder)
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		line, err := wire.ReadString('\n')
		require.NoError(t, err)
		head.WriteString(line)
	}
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head.String())), nil)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	return resp, wire
}

func expect(t *testing.T, wire io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(wire, got)
	require.NoError(t, err, "got %q", got[:n])
	require.Equal(t, want, string(got))
}

// TestStreamOnTheWire shows the bytes of the lesson text: each message is a chunk,
// its length in hex before it, and the end of the server is an empty chunk.
func TestStreamOnTheWire(t *testing.T) {
	synctestTime(t, func(t *testing.T, serve func(http.Handler) *bufio.ReadWriter) {
		s := NewStream(Config{})
		conn := serve(s)
		ask(t, conn, "GET /stream HTTP/1.1\nHost: lab\n\n")
		expect(t, conn,
			"HTTP/1.1 200 OK\r\nCache-Control: no-store, no-transform\r\nContent-Type: "+
				"application/x-ndjson; charset=utf-8\r\nX-Accel-Buffering: no\r\n"+
				"Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n")
		expect(t, conn, "1\r\n\n\r\n")
		_, err := s.Feed.Publish("ann", "hi")
		require.NoError(t, err)
		expect(t, conn,
			"42\r\n"+`{"id":1,"from":"ann","text":"hi","at":"2000-01-01T00:00:00.000Z"}`+"\n\r\n")
		time.Sleep(time.Hour)
		require.NoError(t, s.Close(t.Context()))
		expect(t, conn, "0\r\n\r\n")
	})
}

// TestEventsOnTheWire shows the bytes of the lesson text.
func TestEventsOnTheWire(t *testing.T) {
	synctestTime(t, func(t *testing.T, serve func(http.Handler) *bufio.ReadWriter) {
		s := NewEvents(Config{})
		conn := serve(s)
		ask(t, conn, "GET /events HTTP/1.1\nHost: lab\n\n")
		expect(t, conn,
			"HTTP/1.1 200 OK\r\nCache-Control: no-store, no-transform\r\nContent-Type: "+
				"text/event-stream; charset=utf-8\r\nX-Accel-Buffering: no\r\n"+
				"Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n")
		expect(t, conn, "d\r\nretry: 2000\n\n\r\n")
		_, err := s.Feed.Publish("ann", "hi")
		require.NoError(t, err)
		expect(t, conn, "68\r\nid: 1@2000-01-01T00:00:00.000Z\ndata: "+
			`{"id":1,"from":"ann","text":"hi","at":"2000-01-01T00:00:00.000Z"}`+"\n\n\r\n")
		start := time.Now()
		expect(t, conn, "d\r\n: heartbeat\n\n\r\n")
		require.Equal(t, 15*time.Second, time.Since(start))
		require.NoError(t, s.Close(t.Context()))
		expect(t, conn, "0\r\n\r\n")
	})
}

func ask(t *testing.T, conn *bufio.ReadWriter, request string) {
	t.Helper()
	_, err := conn.WriteString(strings.ReplaceAll(request, "\n", "\r\n"))
	require.NoError(t, err)
	require.NoError(t, conn.Flush())
}

// synctestTime runs f where time is that of testing/synctest, with servers on pipes instead of
// sockets. Their ReadTimeout and WriteTimeout are meant for exchanges that end; a stream sets
// deadlines of its own.
func synctestTime(t *testing.T, f func(t *testing.T, serve func(http.Handler) *bufio.ReadWriter)) {
	synctest.Test(t, func(t *testing.T) {
		f(t, func(h http.Handler) *bufio.ReadWriter {
			conn := feedtest.Pipes(t, &http.Server{Handler: h, ReadTimeout: time.Second,
				WriteTimeout: time.Second})()
			return bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
		})
	})
}

// TestUnreadIsCut: a write that the client does not read ends the stream after WriteTimeout, not
// sooner.
func TestUnreadIsCut(t *testing.T) {
	synctestTime(t, func(t *testing.T, serve func(http.Handler) *bufio.ReadWriter) {
		s := NewEvents(Config{})
		ask(t, serve(s), get("/events"))
		synctest.Wait() // the client does not read its headers
		time.Sleep(10*time.Second - time.Nanosecond)
		synctest.Wait()
		require.Equal(t, 1, s.Clients())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Zero(t, s.Clients())
	})
}

func TestResume(t *testing.T) {
	s := NewEvents(Config{})
	server := feedtest.Serve(t, s, s.Close)
	for range 3 {
		_, err := s.Feed.Publish("ann", "hi")
		require.NoError(t, err)
	}
	for _, tc := range []struct {
		name    string
		request string
		first   string
	}{
		{"from the beginning", get("/events"), "id: 1@"},
		{"?after", get("/events?after=1"), "id: 2@"},
		{"Last-Event-ID", get("/events", "Last-Event-ID: 2"), "id: 3@"},
		{"Last-Event-ID beats ?after", get("/events?after=0", "Last-Event-ID: 2"), "id: 3@"},
		{"an id of a feed that is gone", get("/events", "Last-Event-ID: 99"), "id: 1@"},
		{"Last-Event-ID with its time",
			get("/events", "Last-Event-ID: "+wire.Cursor(s.Feed.Since(1)[0].Message)), "id: 3@"},
		{"?after with its time",
			get("/events?after=" + wire.Cursor(s.Feed.Since(1)[0].Message)), "id: 3@"},
		{"an id of a feed that is gone, known by its time",
			get("/events", "Last-Event-ID: 2@2000-01-01T00:00:00.000Z"), "id: 1@"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, wire := open(t, server, tc.request)
			for {
				line, err := wire.ReadString('\n')
				require.NoError(t, err)
				if strings.HasPrefix(line, "id:") {
					require.True(t, strings.HasPrefix(line, tc.first), line)
					return
				}
			}
		})
	}
}

func TestHead(t *testing.T) {
	s := NewEvents(Config{})
	server := feedtest.Serve(t, s, s.Close)
	resp, body := server.Do(t, strings.Replace(get("/events"), "GET", "HEAD", 1))
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.Empty(t, body)
}

// TestAbort: a stream that is aborted has no end that a reader could mistake for a real one.
func TestAbort(t *testing.T) {
	s := NewStream(Config{})
	server := feedtest.Serve(t, s, s.Close)
	_, mine := open(t, server, get("/stream?client=me"))
	_, other := open(t, server, get("/stream?client=you"))
	resp, body := server.Do(t, strings.Replace(get("/cut?client=me"), "GET", "POST", 1))
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "{\"cut\":1}\n", body)
	rest, _ := io.ReadAll(mine)
	require.Equal(t, "1\r\n\n\r\n", string(rest), "the first byte, and no empty chunk")
	_, err := s.Feed.Publish("ann", "hi")
	require.NoError(t, err)
	expect(t, other, "1\r\n\n\r\n42\r\n{\"id\":1,")
}

func TestClientGone(t *testing.T) {
	s := NewStream(Config{})
	server := feedtest.Serve(t, s, s.Close)
	conn := server.Dial(t, get("/stream"))
	require.Eventually(t, func() bool { return s.Clients() == 1 }, time.Minute, time.Millisecond)
	_ = conn.Close()
	require.Eventually(t, func() bool { return s.Clients() == 0 }, time.Minute, time.Millisecond)
}

func TestClientRefused(t *testing.T) {
	s := NewEvents(Config{})
	server := feedtest.Serve(t, s, s.Close)
	c := &EventClient{URL: server.URL, HTTP: feedtest.HTTPClient(t)}
	var refused *client.RefusedError
	require.ErrorAs(t, c.Subscribe(t.Context(), -1, nil), &refused)
	require.Equal(t, 400, refused.Status)
	require.Contains(t, refused.Reason, "Last-Event-ID")
}

// untilCanceled is a response body that gives its text, then nothing until its request is canceled.
type untilCanceled struct {
	io.Reader
	ctx context.Context
}

func (u untilCanceled) Read(p []byte) (int, error) {
	if n, err := u.Reader.Read(p); err == nil {
		return n, nil
	}
	<-u.ctx.Done()
	return 0, u.ctx.Err()
}

func (u untilCanceled) Close() error { return nil }

// A client reconnects when an event stream has been silent for longer than its heartbeats allow.
func TestASilentEventStreamIsOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cursors []string
		client := &http.Client{Transport: feedtest.RoundTrip(func(r *http.Request) (*http.Response,
			error) {
			cursors = append(cursors, r.Header.Get("Last-Event-ID"))
			text := fmt.Sprintf("id: %d\ndata: {\"id\":%[1]d,\"from\":\"ann\",\"text\":\"hi\"}\n\n",
				len(cursors))
			return &http.Response{StatusCode: http.StatusOK,
				Body: untilCanceled{strings.NewReader(text), r.Context()}}, nil
		})}
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		_ = (&EventClient{URL: "http://lab", HTTP: client}).Subscribe(ctx, 0, func(m feed.Message) {
			if m.ID == 2 {
				cancel()
			}
		})
		assert.Equal(t, []string{"0", "1"}, cursors)
		assert.GreaterOrEqual(t, time.Since(began), time.Minute)
		assert.Less(t, time.Since(began), time.Minute+time.Second,
			"and the first pause of the backoff")
	})
}
