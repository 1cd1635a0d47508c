package sioredis

import (
	"unicode/utf16"

	"github.com/redis/go-redis/v9"
)

// Sharded configures the sharded Pub/Sub of Redis 7, in which one node of a Redis Cluster handles a
// channel, and sends its messages only to the subscribers. It is the official createShardedAdapter:
// all servers of a cluster must have the same Mode.
type Sharded struct {
	// Mode selects the rooms that have their own channel. Default DynamicMode.
	Mode SubscriptionMode
}

// SubscriptionMode selects the rooms that have their own channel. A broadcast to such a room
// reaches only the servers with a member in it.
type SubscriptionMode string

// The modes, with the official names.
const (
	// StaticMode has two channels for each namespace and server: everything reaches every server.
	StaticMode SubscriptionMode = "static"

	// DynamicMode has a channel for each room, except the room of each socket's id. A name of 20
	// characters counts as a socket's id.
	DynamicMode SubscriptionMode = "dynamic"

	// DynamicPrivateMode also has a channel for each socket's id.
	DynamicPrivateMode SubscriptionMode = "dynamic-private"
)

// shardedWire is the format of the official createShardedAdapter:
//
//	socket.io#/chat#        broadcasts and requests
//	socket.io#/chat#UID#    responses for the server UID
//	socket.io#/chat#room#   broadcasts to one room, in the dynamic modes
type shardedWire struct {
	namespace, uid string
	public         string
	mode           SubscriptionMode
}

func newShardedWire(c Config, namespace, uid string) shardedWire {
	return shardedWire{namespace, uid, c.Key + "#" + namespace + "#", c.Sharded.Mode}
}

func (w shardedWire) start() subscriptions {
	return subscriptions{sharded: []string{w.public, w.own()}}
}

func (w shardedWire) own() string { return w.public + w.uid + "#" }

func (w shardedWire) servers() (channel string, sharded bool) { return w.public, true }

// room returns the channel of a room. It returns false if the room has none.
func (w shardedWire) room(room string) (channel string, ok bool) {
	id := len(utf16.Encode([]rune(room))) == 20 // as the official adapter decides it
	ok = w.mode == DynamicPrivateMode || w.mode != StaticMode && !id
	return w.public + room + "#", ok
}

func (w shardedWire) broadcast(m message) (job, error) {
	c, err := clusterOfMessage(m)
	if err != nil {
		return job{}, err
	}
	j, err := w.send(w.public, c)
	j.heard = true
	if len(m.opts.Rooms) == 1 {
		if channel, own := w.room(m.opts.Rooms[0]); own {
			j.channel, j.heard = channel, false
		}
	}
	return j, err
}

func (w shardedWire) request(r request) (job, error) {
	c, err := clusterOfRequest(r)
	if err != nil {
		return job{}, err
	}
	j, err := w.send(w.public, c)
	j.heard = true
	return j, err
}

func (w shardedWire) respond(to request, r response) (job, error) {
	c, err := clusterOfResponse(to, r)
	if err != nil {
		return job{}, err
	}
	return w.send(w.public+to.UID+"#", c)
}

func (w shardedWire) send(channel string, m clusterMessage) (job, error) {
	m.UID, m.Name = w.uid, w.namespace
	wire, err := m.encode()
	return job{kind: spublish, channel: channel, message: wire}, err
}

func (w shardedWire) urgent(m *redis.Message) bool { return m.Channel == w.own() }

func (w shardedWire) read(m *redis.Message) (any, error) {
	c, err := parseCluster([]byte(m.Payload))
	if err != nil || c.UID == w.uid || c.Name != "" && c.Name != w.namespace {
		return nil, err
	}
	return c.meaning(w.namespace)
}
