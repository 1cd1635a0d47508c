package sio

import (
	"sync"
	"sync/atomic"

	"realtimelab/lessons/socketio/siopacket"
)

// Ack answers an event. Only the first call sends; if the client asked for no
// answer, none does.
type Ack func(args ...any)

func (s *Socket) ackFor(p siopacket.Packet) Ack {
	var called atomic.Bool
	return func(args ...any) {
		if !p.HasID || called.Swap(true) {
			return
		}
		data, attachments, err := siopacket.MarshalArgs(args...)
		if err != nil {
			s.report(err)
			return
		}
		s.send(siopacket.Packet{
			Type: siopacket.Ack, Namespace: s.namespace.name, ID: p.ID, HasID: true,
			Data: data, Attachments: attachments,
		})
	}
}

// acks are the answers that a socket waits for. The zero value is ready.
type acks struct {
	mu     sync.Mutex
	next   uint64
	wanted map[uint64]chan Args
	closed bool
}

// expect returns a new id, and the channel of its answer: one value, or closed.
func (a *acks) expect() (uint64, <-chan Args) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer := make(chan Args, 1)
	id := a.next
	a.next++
	if a.closed {
		close(answer)
		return id, answer
	}
	if a.wanted == nil {
		a.wanted = map[uint64]chan Args{}
	}
	a.wanted[id] = answer
	return id, answer
}

func (a *acks) forget(id uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.wanted, id)
}

// resolve takes an ACK. One that nobody waits for changes nothing.
func (a *acks) resolve(p siopacket.Packet) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer, ok := a.wanted[p.ID]; ok && p.HasID {
		delete(a.wanted, p.ID)
		answer <- Args{values: p.Args(), attachments: p.Attachments}
	}
}

func (a *acks) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for id, answer := range a.wanted {
		delete(a.wanted, id)
		close(answer)
	}
}
