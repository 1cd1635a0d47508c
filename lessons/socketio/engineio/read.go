package engineio

import (
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// A source delivers a session's packets: a connection, or the body of a POST.
type source interface {
	// read blocks until the next packet. The caller owns its data.
	read() (eiopacket.Packet, error)

	// ended is called once, with read's error.
	ended(err error)
}

// A reader is the goroutine that reads a source. Another goroutine may replace it, to read while
// the first still runs OnMessage's function:
//
//	reads the source                     Session.reader is nil
//	runs the function                    Session.reader is this one
//	runs it after AllowReadOn, ReadOn    replaced: it ends when the function returns
type reader struct {
	session *Session
	source  source

	// Changed with Session.mu held, and only while this is Session.reader:
	allowed  bool // AllowReadOn was called: the order of the messages is fixed
	readOn   bool // ReadOn was called: a new reader may replace it
	replaced bool // a new reader has replaced it
}

// maxReplaced bounds the replaced readers of a session. The client decides how many functions
// block, and each needs a goroutine of about 8 KB: 2 MB in total. At the bound, nothing more is
// read until one of them returns.
const maxReplaced = 256

// read starts the reader of a source. It does not use Group.Go, whose frame would increase the
// stack of an idle client from 4 to 8 KiB.
func (s *Session) read(src source) {
	s.server.tasks.Add()
	go (&reader{session: s, source: src}).run()
}

// run reads the source until it ends, or until another reader has replaced this one.
func (r *reader) run() {
	exited := true
	defer func() {
		if exited && !r.replaced { // a handler called runtime.Goexit, as a test's FailNow does
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

// receive handles one packet. It reports whether r is still the reader.
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
	s.traffic.Received++
	s.traffic.ReceivedBytes += uint64(len(p.Data))
	s.mu.Unlock()
	defer func() { // also when the function has panicked
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.replaced {
			s.replaced--
			s.replaceReader() // in case maxReplaced prevented it before
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
// function has called AllowReadOn. Call ReadOn before waiting for the client to send or read
// something. The heartbeat calls it for a function that is still running. OnMessage's function is
// then called with the next message before the earlier call has returned. While more than 256 calls
// have not returned, nothing is read. ReadOn does not block, and has no effect if the function is
// not running.
func (s *Session) ReadOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		s.reader.readOn = true
		s.replaceReader()
	}
}

// AllowReadOn is called by OnMessage's function when it has done everything that depends on the
// order of the messages. Before that, ReadOn has no effect yet, and no other message is handled
// until the function returns.
func (s *Session) AllowReadOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reader != nil {
		s.reader.allowed = true
		s.replaceReader()
	}
}

// replaceReader replaces the current reader if both ReadOn and AllowReadOn were called. s.mu is
// held.
func (s *Session) replaceReader() {
	if r := s.reader; r != nil && r.allowed && r.readOn && s.replaced < maxReplaced {
		s.reader, r.replaced = nil, true
		s.replaced++
		s.read(r.source)
	}
}

// PauseReading applies backpressure: it stops reading from the client until resume is closed, so
// that the client's own buffers fill. The pause begins when OnMessage's function has returned or
// has called ReadOn. No timeout runs during it. Only OnMessage's function may call PauseReading,
// and resume must be closed before OnClose's function returns.
func (s *Session) PauseReading(resume <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = resume
}

// isPaused reports whether reading is paused by PauseReading. s.mu is held.
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
