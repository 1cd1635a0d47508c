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

// link is a server's connection to Redis for all its namespaces: one goroutine that receives, one
// that sends.
type link struct {
	config Config
	sub    *redis.PubSub
	out    outbox
	log    event.LogLimit
	// subscribed says that Redis has confirmed the subscriptions of a namespace once.
	subscribed atomic.Bool
	ended      chan struct{} // closed when both goroutines have returned

	mu     sync.Mutex
	routes map[string]*adapter // by channel or pattern
}

// closeTimeout bounds the wait of a closing link until its queue is sent.
const closeTimeout = 2 * time.Second

func newLink(config Config) *link {
	l := &link{
		config: config,
		sub:    config.Client.Subscribe(context.Background()), // to nothing yet
		out:    outbox{limit: config.MaxPending, wake: make(chan struct{}, 1)},
		ended:  make(chan struct{}),
		routes: map[string]*adapter{},
	}
	var receiving sync.WaitGroup
	receiving.Go(l.receive)
	go func() {
		defer close(l.ended)
		l.send()
		_ = l.sub.Close()
		receiving.Wait()
	}()
	return l
}

// enter has the namespace's messages brought to a.
func (l *link) enter(a *adapter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range a.channels.all() {
		l.routes[name] = a
	}
	l.out.order(job{subscribe: a.channels.subscribed(), pattern: a.channels.pattern})
}

// leave ends that, except for channels that a namespace of the same name has taken over since.
func (l *link) leave(a *adapter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var quit job
	for _, name := range a.channels.all() {
		switch {
		case l.routes[name] != a:
			continue
		case name == a.channels.pattern:
			quit.unpattern = name
		default:
			quit.unsubscribe = append(quit.unsubscribe, name)
		}
		delete(l.routes, name)
	}
	l.out.order(quit)
}

func (l *link) route(name string) *adapter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.routes[name]
}

// publish queues a message; it waits for nothing.
func (l *link) publish(channel string, message []byte) {
	if !l.out.publish(channel, message) {
		l.log.Log(l.config.Log, slog.LevelWarn, "sioredis: message dropped, too many wait for Redis", "channel", event.Printable(channel))
	}
}

// close sends what is queued and ends the connection, within closeTimeout.
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

// receive passes on what Redis sends, until the subscription is closed.
func (l *link) receive() {
	for received := range l.sub.ChannelWithSubscriptions(redis.WithChannelSize(1024)) {
		switch m := received.(type) {
		case *redis.Subscription:
			if a := l.route(m.Channel); a != nil {
				a.confirmed(m)
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
}
