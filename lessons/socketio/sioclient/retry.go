package sioclient

import (
	"fmt"

	"realtimelab/lessons/socketio/siopacket"
)

// A retry is an event that is sent repeatedly until the server has acknowledged it.
type retry struct {
	packet  siopacket.Packet
	outcome chan<- answer // for EmitWithAck, with room for one; nil for Emit
	dropped bool          // by Disconnect, which has sent the outcome; guarded by the socket's mu
}

// enqueueRetry sends an event after those before it have been acknowledged.
func (s *Socket) enqueueRetry(r *retry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrDisconnected
	}
	if s.waiting >= s.manager.config.MaxQueue {
		return ErrQueueFull
	}
	s.retries = append(s.retries, r)
	s.waiting += eventCost(r.packet)
	if !s.retrying {
		s.retrying = true
		s.manager.tasks.Go(s.sendRetries)
	}
	return nil
}

// sendRetries sends the queued events one by one until the queue is empty. An event stays in the
// queue until it is acknowledged or given up.
func (s *Socket) sendRetries() {
	for {
		s.mu.Lock()
		if len(s.retries) == 0 {
			s.retrying = false
			s.mu.Unlock()
			return
		}
		r := s.retries[0]
		s.mu.Unlock()
		args, err := s.deliver(r)
		s.mu.Lock()
		dropped := r.dropped
		if !dropped {
			s.retries = s.retries[1:]
			s.waiting -= eventCost(r.packet)
		}
		s.mu.Unlock()
		switch {
		case dropped:
		case r.outcome != nil:
			r.outcome <- answer{args, err}
		case err != nil && s.manager.ctx.Err() == nil:
			s.inbox.Start(func(siopacket.Packet) {
				s.report(fmt.Errorf("sioclient: event given up after %d tries: %w",
					1+s.manager.config.Retries, err))
			}, siopacket.Packet{})
		}
	}
}

// deliver sends an event until it is acknowledged or all retries have failed. Without AckTimeout,
// only a lost connection ends a try, and the number of tries is unlimited.
func (s *Socket) deliver(r *retry) (args Args, err error) {
	config := s.manager.config
	for tries := 0; tries <= config.Retries; {
		s.mu.Lock()
		for !s.connected && !s.closed && !r.dropped {
			s.changes.Wait()
		}
		ended := s.closed || r.dropped
		s.mu.Unlock()
		if ended {
			return args, ErrDisconnected
		}
		args, err = s.ask(s.manager.ctx, r.packet)
		switch {
		case err == nil:
			return args, nil
		case s.manager.ctx.Err() != nil:
			return args, ErrDisconnected
		case config.AckTimeout > 0:
			tries++
		}
	}
	return args, err
}
