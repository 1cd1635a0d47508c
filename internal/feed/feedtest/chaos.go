package feedtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
)

// Client has the methods that the clients of all transports have in common.
type Client interface {
	Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error
	Publish(ctx context.Context, from, text string) error
}

// Backoff is short enough for tests.
var Backoff = client.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond}

// Transport is a server with an empty feed, and its clients.
type Transport struct {
	Handler http.Handler
	Close   func(context.Context) error
	Feed    *feed.Feed
	Client  func(url string, http *http.Client) Client // has Backoff
}

const (
	subscribers = 8
	publishers  = 3
	published   = 120 // messages by each publisher, half by its client and half in the server
)

var errLeave = errors.New("leaves")

// Chaos lets clients subscribe, leave, return and lose their connections at random while others
// publish, and asserts that every message arrives once and in order at every subscriber. A
// publisher whose connection is cut does not know whether the server has its message, so the feed
// decides which messages must arrive. CHAOS_SEED in the environment repeats the decisions of an
// earlier run, though not its timing.
func Chaos(t *testing.T, tr Transport) {
	seed := rand.Uint64()
	if again, err := strconv.ParseUint(os.Getenv("CHAOS_SEED"), 10, 64); err == nil {
		seed = again
	}
	t.Logf("CHAOS_SEED=%d", seed)
	c := &chaos{Transport: tr, server: Serve(t, tr.Handler, tr.Close), client: HTTPClient(t)}
	c.moved = sync.NewCond(&c.mu)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, c.moved.Broadcast)()

	var subs, pubs sync.WaitGroup
	for i := range subscribers {
		subs.Go(func() { c.subscribe(t, ctx, i, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	for i := range publishers {
		pubs.Go(func() { c.publish(ctx, i, rand.New(rand.NewPCG(seed, uint64(100+i)))) })
	}
	pubs.Wait()
	c.finish()
	subs.Wait()
	require.NoError(t, ctx.Err(), "a subscriber never got all: %v of %d", c.got, tr.Feed.Last())
}

type chaos struct {
	Transport
	server *Server
	client *http.Client

	mu    sync.Mutex
	moved *sync.Cond         // signalled when got or all changes, or ctx ends
	got   [subscribers]int64 // the last id that each has
	all   int64              // the last id of all, once it is known
}

func (c *chaos) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = c.Feed.Last()
	c.moved.Broadcast()
}

// publish sends messages and aborts connections. Now and then it waits until a subscriber catches
// up, so that the next abort interrupts a live subscription.
func (c *chaos) publish(ctx context.Context, i int, rng *rand.Rand) {
	client := c.Client(c.server.URL, c.client)
	own, leave := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer leave()
	wg.Go(func() { _ = client.Subscribe(own, 0, func(feed.Message) {}) })
	for n := range published {
		text := fmt.Sprintf("%d of %d 你好", n, i)
		if n%2 == 0 {
			_ = client.Publish(ctx, "client", text)
		} else {
			_, _ = c.Feed.Publish("server", text)
		}
		if rng.IntN(4) == 0 {
			c.server.Abort(rng)
		}
		if rng.IntN(10) == 0 {
			c.keepUp(ctx, rng.IntN(subscribers))
		}
	}
}

func (c *chaos) keepUp(ctx context.Context, i int) {
	last := c.Feed.Last()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.got[i] < last && ctx.Err() == nil {
		c.moved.Wait()
	}
}

// subscribe subscribes and leaves until it has everything.
func (c *chaos) subscribe(t *testing.T, ctx context.Context, i int, rng *rand.Rand) {
	for !c.done(i) && ctx.Err() == nil {
		stay := 1 + rng.IntN(60)
		visit, leave := context.WithCancelCause(ctx)
		stop := c.leaveWhenDone(i, leave)
		err := c.Client(c.server.URL, c.client).Subscribe(visit, c.last(i), func(m feed.Message) {
			if visit.Err() != nil {
				return
			}
			assert.Equal(t, c.last(i)+1, m.ID, "subscriber %d", i)
			assert.Equal(t, c.Feed.Since(m.ID - 1)[0].Message, m)
			c.note(i, m.ID)
			if stay--; stay == 0 {
				leave(errLeave)
			}
		})
		leave(nil)
		stop()
		if ctx.Err() == nil {
			assert.ErrorIs(t, err, errLeave)
		}
	}
}

func (c *chaos) last(i int) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[i]
}

func (c *chaos) note(i int, id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got[i] = id
	c.moved.Broadcast()
}

func (c *chaos) done(i int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all > 0 && c.got[i] == c.all
}

// leaveWhenDone ends a subscription that can receive no further message.
func (c *chaos) leaveWhenDone(i int, leave context.CancelCauseFunc) (stop func()) {
	stopped, gone := false, make(chan struct{})
	go func() {
		defer close(gone)
		c.mu.Lock()
		defer c.mu.Unlock()
		for !stopped && !(c.all > 0 && c.got[i] == c.all) {
			c.moved.Wait()
		}
		leave(errLeave)
	}()
	return func() {
		c.mu.Lock()
		stopped = true
		c.moved.Broadcast()
		c.mu.Unlock()
		<-gone
	}
}
