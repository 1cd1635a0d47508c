package sioclient

import (
	"context"
	"fmt"

	"realtimelab/lessons/socketio/siopacket"
)

// retry is an event that is sent until the server has acknowledged it. Nil
// outcome: nobody waits for the answer.
type retry struct {
	packet  siopacket.Packet
	outcome chan<- answer // takes one
}

// queue sends an event after those before it have been acknowledged.
func (s *Socket) queue(r retry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped && !s.draining {
		s.draining = s.manager.start(s.drain)
	}
	if s.stopped || !s.draining {
		return ErrDisconnected
	}
	s.retried = append(s.retried, r)
	return nil
}

// askInTurn queues an event and waits for its outcome, or for ctx.
func (s *Socket) askInTurn(ctx context.Context, p siopacket.Packet) (siopacket.Args, error) {
	outcome := make(chan answer, 1)
	if err := s.queue(retry{p, outcome}); err != nil {
		return siopacket.Args{}, err
	}
	select {
	case a := <-outcome:
		return a.args, a.err
	case <-ctx.Done():
		return siopacket.Args{}, context.Cause(ctx)
	}
}

// drain sends the queued events one by one, until none is left.
func (s *Socket) drain() {
	for {
		s.mu.Lock()
		if len(s.retried) == 0 {
			s.draining = false
			s.mu.Unlock()
			return
		}
		r := s.retried[0]
		s.retried = s.retried[1:]
		s.mu.Unlock()
		args, err := s.deliver(r.packet)
		switch {
		case r.outcome != nil:
			r.outcome <- answer{args, err}
		case err != nil && s.manager.ctx.Err() == nil:
			s.inbox.tell(func() {
				s.report(fmt.Errorf("sioclient: event given up after %d tries: %w", 1+s.manager.config.Retries, err))
			}, s.manager.startInside)
		}
	}
}

// deliver sends an event until it is acknowledged, or has been tried too often.
// Without AckTimeout nothing says that a try has failed but a lost connection,
// and that is no reason to give up.
func (s *Socket) deliver(p siopacket.Packet) (args siopacket.Args, err error) {
	config := s.manager.config
	for tries := 0; tries <= config.Retries; {
		if !s.awaitConnect() {
			return args, ErrDisconnected
		}
		ctx, cancel := s.withAckTimeout(s.manager.ctx)
		args, err = s.ask(ctx, p)
		cancel()
		switch {
		case err == nil:
			return args, nil
		case s.manager.ctx.Err() != nil:
			return args, ErrDisconnected
		}
		if config.AckTimeout > 0 {
			tries++
		}
	}
	return args, err
}

// awaitConnect waits until the socket is connected. It reports false when it
// was stopped.
func (s *Socket) awaitConnect() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.connected && !s.stopped {
		s.connects.Wait()
	}
	return !s.stopped
}
