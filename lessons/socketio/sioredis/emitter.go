package sioredis

import (
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// Emitter sends to the clients of a cluster from a program that has no clients itself, such as a
// worker or a command. It is the official @socket.io/redis-emitter; with Config.Sharded or
// Config.Streams it sends to servers with that adapter. Its methods do not change their receiver,
// so an Emitter may be stored, narrowed and reused, from any goroutine. There is nothing to close.
//
// The methods that send return when Redis has taken the message, or return the error of the Redis
// client, whose own timeouts bound the call. They do not wait for servers, and succeed even if no
// server runs.
type Emitter struct {
	config    Config
	namespace string
	to        sio.Selection
	flags     sio.Flags
}

// NewEmitter returns an Emitter for all sockets of the main namespace. It reads Config.Client, Key,
// Sharded and Streams, which must be the same as on the servers. It panics as New does.
func NewEmitter(config Config) Emitter {
	config.check()
	return Emitter{config: config.withDefaults(), namespace: siopacket.MainNamespace}
}

// emitterUID is the server id that every emitter sends.
const emitterUID = "emitter"

// Of returns an Emitter for all sockets of a namespace. The leading slash of its name is optional.
func (e Emitter) Of(namespace string) Emitter {
	if !strings.HasPrefix(namespace, "/") {
		namespace = "/" + namespace
	}
	return Emitter{config: e.config, namespace: namespace}
}

// To adds rooms to the selection: it becomes the sockets in at least one of them. A socket in
// several receives an event once. Each socket's id is a room that contains only that socket.
func (e Emitter) To(rooms ...string) Emitter {
	e.to.Rooms = append(slices.Clip(e.to.Rooms), rooms...)
	return e
}

// In is another name for To.
func (e Emitter) In(rooms ...string) Emitter { return e.To(rooms...) }

// Except excludes the sockets in any of the rooms, even if To selects them.
func (e Emitter) Except(rooms ...string) Emitter {
	e.to.Except = append(slices.Clip(e.to.Except), rooms...)
	return e
}

// Volatile skips clients that cannot receive the event at once.
func (e Emitter) Volatile() Emitter {
	e.flags.Volatile = true
	return e
}

// Compress says whether transports that compress messages compress this event. By default they do.
func (e Emitter) Compress(compress bool) Emitter {
	e.flags.Uncompressed = !compress
	return e
}

// Emit sends an event to every selected socket. The error is sio.ErrReservedEvent, names the
// argument that cannot be encoded, or comes from the Redis client.
func (e Emitter) Emit(name string, args ...any) error {
	if siopacket.IsReserved(name) {
		return sio.ErrReservedEvent
	}
	packet, err := event.Packet(e.namespace, name, args)
	if err != nil {
		return err
	}
	return e.tell(e.wire().broadcast(message{emitterUID, packet, *newOptions(e.to, e.flags)}))
}

// Send is Emit of the event "message".
func (e Emitter) Send(args ...any) error { return e.Emit("message", args...) }

// SocketsJoin adds the selected sockets to rooms.
func (e Emitter) SocketsJoin(rooms ...string) error {
	return e.ask(request{Kind: remoteJoin, Opts: newOptions(e.to, sio.Flags{}), Rooms: rooms})
}

// SocketsLeave removes the selected sockets from rooms.
func (e Emitter) SocketsLeave(rooms ...string) error {
	return e.ask(request{Kind: remoteLeave, Opts: newOptions(e.to, sio.Flags{}), Rooms: rooms})
}

// DisconnectSockets disconnects the selected sockets from the namespace. If all is true, it closes
// the clients' connections.
func (e Emitter) DisconnectSockets(all bool) error {
	return e.ask(request{Kind: remoteDisconn, Opts: newOptions(e.to, sio.Flags{}), Close: all})
}

// ServerSideEmit sends an event to the namespace on every server, for the handlers of OnServerSide.
// To and the like have no effect on it.
func (e Emitter) ServerSideEmit(name string, args ...any) error {
	if sio.IsReservedServerSide(name) {
		return sio.ErrReservedEvent
	}
	packet, err := event.Packet(e.namespace, name, args)
	if err != nil {
		return err
	}
	return e.ask(request{Kind: serverSideEmit, Data: packet.Data, attachments: packet.Attachments})
}

func (e Emitter) wire() wire { return newWire(e.config, e.namespace, emitterUID, nil) }

func (e Emitter) ask(r request) error {
	r.UID = emitterUID
	return e.tell(e.wire().request(r))
}

// tell sends a job to Redis and waits for the reply.
func (e Emitter) tell(j job, err error) error {
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), e.config.RequestTimeout)
	defer cancel()
	_, err = e.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		tell(ctx, p, j)
		return nil
	})
	return err
}
