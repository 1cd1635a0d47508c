package sioredis

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
)

// Config configures a Cluster or an Emitter. Client is required; the zero values of the other
// fields are the official defaults. All servers of a cluster need the same kind of adapter:
// Pub/Sub, or the one that Sharded or Streams selects.
type Config struct {
	// Client connects to one Redis, a Redis Cluster, or one behind a Sentinel. The caller closes
	// it, after the server. Its MaxRetries should be -1: a retry after a lost reply would send a
	// message twice.
	Client redis.UniversalClient

	// Key starts the name of every channel, so that several clusters may share a Redis. Default
	// "socket.io".
	Key string

	// Sharded chooses sharded Pub/Sub, the official createShardedAdapter. It needs Redis 7.
	Sharded *Sharded

	// Streams chooses a Redis stream, the official @socket.io/redis-streams-adapter. With it, the
	// servers share connection state recovery.
	Streams *Streams

	// RequestTimeout bounds the wait for the other servers in FetchSockets and
	// ServerSideEmitWithAck, and the wait for Redis when a namespace joins or a client recovers its
	// session. It is also how long stream entries are kept while Redis is unreachable. Default 5 s.
	RequestTimeout time.Duration

	// AnswerTimeout bounds BroadcastWithAck if neither its context nor its flags do: a server does
	// not report that its client has disconnected. Default 1 min.
	AnswerTimeout time.Duration

	// SpecificResponses sends each answer only to the server that asked, instead of to all. It may
	// differ between the servers of a cluster. Sharded and Streams always do so.
	SpecificResponses bool

	// MaxPending bounds the queue to Redis, in bytes. When it is full, messages are dropped and
	// counted in the log. Default 16 MiB.
	MaxPending int

	// Log receives errors and the number of lost messages. Default slog.Default().
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
	if c.Streams != nil {
		c.Streams = c.Streams.withDefaults()
	}
	return c
}

// Cluster connects each namespace of one server to the namespace of the same name on the other
// servers. It subscribes in Redis when the first namespace is created, and unsubscribes when the
// last one closes. It has no Close of its own: sio.Server.Close and Shutdown close the namespaces.
type Cluster struct {
	config Config

	mu      sync.Mutex
	link    *link // nil while no namespace is in the cluster
	members int
}

// New returns a Cluster, whose Adapter goes into sio.Config. It panics if Config.Sharded and
// Config.Streams are both set, or if Sharded.Mode is unknown.
func New(config Config) *Cluster {
	config.check()
	return &Cluster{config: config.withDefaults()}
}

func (c Config) check() {
	switch {
	case c.Sharded != nil && c.Streams != nil:
		panic("sioredis: Config.Sharded and Config.Streams are two " +
			"kinds of adapter: set one of them")
	case c.Sharded != nil && !slices.Contains([]SubscriptionMode{"", StaticMode, DynamicMode,
		DynamicPrivateMode}, c.Sharded.Mode):
		panic(fmt.Sprintf("sioredis: Sharded.Mode is %q: write static, dynamic or dynamic-private",
			c.Sharded.Mode))
	}
}

// Adapter joins a namespace to the cluster. It returns when Redis has confirmed the subscriptions,
// or after RequestTimeout. In that case the namespace serves its own clients, and joins as soon as
// Redis is reachable.
func (c *Cluster) Adapter(n *sio.Namespace, local *sio.MemoryAdapter) sio.Adapter {
	a := newAdapter(c, n, local)
	c.enter(a)
	a.followRooms()
	go a.serve()
	go a.serveEvents()
	timeout := time.NewTimer(c.config.RequestTimeout)
	defer timeout.Stop()
	select {
	case <-a.joined:
	case <-timeout.C:
		c.config.Log.Error("sioredis: the namespace is alone until Redis answers", "namespace",
			n.Name())
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

// leave is the counterpart of enter, called once. For the last namespace it waits until the queue
// is sent, at most closeTimeout.
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

// serverCount returns the number of servers that are subscribed to a channel.
func serverCount(ctx context.Context, client redis.UniversalClient, channel string,
	sharded bool) (int, error) {
	var sum atomic.Int64
	count := func(ctx context.Context, one redis.UniversalClient) error {
		ask := one.PubSubNumSub
		if sharded {
			ask = one.PubSubShardNumSub
		}
		counts, err := ask(ctx, channel).Result()
		sum.Add(counts[channel])
		return err
	}
	cluster, many := client.(*redis.ClusterClient)
	if !many {
		err := count(ctx, client)
		return int(sum.Load()), err
	}
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		return count(ctx, node)
	})
	return int(sum.Load()), err
}

// newID returns a random name of a server or a request.
func newID() string { return rand.Text()[:16] }
