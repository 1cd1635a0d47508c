package feedtest

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// SlowConfig is the feed's configuration for Slow: a short queue.
var SlowConfig = feed.Config{Queue: 8}

// Slow opens a stream with the request and does not read it, while another client reads everything.
// The server must drop the first without affecting the second.
func Slow(t *testing.T, tr Transport, request string) {
	server := Serve(t, tr.Handler, tr.Close)
	conn := server.Dial(t, request)
	quick := tr.Client(server.URL, HTTPClient(t))
	received := make(chan int64, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- quick.Subscribe(ctx, 0, func(m feed.Message) { received <- m.ID })
	}()
	require.Eventually(t, func() bool {
		return tr.Feed.Subscribers() == 2
	}, 10*time.Second, time.Millisecond)

	text := strings.Repeat("slow", 8<<10)
	for i := range 2000 { // at most 64 MB; the kernel buffers only a part of that
		m, err := tr.Feed.Publish("ann", text)
		require.NoError(t, err)
		require.Equal(t, m.ID, <-received)
		require.Less(t, i, 1999, "the slow client was never dropped")
		if tr.Feed.Subscribers() == 1 {
			break
		}
	}
	_, err := tr.Feed.Publish("ann", "after")
	require.NoError(t, err)
	require.Equal(t, tr.Feed.Last(), <-received)

	n, _ := io.Copy(io.Discard, conn) // ends, because the server has dropped the client
	require.Less(t, n, tr.Feed.Last()*int64(len(text)), "it cannot have received everything")
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

// Refusal is a bad request and its expected answer.
type Refusal struct {
	Name    string
	Request string // as for Server.Do
	Status  int
	Reason  string      // a part of the text in {"error":"…"}
	Header  http.Header // headers that the answer must have
}

// Refusals asserts each refusal, and that the server stays usable.
func Refusals(t *testing.T, server *Server, table []Refusal) {
	for _, tc := range table {
		t.Run(tc.Name, func(t *testing.T) {
			resp, body := server.Do(t, tc.Request)
			require.Equal(t, tc.Status, resp.StatusCode, body)
			require.True(t, strings.HasPrefix(body, `{"error":"`), body)
			require.Contains(t, body, tc.Reason)
			require.Equal(t, "application/json; charset=utf-8", resp.Header.Get("Content-Type"))
			for name := range tc.Header {
				require.Equal(t, tc.Header.Get(name), resp.Header.Get(name), name)
			}
		})
	}
}

// Post is a request to publish, for tables of refusals.
func Post(body string) string {
	return "POST /messages HTTP/1.1\nHost: HOST\nConnection: close\nContent-Length: " +
		strconv.Itoa(len(body)) + "\n\n" + body
}

// PublishRefusals returns the refusals of POST /messages, which are the same in every lesson.
func PublishRefusals() []Refusal {
	return []Refusal{
		{Name: "publish not JSON", Request: Post("hello"), Status: 400, Reason: "must be JSON"},
		{Name: "publish nothing", Request: Post(`{"from":"ann"}`), Status: 400, Reason: "text"},
		{Name: "publish too much", Request: Post(`{"from":"ann","text":"` +
			strings.Repeat("a", wire.MaxBody) + `"}`), Status: 413, Reason: "64 KiB"},
		{Name: "publish from another origin",
			Request: strings.Replace(Post(`{"from":"ann","text":"hi"}`), "\n\n",
				"\nOrigin: http://evil.example\n\n", 1), Status: 403, Reason: "another origin"},
		{Name: "publish XML", Request: strings.Replace(Post(`<m/>`), "\n\n",
			"\nContent-Type: text/xml\n\n", 1), Status: 415, Reason: "application/json"},
		{Name: "elsewhere", Request: "GET /nope HTTP/1.1\nHost: HOST\nConnection: close\n\n",
			Status: 404, Reason: "/nope"},
	}
}
