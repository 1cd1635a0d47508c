package lesson

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"realtimelab/internal/lang"
)

// A Lane is one way for clients to exchange messages with a demo's server. A message is a JSON
// object as the feed of the lessons makes it.
type Lane struct {
	Name  string // as `lab compare --transports` takes it
	Title lang.Text

	Posts bool // a client sends each message in a request of its own
	Polls bool // a client asks for messages at Dialing.Interval

	// UDP means that the lane's server is Instance.ServeUDP.
	UDP bool

	// HTTP2 means that the lane's clients speak HTTP/2, over TLS.
	HTTP2 bool

	// Deflates means that each message is compressed, so it is not readable text on the wire.
	Deflates bool

	// Lossy means that messages may be lost on their way, and hold at most MaxDatagram bytes.
	Lossy bool

	// Unordered means that a message may overtake another.
	Unordered bool

	// Retry is the delay before a reconnect that the server announces. It is 0 if the client
	// decides.
	Retry time.Duration

	// GoOnly means that the page of the demo compare has no client for the lane.
	GoOnly bool

	// As is the lane's name as `lab compare --as` takes it: its clients can speak to a user's
	// server. It is empty if they cannot.
	As string

	// Start starts the server. Nil means the demo's own.
	Start func(Env) (*Instance, error)

	// Recover starts the server with connection state recovery: a client that returns soon receives
	// the messages that it missed. Nil means that the lane has no recovery.
	Recover func(Env) (*Instance, error)

	// Dial connects a client that sends messages and receives the messages of all clients.
	Dial Dial

	// Publish connects a client that only sends. Nil means Dial.
	Publish Dial

	// Ask connects a client whose Send waits for the server's answer, which is the message. Nil
	// means that the lane has no answers.
	Ask Dial

	// Answers starts the server for Ask. Nil means that of Dial.
	Answers func(Env) (*Instance, error)

	// AskApart means that Ask works only with the server of Answers.
	AskApart bool

	Rooms Way // clients receive only messages of their own room
	Bytes Way // messages are bytes instead of JSON
}

// MaxDatagram bounds a message of a lane that is Lossy, in bytes: it fits one packet of QUIC.
const MaxDatagram = 1000

// Sender returns the Dial of a client that only sends.
func (l Lane) Sender() Dial {
	if l.Publish == nil {
		return l.Dial
	}
	return l.Publish
}

// OverHTTP2 returns the lane with clients that speak HTTP/2. Its Dial must use Dialing.HTTP.
func (l Lane) OverHTTP2() Lane {
	l.Name += "-h2"
	l.Title = lang.Text{EN: l.Title.EN + " over HTTP/2", ZH: l.Title.ZH + " 走 HTTP/2"}
	l.HTTP2, l.GoOnly, l.As = true, true, ""
	return l
}

// A Dial connects a client. The client outlives the call: it runs until Close, or until ctx ends.
type Dial func(ctx context.Context, d Dialing) (Client, error)

// A Client is connected to a demo's server.
type Client interface {
	// Send sends a message. It returns when the message is on its way, after a request when it is
	// answered.
	Send(ctx context.Context, message []byte) error

	// Close disconnects the client and waits for its goroutines to end.
	Close()
}

// A Dialing describes a client to connect.
type Dialing struct {
	URL      string        // of the demo, such as http://127.0.0.1:3000
	Interval time.Duration // between two polls; 0 means the client's default
	Room     string        // that the client is in; for Lane.Rooms
	NoJitter bool          // the client does not randomize its pauses before it reconnects

	Header  http.Header // of each request, where the client does not set it
	Upgrade http.Header // of a WebSocket's handshake, and of a request for a WebTransport session
	TLS     *tls.Config // of https; nil is the default of crypto/tls
	HTTP2   bool        // the client of HTTP speaks only HTTP/2, which needs https

	// Hear receives the text of each message, in order, on one goroutine.
	Hear func(text string)
}

// HTTP returns a client with connections of its own, as each browser has. The caller closes its
// idle connections.
func (d Dialing) HTTP() *http.Client {
	// a transport adds to its configuration
	t := &http.Transport{DisableCompression: true, TLSClientConfig: d.TLS.Clone()}
	if d.HTTP2 {
		t.Protocols = &http.Protocols{}
		t.Protocols.SetHTTP2(true)
	}
	return &http.Client{Transport: &headers{t, d.Header}}
}

// headers is a RoundTripper that completes the headers of its requests.
type headers struct {
	*http.Transport
	header http.Header
}

func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range h.header {
		if r.Header.Get(name) == "" {
			r.Header[name] = values
		}
	}
	return h.Transport.RoundTrip(r)
}

// started returns a lane of the demo with its Start set.
func (d Demo) started(lane Lane) Lane {
	if lane.Start == nil {
		lane.Start = d.Start
	}
	return lane
}

// Lanes returns the lanes of all demos, in order, with their Start set.
func Lanes(all []Lesson) []Lane {
	var lanes []Lane
	for _, l := range all {
		for _, d := range l.Demos {
			for _, lane := range d.Lanes {
				lanes = append(lanes, d.started(lane))
			}
		}
	}
	return lanes
}

// LaneNames returns the names of the lanes of all demos, in order.
func LaneNames(all []Lesson) []string {
	var names []string
	for _, l := range Lanes(all) {
		names = append(names, l.Name)
	}
	return names
}

// FindAs finds the lane with that As.
func FindAs(all []Lesson, as string) (Lane, bool) {
	for _, l := range Lanes(all) {
		if as != "" && l.As == as {
			return l, true
		}
	}
	return Lane{}, false
}

// AllAs returns the names that FindAs finds, in order.
func AllAs(all []Lesson) []string {
	var names []string
	for _, l := range Lanes(all) {
		if l.As != "" {
			names = append(names, l.As)
		}
	}
	return names
}

// FindLane finds a lane by its name, together with its demo. The lane's Start is set.
func FindLane(all []Lesson, name string) (Demo, Lane, bool) {
	for _, l := range all {
		for _, d := range l.Demos {
			for _, lane := range d.Lanes {
				if lane.Name == name {
					return d, d.started(lane), true
				}
			}
		}
	}
	return Demo{}, Lane{}, false
}
