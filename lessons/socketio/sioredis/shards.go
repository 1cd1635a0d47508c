package sioredis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// shards holds the subscriptions to sharded channels. In a Redis Cluster, the node that serves a
// channel's slot sends its messages, and a slot may move to another node. After an error, go-redis
// subscribes again on the same node, to all channels in one command, which a cluster refuses if
// they belong to several slots. So shards replaces a failed connection itself: channels without a
// confirmed subscription are open until settle has found their node.
type shards struct {
	link    *link
	cluster *redis.ClusterClient // nil for a single Redis
	wake    chan struct{}        // has one element after a channel became open

	mu    sync.Mutex        // not held while Redis is asked
	nodes map[string]*shard // by address
	at    map[string]*shard // by channel; nil if no node is known
	open  map[string]bool   // channels that no node has confirmed
}

// shard is the subscription to one node of a Redis Cluster.
type shard struct {
	addr  string
	sub   *redis.PubSub
	heard atomic.Bool // a message arrived since the last check
	asked bool        // a ping was sent since the last message; owned by tend
}

// checkInterval is the time between two checks of a node's connection, and of the open channels.
const checkInterval = 3 * time.Second

func newShards(l *link) *shards {
	cluster, _ := l.config.Client.(*redis.ClusterClient)
	return &shards{
		link: l, cluster: cluster, wake: make(chan struct{}, 1),
		nodes: map[string]*shard{}, at: map[string]*shard{}, open: map[string]bool{},
	}
}

// listen subscribes to a channel. Only the link's send goroutine calls listen, quit and settle.
func (s *shards) listen(ctx context.Context, channel string) {
	if s.cluster == nil {
		_ = s.link.sub.SSubscribe(ctx, channel)
		return
	}
	master, err := s.cluster.MasterForKey(ctx, channel)
	s.mu.Lock()
	s.open[channel], s.at[channel] = true, nil
	var sh *shard
	if err == nil {
		sh = s.node(ctx, master)
		s.at[channel] = sh
	}
	s.mu.Unlock()
	if sh != nil {
		_ = sh.sub.SSubscribe(ctx, channel) // receive gets the same error
	}
}

// quit unsubscribes from a channel.
func (s *shards) quit(ctx context.Context, channel string) {
	if s.cluster == nil {
		_ = s.link.sub.SUnsubscribe(ctx, channel)
		return
	}
	s.mu.Lock()
	sh := s.at[channel]
	delete(s.at, channel)
	delete(s.open, channel)
	s.mu.Unlock()
	if sh != nil {
		_ = sh.sub.SUnsubscribe(ctx, channel)
	}
}

// settle subscribes to the open channels on the nodes that serve them now.
func (s *shards) settle(ctx context.Context) {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	if len(open) == 0 {
		return
	}
	readSlots(ctx, s.cluster)
	for _, channel := range open {
		s.listen(ctx, channel)
	}
}

// readSlots asks a cluster again for the nodes that serve the slots, as ForEachMaster does before
// it begins. Without it, the client may take a minute to learn that a slot has moved.
func readSlots(ctx context.Context, cluster *redis.ClusterClient) {
	_ = cluster.ForEachMaster(ctx, func(context.Context, *redis.Client) error { return nil })
}

// node returns the subscription to a node. The caller holds mu.
func (s *shards) node(ctx context.Context, master *redis.Client) *shard {
	addr := master.Options().Addr
	sh := s.nodes[addr]
	if sh == nil {
		sh = &shard{addr: addr, sub: master.SSubscribe(ctx)} // to nothing yet
		s.nodes[addr] = sh
		s.link.working.Go(func() { s.receive(sh) })
	}
	return sh
}

// receive passes on the messages of a node until its connection fails. Its channels then become
// open.
func (s *shards) receive(sh *shard) {
	for {
		received, err := sh.sub.Receive(context.Background())
		sh.heard.Store(true)
		if m, ok := received.(*redis.Subscription); ok {
			s.note(sh, m)
		}
		switch {
		case err == nil:
			s.link.take(received)
		case refused(err):
			s.wakeUp()
		default:
			_ = sh.sub.Close()
			s.giveUp(sh)
			return
		}
	}
}

// refused reports whether an error is a node's answer to a subscription that belongs elsewhere.
func refused(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return false
	}
	text := reply.Error()
	return strings.HasPrefix(text, "MOVED ") || strings.HasPrefix(text, "CLUSTERDOWN ") ||
		strings.HasPrefix(text, "CROSSSLOT ")
}

// note records that a node has confirmed a subscription or ended it.
func (s *shards) note(sh *shard, m *redis.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[m.Channel] != sh {
		return // no longer wanted, or from another node
	}
	if m.Kind == "ssubscribe" {
		delete(s.open, m.Channel)
		return
	}
	s.open[m.Channel] = true // the slot has moved
	s.wakeUp()
}

func (s *shards) giveUp(sh *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nodes[sh.addr] == sh {
		delete(s.nodes, sh.addr)
	}
	for channel, at := range s.at {
		if at == sh {
			s.at[channel], s.open[channel] = nil, true
		}
	}
	s.wakeUp()
}

func (s *shards) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// tend settles open channels and checks the connections until the link closes.
func (s *shards) tend() {
	check := time.NewTicker(checkInterval)
	defer check.Stop()
	for {
		select {
		case <-s.wake:
		case <-check.C:
			s.check()
		case <-s.link.closing:
			return
		}
		s.mu.Lock()
		open := len(s.open)
		s.mu.Unlock()
		if open == 0 {
			continue
		}
		s.link.out.order(job{kind: settle})
		select { // not more often: the nodes may not agree yet
		case <-time.After(retryDelay):
		case <-s.link.closing:
			return
		}
	}
}

// check pings each silent node, and closes the connection if it was silent after the last ping.
func (s *shards) check() {
	for _, sh := range s.all() {
		switch {
		case sh.heard.Swap(false):
			sh.asked = false
		case sh.asked:
			_ = sh.sub.Close()
		default:
			sh.asked = true
			ctx, cancel := context.WithTimeout(context.Background(), checkInterval)
			_ = sh.sub.Ping(ctx)
			cancel()
		}
	}
}

func (s *shards) close() {
	for _, sh := range s.all() {
		_ = sh.sub.Close()
	}
}

func (s *shards) all() []*shard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.nodes))
}
