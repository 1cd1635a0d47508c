package feedtest

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
)

// Restart replaces a client's server with a new one at the same address, whose log has already
// issued the client's id again. The client must receive all of the new log: with the bare id it
// would silently miss the messages up to that id.
func Restart(t *testing.T, start func() Transport) {
	var running atomic.Pointer[Transport]
	first := start()
	running.Store(&first)
	server := Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Load().Handler.ServeHTTP(w, r)
	}), func(ctx context.Context) error { return running.Load().Close(ctx) })

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	received := make(chan feed.Message, 100)
	ended := make(chan error, 1)
	client := first.Client(server.URL, HTTPClient(t))
	go func() { ended <- client.Subscribe(ctx, 0, func(m feed.Message) { received <- m }) }()
	last := exchange(ctx, t, first.Feed, received, 3)

	// the resolution of times on the wire; real restarts take longer
	time.Sleep(time.Until(last.At.Add(2 * time.Millisecond)))
	second := start()
	for range 5 {
		_, err := second.Feed.Publish("ann", "after the restart")
		require.NoError(t, err)
	}
	running.Store(&second)
	require.NoError(t, first.Close(ctx))
	for id := range int64(5) {
		require.Equal(t, second.Feed.Since(id)[0].Message, next(ctx, t, received))
	}
	exchange(ctx, t, second.Feed, received, 1)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Empty(t, received)
}

// exchange publishes n messages and waits for each. It returns the last.
func exchange(ctx context.Context, t *testing.T, f *feed.Feed, received <-chan feed.Message,
	n int) (m feed.Message) {
	for range n {
		var err error
		m, err = f.Publish("ann", "hi")
		require.NoError(t, err)
		require.Equal(t, m, next(ctx, t, received))
	}
	return m
}

func next(ctx context.Context, t *testing.T, received <-chan feed.Message) feed.Message {
	select {
	case m := <-received:
		return m
	case <-ctx.Done():
		t.Fatal("the client never receives a message")
		return feed.Message{}
	}
}
