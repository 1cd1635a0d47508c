package sio

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Broadcast is a selection of sockets with options for sending: the result of To, Except, Volatile
// and the like. Methods that return a Broadcast do not change their receiver, so a Broadcast may be
// stored, narrowed and reused, from any goroutine. There is nothing to close.
type Broadcast struct{ broadcaster }

// A broadcaster has the methods of Broadcast, Namespace, Server and ParentNamespace. A namespace
// selects all its sockets; a parent selects all sockets of its children.
type broadcaster struct {
	namespace *Namespace       // nil for a selection in all children of a parent
	children  *ParentNamespace // nil for a selection in one namespace
	to        Selection
	flags     Flags
}

// each calls f with the selection's namespace, or with each current child of the parent.
func (b broadcaster) each(f func(*Namespace)) {
	if b.children == nil {
		f(b.namespace)
		return
	}
	for _, child := range b.children.Children() {
		f(child)
	}
}

// To adds rooms to the selection: it becomes the sockets in at least one of them. A socket in
// several receives an event once. Each socket's id is a room that contains only that socket.
func (b broadcaster) To(rooms ...string) Broadcast {
	b.to.Rooms = append(slices.Clip(b.to.Rooms), rooms...)
	return Broadcast{b}
}

// In is another name for To.
func (b broadcaster) In(rooms ...string) Broadcast { return b.To(rooms...) }

// Except excludes the sockets in any of the rooms, even if To selects them.
func (b broadcaster) Except(rooms ...string) Broadcast {
	b.to.Except = append(slices.Clip(b.to.Except), rooms...)
	return Broadcast{b}
}

// Volatile skips clients that cannot receive the event at once, because earlier messages are queued
// or no poll is waiting. They never receive it, not even after a recovery.
func (b broadcaster) Volatile() Broadcast {
	b.flags.Volatile = true
	return Broadcast{b}
}

// Compress says whether transports that compress messages compress this event. By default they do.
func (b broadcaster) Compress(compress bool) Broadcast {
	b.flags.Uncompressed = !compress
	return Broadcast{b}
}

// Local limits the selection to the sockets of this server. Without Config.Adapter, it has no
// effect.
func (b broadcaster) Local() Broadcast {
	b.flags.Local = true
	return Broadcast{b}
}

// Timeout bounds the wait of EmitWithAck, which then fails with ErrTimeout. Zero or less ends the
// wait at once, as in the official server. Without Timeout, only the context bounds it.
func (b broadcaster) Timeout(d time.Duration) Broadcast {
	b.flags.Timeout = max(d, 1)
	return Broadcast{b}
}

// Emit sends an event to every selected socket; a Server or Namespace selects all its sockets, on
// all servers. The event is encoded once. All sockets of a namespace receive its broadcasts in the
// same order. Emit queues the event and never waits for a client. The server closes a client whose
// queue is full: see engineio.Config.MaxQueue. The error is ErrReservedEvent, or names the argument
// that cannot be encoded; then nothing is sent. Emit may be called from any goroutine.
func (b broadcaster) Emit(event string, args ...any) error {
	packet, err := eventPacket("", event, args)
	if err != nil {
		return err
	}
	b.each(func(n *Namespace) {
		packet.Namespace = n.name
		n.adapter.Broadcast(packet, b.to, b.flags)
	})
	return nil
}

// Send is Emit of the event "message".
func (b broadcaster) Send(args ...any) error { return b.Emit("message", args...) }

// EmitWithAck sends an event and waits for an acknowledgement from every selected client, until ctx
// ends or Timeout has passed. The answers are in the order of their arrival. If some clients have
// not answered, it returns the other answers and a *MissingAnswersError that lists those clients.
// It also fails like Emit. A handler may call it: the server keeps reading from the clients.
func (b broadcaster) EmitWithAck(ctx context.Context, event string, args ...any) ([]Answer, error) {
	packet, err := eventPacket("", event, args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := b.flags.within(ctx)
	defer cancel()
	if b.children == nil {
		packet.Namespace = b.namespace.name
		return b.namespace.adapter.BroadcastWithAck(ctx, packet, b.to, b.flags)
	}
	var (
		mu      sync.Mutex
		all     []Answer
		missing *MissingAnswersError
		failed  []error
		thrown  any
		asking  sync.WaitGroup
	)
	b.each(func(n *Namespace) {
		p := packet
		p.Namespace = n.name
		asking.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					mu.Lock()
					defer mu.Unlock()
					thrown = v
				}
			}()
			answers, err := n.adapter.BroadcastWithAck(ctx, p, b.to, b.flags)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, answers...)
			var some *MissingAnswersError
			switch {
			case err == nil:
			case !errors.As(err, &some):
				failed = append(failed, err)
			case missing == nil:
				missing = some
			default:
				missing = &MissingAnswersError{Sockets: append(slices.Clip(missing.Sockets),
					some.Sockets...), Err: missing.Err}
			}
		})
	})
	asking.Wait()
	if thrown != nil { // by an adapter: the caller gets the panic, as for a single namespace
		panic(thrown)
	}
	switch {
	case missing == nil:
		return all, errors.Join(failed...)
	case failed == nil:
		return all, missing
	}
	return all, errors.Join(append(failed, missing)...)
}

// FetchSockets describes the selected sockets on all servers, in no order. If ctx ends before every
// server has answered, it returns the sockets of the servers that have, and the adapter's error.
// Without a cluster it never blocks and never fails.
func (b broadcaster) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	sockets := []RemoteSocket{}
	var errs []error
	b.each(func(n *Namespace) {
		infos, err := n.adapter.FetchSockets(ctx, b.to, b.flags)
		for _, info := range infos {
			sockets = append(sockets, RemoteSocket{SocketInfo: info,
				Broadcast: broadcaster{namespace: n}.To(info.ID)})
		}
		errs = append(errs, err)
	})
	return sockets, errors.Join(errs...)
}

// SocketsJoin adds the selected sockets to rooms. Sockets of this server have joined when it
// returns; it does not wait for the other servers.
func (b broadcaster) SocketsJoin(rooms ...string) {
	b.each(func(n *Namespace) { n.adapter.Join(b.to, b.flags, rooms) })
}

// SocketsLeave removes the selected sockets from rooms. Like SocketsJoin, it does not wait for the
// other servers.
func (b broadcaster) SocketsLeave(rooms ...string) {
	b.each(func(n *Namespace) { n.adapter.Leave(b.to, b.flags, rooms) })
}

// DisconnectSockets disconnects the selected sockets from the namespace. If all is true, it also
// closes the clients' connections. It waits neither for the clients nor for other servers.
func (b broadcaster) DisconnectSockets(all bool) {
	b.each(func(n *Namespace) { n.adapter.Disconnect(b.to, b.flags, all) })
}

// RemoteSocket describes a socket at the time of FetchSockets. The socket may be connected to
// another server, and may have disconnected since. The methods of RemoteSocket affect this socket
// only.
type RemoteSocket struct {
	SocketInfo
	Broadcast
}

// Join adds the socket to rooms: see SocketsJoin.
func (s RemoteSocket) Join(rooms ...string) { s.SocketsJoin(rooms...) }

// Leave removes the socket from rooms: see SocketsLeave.
func (s RemoteSocket) Leave(rooms ...string) { s.SocketsLeave(rooms...) }

// Disconnect disconnects the socket: see DisconnectSockets.
func (s RemoteSocket) Disconnect(all bool) { s.DisconnectSockets(all) }
