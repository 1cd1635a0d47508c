package engineio

import "context"

// Send queues the messages, in order and without other messages between them. On the caller's
// goroutine, it writes as much as the connection accepts at once. It does not wait for the client.
// The error is ErrClosed, or ErrSlowClient, which also ends the session: see Config.MaxQueue.
// Queued returns the size of the queue, and Flush waits until it is empty.
func (s *Session) Send(messages ...*Message) error {
	if err := s.Queue(messages...); err != nil {
		return err
	}
	s.flush()
	return nil
}

// Enqueue is Send for a message to many sessions. It returns before anything is written: a
// goroutine of the server writes the messages of several calls together. It may be called with
// locks held, and calls no function of the program. It fails like Send.
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

// Queue is Send without writing, for a caller that holds a lock: a later Send, even without
// messages, writes them. It fails like Send.
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
		s.traffic.Sent++
		s.traffic.SentBytes += uint64(len(m.packet.Data))
	}
	return nil
}

// Writable reports whether a message would be written at once: the queue is empty, and over polling
// there is a held poll.
func (s *Session) Writable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isOpen() && s.out.waiting() == 0 && s.transport.ready()
}

// Queued returns the size of the queue in bytes, counted as for Config.MaxQueue.
func (s *Session) Queued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.waiting()
}

// Flush waits until the queue is written: over WebSocket and WebTransport to the kernel, over
// polling to the answers of polls. It returns ErrClosed if the session ends first, and ctx's error
// if ctx does. It calls ReadOn, so OnMessage's function may call it.
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

// written returns a channel that is closed when the queue has been written, or cannot be.
func (s *Session) written() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.whenEmpty()
}

// flush writes as much of the queue as the connection accepts at once. A goroutine that exists only
// for that writes the rest. If another flush is running, it writes the new messages too.
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
			s.server.tasks.Go(func() { s.awaitWrite(t, batch, err) })
			return
		}
		s.out.done(batch)
		s.out.writing = false
	}
}

// awaitWrite waits until a batch is written or the connection ends.
func (s *Session) awaitWrite(t transport, batch []*Message, err error) {
	if err == nil {
		err = t.flushAll(func() {
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
		s.out.fail() // writing stays true, so that no flush writes
		return
	}
	s.out.done(batch)
	s.out.writing = false
}

// flushScheduled writes the messages of Enqueue.
func (s *Session) flushScheduled() {
	s.mu.Lock()
	s.scheduled = false
	s.mu.Unlock()
	s.flush()
}
