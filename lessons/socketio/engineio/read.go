package engineio

import (
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// A source delivers a session's packets: a connection, or the body of a POST.
type source interface {
	// read waits for the next packet, whose data is not shared.
	read() (eiopacket.Packet, error)

	// ended is called once, with read's error.
	ended(err error)
}

// A reader is the goroutine that reads a source. Another goroutine may take its place, so that one
// reads while the other still runs OnMessage's function:
//
//	reads the source                     Session.reader is nil
//	runs the function                    Session.reader is this one
//	runs it after AllowReadOn, ReadOn    replaced: it ends when the function returns
type reader struct {
	session *Session
	source  source

	// Changed with Session.mu held, and only while this is Session.reader:
	allowed  bool // AllowReadOn was called: the order of the messages is settled
	readOn   bool // ReadOn was called: a new reader is to take its place
	replaced bool // one has
}

// maxReplaced bounds the replaced readers of a session. The client decides how many functions wait,
// and each costs a goroutine of about 8 KB: 2 MB in all. With this many, nothing more is read until
// one of them returns.
const maxReplaced = 256

// read starts the reader of a source. It does without Group.Go, whose frame would keep the stack of an
// idle client at 8 KiB instead of 4.
func (s *Session) read(src source) {
	s.server.tasks.Add()
	go (&reader{session: s, source: src}).run()
}

// run reads the source to its end, or until another reader has taken its place.
func (r *reader) run() {
	exited := true
	defer func() {
		if exited && !r.replaced { // a handler has ended its goroutine, as a test's FailNow does
			r.session.read(r.source)
		}
		r.session.server.tasks.Leave()
	}()
	for more := true; more; {
		p, err := r.source.read()
		if err != nil {
			r.source.ended(err)
			break
		}
		more = r.session.receive(r, p)
	}
	exited = false
}

// receive takes one packet. It reports whether r is still the one that reads.
func (s *Session) receive(r *reader, p eiopacket.Packet) (more bool) {
	s.mu.Lock()
	s.awaitResume() // a replaced reader may have called PauseReading
	if !s.isOpen() {
		s.mu.Unlock()
		return true
	}
	s.heartbeat.heard = time.Now()
	if p.Type != eiopacket.Message {
		s.mu.Unlock()
		if p.Type == eiopacket.Ping || p.Type == eiopacket.Pong {
			s.receiveHeartbeat(p)
		}
		return true
	}
	s.reader, r.allowed, r.readOn = r, false, false
	s.mu.Unlock()
	defer func() { // also when the function has panicked
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.replaced {
			s.replaced--
			s.replaceReader() // if there were too many
			return
		}
		s.reader = nil
		s.heartbeat.heard = time.Now()
		s.awaitResume()
		more = true
	}()
	defer s.rescue()
	s.onMessage(p.Data, p.Binary)
	return
}

// ReadOn lets another goroutine read from the client while OnMessage's function runs, once the
// function has called AllowReadOn. Call ReadOn before waiting for something that this client has to
// send or to take. The heartbeat calls it for a function that is still running then. The messages
// that come meanwhile reach OnMessage's function before it has returned; while more than 256 calls
// of it have not returned, nothing is read. ReadOn does not block, and does nothing if the function
// does not run.
func (s *Session) ReadOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		s.reader.readOn = true
		s.replaceReader()
	}
}

// AllowReadOn says that OnMessage's function, which calls it, has done all that depends on the order
// of the messages. Until then, or until it returns, no other message is taken, and ReadOn waits.
func (s *Session) AllowReadOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		s.reader.allowed = true
		s.replaceReader()
	}
}

// replaceReader starts another reader if the current one is to be replaced. s.mu is held.
func (s *Session) replaceReader() {
	if r := s.reader; r != nil && r.allowed && r.readOn && s.replaced < maxReplaced {
		s.reader, r.replaced = nil, true
		s.replaced++
		s.read(r.source)
	}
}

// PauseReading stops the reading from the client until resume is closed, and begins when
// OnMessage's function has returned or has called ReadOn. That is backpressure: the client's own
// buffers fill, and it waits. No timeout runs meanwhile. Only OnMessage's function may call it, and
// resume must be closed no later than OnClose's function has returned.
func (s *Session) PauseReading(resume <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = resume
}

// isPaused reports whether PauseReading stops the reading. s.mu is held.
func (s *Session) isPaused() bool {
	select {
	case <-s.paused:
		s.paused = nil
	default:
	}
	return s.paused != nil
}

// awaitResume waits while isPaused. s.mu is held, except during the wait.
func (s *Session) awaitResume() {
	for s.isPaused() {
		paused := s.paused
		s.mu.Unlock()
		<-paused
		s.mu.Lock()
		s.heartbeat.heard = time.Now()
	}
}
