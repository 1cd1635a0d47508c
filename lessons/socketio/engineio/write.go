package engineio

import "context"

// Send queues the messages, next to each other and in order, and writes as much as the client takes
// at once, from the caller's goroutine. It does not wait for the client. The error is ErrClosed, or
// ErrSlowClient, which also ends the session: see Config.MaxQueue. Queued shows how far the queue
// has grown, and Flush waits until it is empty.
func (s *Session) Send(messages ...*Message) error {
	if err := s.Queue(messages...); err != nil {
		return err
	}
	s.flush()
	return nil
}

// Enqueue is Send for a message that goes to many sessions. It returns before anything is written:
// a goroutine of the server writes, and gathers the messages of several calls. It may be called
// with locks held, and calls no function of the program. Its errors are Send's.
func (s *Session) Enqueue(messages ...*Message) error {
	if err := s.Queue(messages...); err != nil {
		return err
	}
	s.mu.Lock()
	first := !s.scheduled
	s.scheduled = true
	s.mu.Unlock()
	if first {
		s.server.pending.Add(s)
	}
	return nil
}

// Queue is Send without the writing, for a caller that holds a lock: a later Send, also one without
// messages, writes them. Its errors are Send's.
func (s *Session) Queue(messages ...*Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen() {
		return ErrClosed
	}
	for _, m := range messages {
		if err := s.out.add(m); err != nil {
			s.server.tasks.Go(func() { s.end(TransportError, err) })
			return err
		}
	}
	return nil
}

// Writable reports whether a message sent now would leave at once: nothing is queued, and over
// polling a poll waits.
func (s *Session) Writable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isOpen() && s.out.waiting() == 0 && s.transport.ready()
}

// Queued returns the number of bytes that wait for the client, counted as for Config.MaxQueue.
func (s *Session) Queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.waiting()
}

// Flush waits until all that is queued has left: over WebSocket and WebTransport, until the kernel
// has it; over polling, until answers to polls carry it. It returns ErrClosed when the session ends
// before, and ctx's error when ctx does. It calls ReadOn, so OnMessage's function may call it.
func (s *Session) Flush(ctx context.Context) error {
	s.ReadOn()
	select {
	case <-s.written():
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == closedState && s.out.waiting() > 0 {
		return ErrClosed
	}
	return nil
}

// written returns a channel that is closed when all that is queued has been written, or cannot be.
func (s *Session) written() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.whenEmpty()
}

// flush writes the queue, as far as the client takes it at once. A goroutine that exists only for
// that writes the rest. If another flush is under way, that one goes on with the new messages.
func (s *Session) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.out.writing && len(s.out.messages) > 0 && s.transport.ready() {
		t := s.transport
		batch := t.take(&s.out)
		s.out.writing = true
		s.mu.Unlock()
		done, err := t.write(batch)
		s.mu.Lock()
		if !done || err != nil {
			s.server.tasks.Go(func() { s.finishWrite(t, batch, err) })
			return
		}
		s.out.done(batch)
		s.out.writing = false
	}
}

// finishWrite waits until the client has taken a batch, or for the end of the connection.
func (s *Session) finishWrite(t transport, batch []*Message, err error) {
	if err == nil {
		err = t.finish(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.out.progress()
		})
	}
	if err != nil {
		s.end(TransportError, err)
	}
	s.mu.Lock()
	defer s.flush()
	defer s.mu.Unlock()
	if err != nil {
		s.out.fail() // writing stays true: the flush writes nothing
		return
	}
	s.out.done(batch)
	s.out.writing = false
}

// flushScheduled writes what Enqueue has queued.
func (s *Session) flushScheduled() {
	s.mu.Lock()
	s.scheduled = false
	s.mu.Unlock()
	s.flush()
}
