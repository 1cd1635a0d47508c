package sio

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Broadcast is a choice of sockets and how to send to them: the value that To, Except, Volatile and
// the like return. Methods that return a Broadcast leave their receiver as it was, so one may be
// kept, narrowed and used again, from any goroutine. A Broadcast holds nothing that has to be
// closed.
type Broadcast struct{ broadcaster }

// A broadcaster has the methods of Broadcast, Namespace, Server and ParentNamespace. A namespace's
// choice is all its sockets; a parent's is all sockets of its children.
type broadcaster struct {
	namespace *Namespace       // nil for a choice in all children of a parent
	children  *ParentNamespace // nil for a choice in one namespace
	to        Selection
	flags     Flags
}

// each calls f with the namespace of the choice, or with the children that the parent has now.
func (b broadcaster) each(f func(*Namespace)) {
	if b.children == nil {
		f(b.namespace)
		return
	}
	for _, child := range b.children.Children() {
		f(child)
	}
}

// To adds rooms: the choice is the sockets in at least one of them. A socket in several receives an
// event once. Each socket's id is a room that contains only that socket.
func (b broadcaster) To(rooms ...string) Broadcast {
	b.to.Rooms = append(slices.Clip(b.to.Rooms), rooms...)
	return Broadcast{b}
}

// In is another name for To.
func (b broadcaster) In(rooms ...string) Broadcast { return b.To(rooms...) }

// Except leaves out the sockets in any of the rooms, even if To has named them.
func (b broadcaster) Except(rooms ...string) Broadcast {
	b.to.Except = append(slices.Clip(b.to.Except), rooms...)
	return Broadcast{b}
}

// Volatile skips clients that cannot be sent to at once, because earlier messages wait for them or
// no poll does. They never receive the event, not even after a recovery.
func (b broadcaster) Volatile() Broadcast {
	b.flags.Volatile = true
	return Broadcast{b}
}

// Compress says whether transports that compress messages compress this event. By default they do.
func (b broadcaster) Compress(compress bool) Broadcast {
	b.flags.Uncompressed = !compress
	return Broadcast{b}
}

// Local limits the choice to the sockets of this server. Without Config.Adapter, that is all of
// them.
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

// Emit sends an event to every socket of the choice; that of a Server or Namespace is all its
// sockets, on all servers. The event is encoded once. All sockets of a namespace receive its
// broadcasts in the same order. Emit queues the event and never waits for a client; a client that
// is too slow is closed, see engineio.Config.MaxQueue. The error is ErrReservedEvent, or says which
// argument cannot be encoded; nothing is sent then. Emit may be called from any goroutine.
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

// EmitWithAck sends an event and waits for an acknowledgement from every client of the choice,
// until ctx ends, or Timeout if that is earlier. The answers are in the order in which they came.
// If some clients have not answered, the error is a *MissingAnswersError that names them, and the
// answers that came are returned too. Otherwise it fails as Emit does. A handler may call it: the
// clients are read meanwhile.
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
				missing = &MissingAnswersError{Sockets: append(slices.Clip(missing.Sockets), some.Sockets...), Err: missing.Err}
			}
		})
	})
	asking.Wait()
	if thrown != nil { // by an adapter: it is the caller's, as for a single namespace
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

// FetchSockets describes the sockets of the choice on all servers, in no order. If ctx ends before
// every server has answered, it returns the known ones and the adapter's error. On one server it
// never waits and never fails.
func (b broadcaster) FetchSockets(ctx context.Context) ([]RemoteSocket, error) {
	sockets := []RemoteSocket{}
	var errs []error
	b.each(func(n *Namespace) {
		infos, err := n.adapter.FetchSockets(ctx, b.to, b.flags)
		for _, info := range infos {
			sockets = append(sockets, RemoteSocket{SocketInfo: info, Broadcast: broadcaster{namespace: n}.To(info.ID)})
		}
		errs = append(errs, err)
	})
	return sockets, errors.Join(errs...)
}

// SocketsJoin makes the sockets of the choice join rooms. Those of this server have joined when it
// returns; it does not wait for the other servers.
func (b broadcaster) SocketsJoin(rooms ...string) {
	b.each(func(n *Namespace) { n.adapter.Join(b.to, b.flags, rooms) })
}

// SocketsLeave makes the sockets of the choice leave rooms, as SocketsJoin makes them join.
func (b broadcaster) SocketsLeave(rooms ...string) {
	b.each(func(n *Namespace) { n.adapter.Leave(b.to, b.flags, rooms) })
}

// DisconnectSockets disconnects the sockets of the choice from the namespace. With all, it also
// closes the connections of their clients. It waits neither for the clients nor for other servers.
func (b broadcaster) DisconnectSockets(all bool) {
	b.each(func(n *Namespace) { n.adapter.Disconnect(b.to, b.flags, all) })
}

// RemoteSocket describes a socket at the moment of FetchSockets. The socket may be connected to
// another server, and may have left since. Its broadcast methods reach this socket alone.
type RemoteSocket struct {
	SocketInfo
	Broadcast
}

// Join makes the socket join rooms, as SocketsJoin does.
func (s RemoteSocket) Join(rooms ...string) { s.SocketsJoin(rooms...) }

// Leave makes the socket leave rooms, as SocketsLeave does.
func (s RemoteSocket) Leave(rooms ...string) { s.SocketsLeave(rooms...) }

// Disconnect is DisconnectSockets of this socket.
func (s RemoteSocket) Disconnect(all bool) { s.DisconnectSockets(all) }
