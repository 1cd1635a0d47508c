package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPost(t *testing.T) {
	f := feed.New(feed.Config{})
	server := httptest.NewServer(wire.Routes{"/messages": {http.MethodPost: wire.Publish(f)}})
	defer server.Close()
	client := server.Client()

	m, err := Post(t.Context(), client, server.URL+"/messages", "ann", "hi")
	require.NoError(t, err)
	require.Equal(t, f.Since(0)[0].Message, m)

	_, err = Post(t.Context(), client, server.URL+"/messages", "ann", "")
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, `refused with 400 Bad Request: "text" must not be empty`, err.Error())

	f.Close()
	_, err = Post(t.Context(), client, server.URL+"/messages", "ann", "hi")
	require.EqualError(t, err, "answered 503 Service Unavailable: the server is closing")
	require.False(t, errors.As(err, &refused))
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Backoff{Min: time.Second, Max: 4 * time.Second}
		for _, limit := range []time.Duration{1, 2, 4, 4} {
			start := time.Now()
			require.NoError(t, b.Wait(t.Context()))
			assert.LessOrEqual(t, time.Since(start), limit*time.Second)
		}
		b.Reset()
		start := time.Now()
		require.NoError(t, b.Wait(t.Context()))
		assert.LessOrEqual(t, time.Since(start), time.Second)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, b.Wait(ctx), context.Canceled)
	})
}

// TestBackoffSpreads: the pauses of clients that were cut together fill the whole range, from
// nothing to the limit.
func TestBackoffSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quarters [4]int
		for range 1000 {
			b := Backoff{Min: 4 * time.Second}
			start := time.Now()
			require.NoError(t, b.Wait(t.Context()))
			quarters[min(int(time.Since(start)/time.Second), 3)]++
		}
		for i, n := range quarters {
			assert.Greater(t, n, 150, "pauses of %d to %d s", i, i+1)
		}
	})
}

// TestBackoffWithoutJitter: the pauses are the limits themselves, the same for every client.
func TestBackoffWithoutJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Backoff{Min: time.Second, Max: 4 * time.Second, NoJitter: true}
		for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second,
			4 * time.Second} {
			began := time.Now()
			require.NoError(t, b.Wait(t.Context()))
			assert.Equal(t, want, time.Since(began))
		}
	})
}

// TestBackoffFloor: no pause is shorter than the server asked for, and those above it are spread,
// too.
func TestBackoffFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Backoff{Min: time.Second, Max: time.Second, Floor: 2 * time.Second}
		pauses := map[time.Duration]bool{}
		for range 20 {
			start := time.Now()
			require.NoError(t, b.Wait(t.Context()))
			pauses[time.Since(start)] = true
			assert.GreaterOrEqual(t, time.Since(start), 2*time.Second)
			assert.LessOrEqual(t, time.Since(start), 3*time.Second)
		}
		assert.Greater(t, len(pauses), 15)
	})
}
