package sioredis

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
)

// Config configures a Cluster. Client is required; the zero values of the other fields are the
// official adapter's defaults.
type Config struct {
	// Client reaches one Redis, a Redis Cluster, or one behind a Sentinel. It stays the caller's,
	// to be closed after the server. Its MaxRetries should be -1: Redis may have taken a message
	// whose answer was lost, and would take it twice.
	Client redis.UniversalClient

	// Key starts the name of every channel, so that several clusters may share a Redis. Default
	// "socket.io".
	Key string

	// RequestTimeout bounds the wait for the other servers: for FetchSockets and
	// ServerSideEmitWithAck, and for Redis when a namespace joins. Default 5 s.
	RequestTimeout time.Duration

	// AnswerTimeout bounds BroadcastWithAck where neither its context nor its flags do, since no
	// server says when its client has gone. Default 1 min.
	AnswerTimeout time.Duration

	// SpecificResponses sends each answer only to the server that has asked, rather than to all. It
	// may differ between the servers of a cluster.
	SpecificResponses bool

	// MaxPending bounds the bytes that wait for Redis. At the bound, messages are dropped and
	// counted in the log. Default 16 MiB.
	MaxPending int

	// Log receives errors, and the number of messages that were lost. Default slog.Default().
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Key == "" {
		c.Key = "socket.io"
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = 5 * time.Second
	}
	if c.AnswerTimeout == 0 {
		c.AnswerTimeout = time.Minute
	}
	if c.MaxPending == 0 {
		c.MaxPending = 16 << 20
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Cluster connects each namespace of one server to the namespace of the same name on the other
// servers. It subscribes in Redis when the first namespace is made, and leaves when the last one
// ends, as sio.Server.Close and Shutdown do: it has no Close of its own.
type Cluster struct {
	config Config

	mu      sync.Mutex
	link    *link // nil while no namespace is in the cluster
	members int
}

// New makes a Cluster, whose Adapter goes into sio.Config.
func New(config Config) *Cluster { return &Cluster{config: config.withDefaults()} }

// Adapter joins a namespace to the cluster. It returns when Redis has confirmed that messages will
// come, or after RequestTimeout: the namespace then serves its own clients, and joins as soon as
// Redis can be reached.
func (c *Cluster) Adapter(n *sio.Namespace, local *sio.MemoryAdapter) sio.Adapter {
	a := newAdapter(c, n, local)
	c.enter(a)
	go a.serve()
	go a.serveEvents()
	timeout := time.NewTimer(c.config.RequestTimeout)
	defer timeout.Stop()
	select {
	case <-a.joined:
	case <-timeout.C:
		c.config.Log.Error("sioredis: the namespace is alone until Redis answers", "namespace", n.Name())
	}
	return a
}

func (c *Cluster) enter(a *adapter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members++; c.members == 1 {
		c.link = newLink(c.config)
	}
	a.link = c.link
	a.link.enter(a)
}

// leave is the counterpart of enter, called once. With the last namespace it waits a moment for
// what is still to be sent.
func (c *Cluster) leave(a *adapter) {
	c.mu.Lock()
	a.link.leave(a)
	c.members--
	last := c.members == 0
	if last {
		c.link = nil
	}
	c.mu.Unlock()
	if last {
		a.link.close()
	}
}

// serverCount is the number of servers that listen to a channel.
func serverCount(ctx context.Context, client redis.UniversalClient, channel string) (int, error) {
	var sum atomic.Int64
	count := func(ctx context.Context, one redis.UniversalClient) error {
		counts, err := one.PubSubNumSub(ctx, channel).Result()
		sum.Add(counts[channel])
		return err
	}
	cluster, many := client.(*redis.ClusterClient)
	if !many {
		err := count(ctx, client)
		return int(sum.Load()), err
	}
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return count(ctx, node) })
	return int(sum.Load()), err
}

// newID returns a random name of a server or a request.
func newID() string { return rand.Text()[:16] }
