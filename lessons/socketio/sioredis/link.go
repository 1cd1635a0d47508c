package sioredis

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/event"
)

// link is a server's connection to Redis for all its namespaces. One goroutine sends, one receives
// for each subscription, and one reads each stream.
type link struct {
	config Config
	sub    *redis.PubSub
	out    outbox
	log    event.LogLimit
	// subscribed becomes true when Redis has confirmed all subscriptions of a namespace.
	subscribed atomic.Bool
	working    sync.WaitGroup // receivers and readers
	closing    chan struct{}  // closed when nothing more is sent
	ended      chan struct{}  // closed when all goroutines have returned

	shards *shards // the subscriptions to sharded channels
	// the last entry of each stream that Redis has confirmed; owned by send
	acked map[string]string
	down  time.Time // start of the current outage, or zero; owned by send
	lost  int       // messages lost since then; owned by send

	mu      sync.Mutex
	routes  map[string]*adapter // by channel or pattern
	streams map[string]*adapter // by namespace
	readers map[string]*reader  // by stream
}

// closeTimeout bounds how long a closing link sends the rest of its queue.
const closeTimeout = 2 * time.Second

func newLink(config Config) *link {
	l := &link{
		config:  config,
		sub:     config.Client.Subscribe(context.Background()), // to nothing yet
		out:     outbox{limit: config.MaxPending, wake: make(chan struct{}, 1)},
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
		acked:   map[string]string{},
		routes:  map[string]*adapter{},
		streams: map[string]*adapter{},
		readers: map[string]*reader{},
	}
	l.shards = newShards(l)
	l.working.Go(func() { l.receive(l.sub) })
	if l.shards.cluster != nil {
		l.working.Go(l.shards.tend)
	}
	go func() {
		defer close(l.ended)
		l.send()
		close(l.closing)
		_ = l.sub.Close()
		l.shards.close()
		l.stopReading()
		l.working.Wait()
	}()
	return l
}

// enter subscribes to the namespace's channels and routes their messages to a.
func (l *link) enter(a *adapter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	start := a.wire.start()
	for _, name := range start.names() {
		l.routes[name] = a
	}
	if s := l.config.Streams; s != nil {
		l.streams[a.namespace.Name()] = a
		l.read(s.stream(a.namespace.Name()), a)
	}
	l.out.order(job{kind: listen, subscriptions: start})
}

// leave undoes enter, except for channels that a new namespace of the same name has taken over.
func (l *link) leave(a *adapter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name := a.namespace.Name(); l.streams[name] == a {
		delete(l.streams, name)
	}
	mine := func(names []string) (left []string) {
		for _, name := range names {
			if l.routes[name] == a {
				delete(l.routes, name)
				left = append(left, name)
			}
		}
		return left
	}
	start := a.wire.start()
	gone := subscriptions{channels: mine(start.channels),
		sharded: mine(append(start.sharded, a.roomChannels()...))}
	if len(mine([]string{start.pattern})) > 0 {
		gone.pattern = start.pattern
	}
	l.out.order(job{kind: quit, subscriptions: gone})
}

// follow subscribes to the channel of a room if on is true, and unsubscribes otherwise.
func (l *link) follow(a *adapter, channel string, on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := job{kind: listen, subscriptions: subscriptions{sharded: []string{channel}}}
	if on {
		l.routes[channel] = a
	} else {
		if l.routes[channel] != a {
			return
		}
		j.kind = quit
		delete(l.routes, channel)
	}
	l.out.order(j)
}

func (l *link) route(name string) *adapter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.routes[name]
}

// put enqueues a job without blocking. It returns false if the job is dropped.
func (l *link) put(j job) bool {
	if l.out.put(j) {
		return true
	}
	if !l.out.isClosed() {
		l.log.Log(l.config.Log, slog.LevelWarn,
			"sioredis: message dropped, too many wait for Redis", "channel",
			event.Printable(j.channel))
	}
	return false
}

// close sends the queued jobs and closes the connection, within closeTimeout.
func (l *link) close() {
	l.out.close()
	timeout := time.NewTimer(closeTimeout)
	defer timeout.Stop()
	select {
	case <-l.ended:
	case <-timeout.C:
		l.config.Log.Warn("sioredis: closed before all messages were sent, Redis does not answer")
	}
}

// receive passes on the messages of a subscription until it is closed.
func (l *link) receive(sub *redis.PubSub) {
	for received := range sub.ChannelWithSubscriptions(redis.WithChannelSize(1024)) {
		l.take(received)
	}
}

// take routes a received message to its adapter, or a confirmation to the adapter that waits for
// it.
func (l *link) take(received any) {
	switch m := received.(type) {
	case *redis.Subscription:
		if a := l.route(m.Channel); a != nil {
			a.confirmed(m.Channel)
		}
	case *redis.Message:
		name := m.Channel
		if m.Pattern != "" {
			name = m.Pattern
		}
		if a := l.route(name); a != nil {
			a.receive(m)
		}
	}
}
