package sio

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// serverSide holds a namespace's handlers of events between the servers of a cluster.
type serverSide struct {
	mu        sync.Mutex // guards what follows; not held while a handler runs
	listeners []*serverSideListener
}

type serverSideListener struct {
	name    string
	handler *event.Handler
}

// OnServerSide adds a handler of an event that another server of the cluster sends with
// ServerSideEmit. It is a func like that of Socket.On, and its ack answers ServerSideEmitWithAck;
// only the first answer of all handlers is sent. Handlers run one at a time; a panic is logged. The
// returned func removes the handler. OnServerSide panics if handler is not a valid handler, and for
// "connect", "connection" and "new_namespace", which no server sends.
func (n *namespaceBase) OnServerSide(name string, handler any) (off func()) {
	if IsReservedServerSide(name) {
		panic(fmt.Sprintf(
			"sio: OnServerSide(%q) would never be called: use OnConnection or OnNewNamespace",
			name))
	}
	l := &serverSideListener{name, event.NewHandler(handler, n.server.config.Strict)}
	n.serverSide.mu.Lock()
	defer n.serverSide.mu.Unlock()
	n.listeners = event.With(n.listeners, l, false)
	return func() {
		n.serverSide.mu.Lock()
		defer n.serverSide.mu.Unlock()
		n.listeners = event.Without(n.listeners, l)
	}
}

// reservedServerSide lists the events with which a namespace of the official server calls its own
// handlers.
var reservedServerSide = []string{"connect", "connection", "new_namespace"}

// IsReservedServerSide reports whether no server can send an event of that name with
// ServerSideEmit.
func IsReservedServerSide(name string) bool { return slices.Contains(reservedServerSide, name) }

func serverSidePacket(namespace, name string, args []any) (siopacket.Packet, error) {
	if IsReservedServerSide(name) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	return event.Packet(namespace, name, args)
}

// ServerSideEmit sends an event to this namespace on all other servers of the cluster, without
// waiting for them. Without a cluster it does nothing. The error is ErrReservedEvent, or names the
// argument that cannot be encoded.
func (n *namespaceBase) ServerSideEmit(event string, args ...any) error {
	packet, err := serverSidePacket(n.name, event, args)
	if err == nil {
		n.adapter.ServerSideEmit(packet)
	}
	return err
}

// ServerSideEmitWithAck is ServerSideEmit, and waits for one answer from each server until ctx
// ends. If some servers have not answered, it returns the other answers and the adapter's error.
func (n *namespaceBase) ServerSideEmitWithAck(ctx context.Context, event string,
	args ...any) ([]Args, error) {
	packet, err := serverSidePacket(n.name, event, args)
	if err != nil {
		return nil, err
	}
	return n.adapter.ServerSideEmitWithAck(ctx, packet)
}

// HandleServerSide runs the OnServerSide handlers for an event of another server, on the caller's
// goroutine. answer is their Ack: see event.NewAck. An Adapter calls it on the namespace's
// MemoryAdapter.
func (a *MemoryAdapter) HandleServerSide(p siopacket.Packet, answer Ack) {
	n := a.namespace
	n.serverSide.mu.Lock()
	listeners := n.listeners
	n.serverSide.mu.Unlock()
	e := event.Of(p)
	for _, l := range listeners {
		if l.name != e.Name {
			continue
		}
		n.server.guard(func() {
			if err := l.handler.Call(e.Args, answer); err != nil {
				n.log.Log(n.server.config.Log, slog.LevelWarn, "event refused", "namespace",
					event.Printable(n.name),
					"event", event.Printable(e.Name), "err", event.Printable(err))
			}
		}, func() {}) // it has no socket to close
	}
}
