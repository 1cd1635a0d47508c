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
// except write, flushAll and end, and except before the session is known to other goroutines.
type transport interface {
	// name returns the transport's name in the query string.
	name() string

	// attach sets the transport's session, before the session uses it.
	attach(*Session)

	// ready reports whether a packet could be written now. Over polling, that needs a held GET.
	ready() bool

	// take removes the messages for the next write from the queue.
	take(q *queue) []*Message

	// write writes messages without waiting for the client. It returns false if some are still
	// unwritten: flushAll then waits for the client, and calls progress whenever the client has
	// read more.
	write(messages []*Message) (done bool, err error)
	flushAll(progress func()) error

	// beginClose aborts a POST of the client. It reports whether the session has to wait until the
	// client has fetched its queue.
	beginClose(q *queue) bool

	// lastMessage returns the message that ends the session, after all others; nil if the transport
	// has none, or it would not arrive.
	lastMessage(reason Reason, err error) *Message

	// end is called once, after the session has ended and before the last flush. It bounds the time
	// of that flush.
	end(reason Reason, err error)
}

// A Session is one client's Engine.IO session, over any transport. Config.OnSession receives it. It
// ends once, and OnClose's function receives the reason; after that, Send returns ErrClosed. Its
// methods may be called from any goroutine, except OnMessage and OnClose, which only
// Config.OnSession may call.
type Session struct {
	// Set before other goroutines know the session, and not changed.
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
	upgrade     *upgrade // in progress, or nil
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
	scheduled bool // in the list of Server.pending

	traffic Traffic // see stats.go; not changed after the end
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
// function owns data. A message has at most Config.MaxPayload bytes. While the function runs,
// nothing more is read from the client, except after ReadOn. If it panics, the session ends with
// ForcedClose and the panic is logged. OnMessage must be called in Config.OnSession.
func (s *Session) OnMessage(f func(data []byte, binary bool)) { s.onMessage = f }

// OnClose sets the function that is called once, when the session has ended. The error is the
// cause: one of this package's errors, an *eiopacket.SyntaxError, an error of the connection, or
// nil. OnMessage's function may still be running. OnClose must be called in Config.OnSession.
func (s *Session) OnClose(f func(reason Reason, err error)) { s.onClose = f }

// OnUpgrade sets the function that is called after an upgrade, before anything is read from the new
// transport. A session is upgraded at most once.
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
