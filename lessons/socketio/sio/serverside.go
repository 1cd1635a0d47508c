package sio

import (
	"context"
	"fmt"
	"slices"

	"realtimelab/lessons/socketio/siopacket"
)

// OnServerSide adds a handler of an event that another server of the cluster
// sends with ServerSideEmit. It is a func like that of Socket.On, and its ack
// answers ServerSideEmitWithAck; the first answer of all handlers counts. The
// func returned removes it.
func (n *Namespace) OnServerSide(event string, handler any) (off func()) {
	l := &listener{event: event, handler: siopacket.NewHandler(handler)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.serverSide = with(n.serverSide, l, false)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.serverSide = without(n.serverSide, l)
	}
}

// reservedServerSide are what a namespace of the official server calls its own
// handlers with.
var reservedServerSide = []string{"connect", "connection", "new_namespace"}

func serverSidePacket(namespace, event string, args []any) (siopacket.Packet, error) {
	if slices.Contains(reservedServerSide, event) {
		return siopacket.Packet{}, ErrReservedEvent
	}
	return anyEventPacket(namespace, event, args)
}

// ServerSideEmit sends an event to this namespace on all other servers of the
// cluster. Without a cluster it reaches nobody.
func (n *Namespace) ServerSideEmit(event string, args ...any) error {
	packet, err := serverSidePacket(n.name, event, args)
	if err == nil {
		n.adapter.ServerSideEmit(packet)
	}
	return err
}

// ServerSideEmitWithAck is ServerSideEmit, and collects an answer of each
// server. When ctx ends before all have answered, it returns the answers that
// came, and an error.
func (n *Namespace) ServerSideEmitWithAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	packet, err := serverSidePacket(n.name, event, args)
	if err != nil {
		return nil, err
	}
	return n.adapter.ServerSideEmitWithAck(ctx, packet)
}

// HandleServerSide runs the handlers of an event that has come from another
// server, on the caller's goroutine. It is for adapters.
func (n *Namespace) HandleServerSide(p siopacket.Packet, answer Ack) {
	n.mu.Lock()
	listeners := n.serverSide
	n.mu.Unlock()
	event := eventOf(p)
	for _, l := range listeners {
		if l.event != event.Name {
			continue
		}
		n.server.guard(func() {
			if err := l.handler.Call(event.Args, answer); err != nil {
				n.server.config.Log.Warn("event refused", "namespace", n.name, "err", fmt.Errorf("sio: server-side event %q: %w", event.Name, err))
			}
		}, func(error) {}) // it has no socket to close
	}
}
