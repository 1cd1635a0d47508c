package engineio

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// A transport carries the packets of one session. Session.mu is held when its methods are called,
// except write, finish and end, and except before the session is known to other goroutines.
type transport interface {
	// name is that of the query string.
	name() string

	// attach makes the transport a session's, before the session uses it.
	attach(*Session)

	// ready reports whether a packet could be written now. Over polling, a GET has to wait for it.
	ready() bool

	// take removes from the queue what the next write is to carry.
	take(q *queue) []*Message

	// write passes messages on and never waits for the client. It reports false if the client has
	// not taken all yet: finish then waits for that, and calls progress each time it has taken
	// more.
	write(messages []*Message) (done bool, err error)
	finish(progress func()) error

	// beginClose aborts what the client is still sending. It reports whether the session has to
	// wait until the client has fetched what is queued.
	beginClose(q *queue) bool

	// lastMessage returns the message that ends the session, behind all others; nil if the
	// transport has none, or it would not arrive.
	lastMessage(reason Reason, err error) *Message

	// end is called once the session has ended, before the last flush. It bounds the time for that.
	end(reason Reason, err error)
}

// A Session is one client's Engine.IO session, whatever transport carries it. Config.OnSession
// receives it. It ends once, and OnClose's function says why; after that, Send returns ErrClosed.
// Its methods may be called from any goroutine, except OnMessage and OnClose, which only
// Config.OnSession may call.
type Session struct {
	// Set before the session is known to anybody else, and not changed.
	server    *Server
	id        string
	codec     eiopacket.Codec
	request   *http.Request
	opened    time.Time
	onMessage func(data []byte, binary bool)
	onClose   func(reason Reason, err error)

	mu sync.Mutex // guards what follows; never held during I/O or the program's functions

	// Life: see close.go and upgrade.go.
	state       state
	transport   transport
	upgrade     *upgrade // under way; nil if none is
	onUpgrade   func(transport string)
	closeTimer  *time.Timer // bounds closingState; nil before it
	closeReason Reason      // from closingState on; not changed then

	// Reading: see read.go.
	reader    *reader         // while it runs OnMessage's function
	replaced  int             // readers that run OnMessage's function behind another one
	paused    <-chan struct{} // backpressure: see isPaused
	heartbeat heartbeat

	// Writing: see write.go.
	out       queue
	scheduled bool // in the server's work list
}

// ID returns the session's sid: see Config.GenerateID.
func (s *Session) ID() string { return s.id }

// Protocol returns the revision of Engine.IO that the client speaks: 4, or 3.
func (s *Session) Protocol() int { return s.codec.Revision() }

// Request returns the request that opened the session. It is shared: the caller must not change it.
// Its Body and Trailer are empty. Its context has the values of the handshake's, but never ends.
func (s *Session) Request() *http.Request { return s.request }

// Opened returns the time of the handshake.
func (s *Session) Opened() time.Time { return s.opened }

// OnMessage sets the function that receives the client's messages, one at a time and in order. The
// function owns data. A message has at most Config.MaxPayload bytes. Nothing more is read from the
// client while the function runs, except as ReadOn says. If it panics, the session ends with
// ForcedClose and the panic is logged. OnMessage must be called in Config.OnSession.
func (s *Session) OnMessage(f func(data []byte, binary bool)) { s.onMessage = f }

// OnClose sets the function that is called once, when the session has ended. The error says more
// than the reason: one of this package's errors, an *eiopacket.SyntaxError, that of the connection,
// or nil. OnMessage's function may still be running. OnClose must be called in Config.OnSession.
func (s *Session) OnClose(f func(reason Reason, err error)) { s.onClose = f }

// OnUpgrade sets the function that is called when the transport has changed, before anything is
// read from the new one. A session changes its transport at most once.
func (s *Session) OnUpgrade(f func(transport string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onUpgrade = f
}

// Transport returns the name of the transport in use: Polling, WebSocket or WebTransport.
func (s *Session) Transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transport.name()
}

// rescue is deferred around the program's functions: a panic ends the session, not the process.
func (s *Session) rescue() {
	if v := recover(); v != nil {
		s.server.config.Log.Error("callback panicked", "sid", s.id,
			"panic", fmt.Sprintf("%.200q", fmt.Sprint(v)), "stack", string(debug.Stack()))
		s.Close()
	}
}

// guard runs a function of the program.
func (s *Session) guard(f func()) {
	defer s.rescue()
	f()
}
