package sioredis

import "github.com/redis/go-redis/v9"

// wire is the format in which the servers of one namespace talk through Redis. Each kind of adapter
// has its own: pubsubWire, shardedWire and streamsWire. It encodes messages as jobs for a link.
type wire interface {
	// start returns the subscriptions that a server needs before it joins the cluster.
	start() subscriptions

	// broadcast, request and respond encode a message to the other servers.
	broadcast(message) (job, error)
	request(request) (job, error)
	respond(to request, r response) (job, error)

	// urgent reports whether a message is a response, which a call is waiting for.
	urgent(*redis.Message) bool

	// read returns a message, a request or a response, or nil if m is not for this server.
	read(*redis.Message) (any, error)

	// servers returns a channel to which every server of the namespace is subscribed.
	servers() (channel string, sharded bool)
}

// newWire returns the wire of the configured adapter. knows reports whether a room has a member on
// this server; it may be nil.
func newWire(c Config, namespace, uid string, knows func(room string) bool) wire {
	switch {
	case c.Streams != nil:
		return newStreamsWire(c, namespace, uid)
	case c.Sharded != nil:
		return newShardedWire(c, namespace, uid)
	}
	return pubsubWire{newChannels(c.Key, namespace, uid), namespace, uid,
		c.SpecificResponses, knows}
}

// pubsubWire is the format of the official createAdapter: see channels, message, request and
// response.
type pubsubWire struct {
	channels  channels
	namespace string
	uid       string
	specific  bool
	knows     func(room string) bool
}

func (w pubsubWire) start() subscriptions {
	return subscriptions{channels: []string{w.channels.request, w.channels.response,
		w.channels.own}, pattern: w.channels.pattern}
}

func (w pubsubWire) servers() (channel string, sharded bool) { return w.channels.request, false }

func (w pubsubWire) broadcast(m message) (job, error) {
	wire, err := m.append(nil)
	return job{kind: publish, channel: w.channels.broadcastTo(m.opts.Rooms), message: wire,
		heard: true}, err
}

func (w pubsubWire) request(r request) (job, error) {
	wire, err := r.encode()
	return job{kind: publish, channel: w.channels.request, message: wire, heard: true}, err
}

func (w pubsubWire) respond(to request, r response) (job, error) {
	channel := w.channels.response
	if w.specific && to.UID != "" {
		channel = w.channels.responseTo(to.UID)
	}
	wire, err := r.encode()
	return job{kind: publish, channel: channel, message: wire}, err
}

func (w pubsubWire) urgent(m *redis.Message) bool {
	return m.Pattern == "" && m.Channel != w.channels.request
}

func (w pubsubWire) read(m *redis.Message) (any, error) {
	switch {
	case w.urgent(m):
		return parseResponse([]byte(m.Payload))
	case m.Pattern == "":
		r, err := parseRequest([]byte(m.Payload))
		if err != nil || r.UID == w.uid { // this server's own messages are already applied
			return nil, err
		}
		return r, nil
	}
	if room, one := w.channels.room(m.Channel); one && !w.knows(room) {
		return nil, nil
	}
	b, err := parseMessage([]byte(m.Payload), w.uid)
	if err != nil || b.uid == w.uid || b.packet.Namespace != w.namespace {
		return nil, err
	}
	return b, nil
}
