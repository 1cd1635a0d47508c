package redisserver

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// slots is the number of slots that the nodes of a Redis Cluster share.
const slots = 16384

// Cluster is a Redis Cluster whose nodes have the same number of slots each.
type Cluster struct {
	Nodes []*Node

	t testing.TB
}

// Node is one redis-server of a Cluster.
type Node struct {
	*Server
	Addr string // host and port
	ID   string // its name for the other nodes

	client *redis.Client
}

// StartCluster runs a Redis Cluster of n nodes until t ends.
func StartCluster(t testing.TB, nodes int) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	for i := range nodes {
		port, bus := freePort(t), freePort(t)
		n := &Node{Addr: net.JoinHostPort("127.0.0.1", port)}
		n.Server = Start(t, "--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes",
			"--cluster-port", bus)
		n.client = n.Client(t)
		ctx := t.Context()
		var err error
		n.ID, err = n.client.ClusterMyID(ctx).Result()
		require.NoError(t, err)
		require.NoError(t, n.client.ClusterAddSlotsRange(ctx, i*slots/nodes,
			(i+1)*slots/nodes-1).Err())
		if i > 0 {
			first, bus := c.Nodes[0], c.Nodes[0].arg("--cluster-port")
			require.NoError(t, n.client.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", first.arg("--port"),
				bus).Err())
		}
		c.Nodes = append(c.Nodes, n)
	}
	c.agree(func(n *Node) bool {
		return n.says("cluster_state:ok") && n.says(fmt.Sprintf("cluster_known_nodes:%d", nodes))
	})
	return c
}

// freePort returns a port that nothing listens on now.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// arg returns the value of an argument of the server.
func (n *Node) arg(name string) string {
	for i, arg := range n.args {
		if arg == name {
			return n.args[i+1]
		}
	}
	return ""
}

func (n *Node) says(line string) bool {
	info, err := n.client.ClusterInfo(context.Background()).Result()
	return err == nil && strings.Contains(info, line)
}

// agree waits until all nodes say so.
func (c *Cluster) agree(says func(*Node) bool) {
	c.t.Helper()
	for _, n := range c.Nodes {
		require.Eventually(c.t, func() bool {
			return says(n)
		}, time.Minute, 10*time.Millisecond, n.Addr)
	}
}

// Client returns a client of the cluster that t closes.
func (c *Cluster) Client(t testing.TB) *redis.ClusterClient {
	options := &redis.ClusterOptions{}
	for _, n := range c.Nodes {
		options.Addrs = append(options.Addrs, n.Addr)
	}
	client := redis.NewClusterClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Owner returns the node that serves the slot of a key or channel.
func (c *Cluster) Owner(key string) *Node {
	c.t.Helper()
	return c.ownerAt(c.Nodes[0], c.slot(key))
}

// ownerAt returns the node that serves a slot, as n knows it.
func (c *Cluster) ownerAt(n *Node, slot int64) *Node {
	c.t.Helper()
	shards, err := n.client.ClusterShards(c.t.Context()).Result()
	require.NoError(c.t, err)
	for _, shard := range shards {
		for _, r := range shard.Slots {
			if r.Start <= slot && slot <= r.End {
				return c.node(shard.Nodes[0].ID)
			}
		}
	}
	require.FailNow(c.t, "no node serves the slot", "%d", slot)
	return nil
}

func (c *Cluster) node(id string) *Node {
	i := slices.IndexFunc(c.Nodes, func(n *Node) bool { return n.ID == id })
	require.GreaterOrEqual(c.t, i, 0, "no node %s", id)
	return c.Nodes[i]
}

func (c *Cluster) slot(key string) int64 {
	slot, err := c.Nodes[0].client.ClusterKeySlot(c.t.Context(), key).Result()
	require.NoError(c.t, err)
	return slot
}

// Move gives the slot of a key or channel, with its keys, to the next node, as redis-cli --cluster
// reshard does. It returns when all nodes know the new owner.
func (c *Cluster) Move(key string) {
	c.t.Helper()
	ctx, slot, from := c.t.Context(), c.slot(key), c.Owner(key)
	to := c.Nodes[(slices.Index(c.Nodes, from)+1)%len(c.Nodes)]
	set := func(n *Node, state, id string) {
		require.NoError(c.t, n.client.Do(ctx, "CLUSTER", "SETSLOT", slot, state, id).Err())
	}
	set(to, "IMPORTING", from.ID)
	set(from, "MIGRATING", to.ID)
	for {
		keys, err := from.client.ClusterGetKeysInSlot(ctx, int(slot), 100).Result()
		require.NoError(c.t, err)
		if len(keys) == 0 {
			break
		}
		host, port, _ := net.SplitHostPort(to.Addr)
		for _, key := range keys {
			require.NoError(c.t, from.client.Migrate(ctx, host, port, key, 0, time.Minute).Err())
		}
	}
	set(to, "NODE", to.ID)
	set(from, "NODE", to.ID)
	for _, n := range c.Nodes {
		if n != from && n != to {
			set(n, "NODE", to.ID)
		}
	}
	// a heartbeat that the old owner has sent before may name it once more
	c.agree(func(n *Node) bool { return c.ownerAt(n, slot) == to })
}

// KillSubscribers closes the connections of all subscribers, which may connect again.
func (c *Cluster) KillSubscribers() {
	c.t.Helper()
	for _, n := range c.Nodes {
		require.NoError(c.t, n.client.ClientKillByFilter(c.t.Context(), "TYPE", "pubsub").Err())
	}
}
