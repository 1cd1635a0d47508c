package engineio

import "sync"

// Send queues the messages, next to each other and in order, and writes what
// can be written without waiting, from the caller's goroutine. It never blocks.
// The error is ErrClosed, or ErrSlowClient if the session was closed for it.
func (s *Session) Send(messages ...*Message) error {
	if err := s.Queue(messages...); err != nil {
		return err
	}
	s.Flush()
	return nil
}

// Post is Send for a message that goes to many sessions: it only queues, and
// leaves the writing to the server's flusher, which writes what several Posts
// have queued at once.
func (s *Session) Post(messages ...*Message) error {
	if err := s.Queue(messages...); err != nil {
		return err
	}
	s.mu.Lock()
	needed := s.ready() && !s.scheduled
	if needed {
		s.scheduled = true
	}
	s.mu.Unlock()
	if needed {
		s.server.flusher.add(s)
	}
	return nil
}

// Writable reports whether a message sent now would leave at once.
func (s *Session) Writable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateOpen || len(s.queue) > 0 {
		return false
	}
	return s.poll != nil || (s.ws != nil && !s.writing)
}

// Queue is Send without the writing, which Flush does: for a caller that holds a
// lock meanwhile.
func (s *Session) Queue(messages ...*Message) error {
	s.mu.Lock()
	if s.state != stateOpen {
		s.mu.Unlock()
		return ErrClosed
	}
	for _, m := range messages {
		if waiting := s.queueBytes + s.inFlight; waiting > 0 && waiting+m.cost() > s.server.config.MaxQueue {
			s.mu.Unlock()
			s.server.running.start(func() { s.finish(TransportError, ErrSlowClient) })
			return ErrSlowClient
		}
		s.push(m)
	}
	s.mu.Unlock()
	return nil
}

// push appends to the queue. The caller holds mu.
func (s *Session) push(m *Message) {
	s.queue = append(s.queue, m)
	s.queueBytes += m.cost()
}

// messageCost is roughly the memory that a message holds besides its frame.
const messageCost = 64

// cost of a message that waits: many small ones are no small thing.
func (m *Message) cost() int { return messageCost + len(m.frame) }

// take empties the queue. The caller holds mu, and gives the slice back
// through recycle.
func (s *Session) take() []*Message {
	batch := s.queue
	s.queue, s.queueBytes = s.written[:0], 0
	s.written = nil
	return batch
}

// maxSpare bounds the slice that a session keeps between writes.
const maxSpare = 64

func (s *Session) recycle(batch []*Message) {
	if cap(batch) <= maxSpare {
		clear(batch)
		s.written = batch[:0]
	}
}

// ready reports whether a flush would do something. The caller holds mu.
func (s *Session) ready() bool {
	if len(s.queue) == 0 || s.writing {
		return false
	}
	return s.poll != nil || s.ws != nil
}

// Flush gives the queue to the transport, as far as can be without waiting. Whoever
// finds a flush under way leaves its messages to it.
func (s *Session) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.ready() {
		if s.ws == nil {
			s.answerPoll()
			continue
		}
		s.writing = true
		batch := s.take()
		s.mu.Unlock()
		rest, err := s.ws.writeSome(batch)
		s.mu.Lock()
		s.recycle(batch)
		if err != nil || len(rest) > 0 {
			s.inFlight = len(rest)
			s.server.running.start(func() { s.flushSlowly(rest, err) })
			return
		}
		s.writing = false
	}
	s.hangUp()
}

// flushSlowly goes on where the kernel would take no more at once: it waits.
// What it waits with counts against MaxQueue, and is shared with the other
// recipients of the same messages.
func (s *Session) flushSlowly(rest []byte, err error) {
	frames := [][]byte{rest}
	for err == nil && len(frames) > 0 {
		err = s.ws.writeAll(frames...)
		s.mu.Lock()
		batch := s.queue
		s.queue, s.inFlight, s.queueBytes = nil, s.queueBytes, 0
		s.writing = len(batch) > 0 || err != nil
		s.hangUp()
		s.mu.Unlock()
		frames = s.ws.framesOf(batch)
	}
	if err != nil {
		s.ws.closeNow()
		s.finish(TransportError, err)
	}
}

// flusher writes for the sessions that were posted to, in the order of the
// posts, with as many goroutines as pay.
type flusher struct {
	mu      sync.Mutex
	waiting []*Session
	spare   []*Session
	active  int
}

// add lists a session whose scheduled flag the caller has just set.
func (f *flusher) add(s *Session) {
	f.mu.Lock()
	f.waiting = append(f.waiting, s)
	start := f.active == 0
	if start {
		f.active++
	}
	f.mu.Unlock()
	if start {
		s.server.running.start(f.run)
	}
}

func (f *flusher) run() {
	for {
		f.mu.Lock()
		batch := f.waiting
		if len(batch) == 0 {
			f.active--
			f.mu.Unlock()
			return
		}
		f.waiting, f.spare = f.spare[:0], nil
		f.mu.Unlock()
		for _, s := range batch {
			s.mu.Lock()
			s.scheduled = false
			s.mu.Unlock()
			s.Flush()
		}
		clear(batch)
		f.mu.Lock()
		f.spare = batch[:0]
		f.mu.Unlock()
	}
}
