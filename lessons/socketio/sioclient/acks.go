package sioclient

import (
	"errors"

	"realtimelab/lessons/socketio/siopacket"
)

// Errors of a socket.
var (
	// ErrTimeout is an answer that did not come in time.
	ErrTimeout = errors.New("operation has timed out")

	// ErrDisconnected is an answer that cannot come any more, or an event of a
	// socket that was closed.
	ErrDisconnected = errors.New("socket has been disconnected")

	// ErrReservedEvent is an event name that the protocol keeps for itself.
	ErrReservedEvent = errors.New("sioclient: the event name is reserved")
)

// Refusal is the server's answer to a CONNECT that it refuses.
type Refusal struct {
	Message string `json:"message"`

	data siopacket.Value
}

func (r *Refusal) Error() string { return r.Message }

// Data decodes what the server sent with the refusal into v, a pointer.
func (r *Refusal) Data(v any) error {
	if r.data == nil {
		return errors.New("sioclient: the refusal has no data")
	}
	return siopacket.Unmarshal(r.data, nil, v)
}

func refusalIn(p siopacket.Packet) *Refusal {
	var payload struct {
		Message string          `json:"message"`
		Data    siopacket.Value `json:"data"`
	}
	if siopacket.Unmarshal(p.Data, nil, &payload) != nil {
		return &Refusal{Message: string(p.Data)}
	}
	return &Refusal{Message: payload.Message, data: payload.Data}
}

// answer is what comes of an event that wants one.
type answer struct {
	args siopacket.Args
	err  error
}

// ackFor answers an event of the server's, once, over the connection that the
// event came by: after it is lost, or the namespace left, nobody waits for it.
func (s *Socket) ackFor(e *engine, p siopacket.Packet) siopacket.AnswerFunc {
	called := make(chan struct{}, 1)
	return func(args ...any) {
		select {
		case called <- struct{}{}:
		default:
			return
		}
		if !p.HasID {
			return
		}
		data, attachments, err := siopacket.MarshalArgs(args...)
		if err != nil {
			s.report(err)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.connected && s.joinedOn == e {
			e.sendPacket(siopacket.Packet{
				Type: siopacket.Ack, Namespace: s.namespace, ID: p.ID, HasID: true, Data: data, Attachments: attachments,
			})
		}
	}
}

// resolve takes an ACK. One that nobody waits for changes nothing.
func (s *Socket) resolve(p siopacket.Packet) {
	if !p.HasID {
		return
	}
	s.mu.Lock()
	wanted := s.acks[p.ID]
	delete(s.acks, p.ID)
	s.mu.Unlock()
	if wanted != nil {
		wanted <- answer{args: siopacket.NewArgs(p.Args(), p.Attachments)}
	}
}

// forgetAcks fails the answers that a lost connection cannot bring any more.
// The caller holds mu.
func (s *Socket) forgetAcks() {
	for id, wanted := range s.acks {
		if !s.waits(id) {
			wanted <- answer{err: ErrDisconnected}
			delete(s.acks, id)
		}
	}
}

// waits reports whether the event with that ack id is still to be sent. The
// caller holds mu.
func (s *Socket) waits(id uint64) bool {
	for _, p := range s.sendBuffer {
		if p.HasID && p.ID == id {
			return true
		}
	}
	return false
}
