// Package webtransport carries the feed of the lessons over WebTransport: sessions of HTTP/3, on
// QUIC, over UDP. A session can carry messages in three ways, which differ in what a lost packet
// does: see Way.
package webtransport

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go/http3"
	wt "github.com/quic-go/webtransport-go"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
	"realtimelab/internal/quicconns"
	"realtimelab/internal/tasks"
)

// Config configures a Server.
type Config struct {
	TLS  *tls.Config // has the certificate; the rest is set as HTTP/3 needs it
	Feed feed.Config

	// CheckOrigin reports whether the page that opens a session may. Default: a page of the same
	// host and port.
	CheckOrigin func(*http.Request) bool

	// Echo sends each message back to its sender, as it is, instead of publishing it.
	Echo bool

	// StreamTimeout is how long a client of Stream may take to open its stream. Default 10 s.
	StreamTimeout time.Duration
}

// A Server serves a feed:
//
//	CONNECT /stream?after=N     one bidirectional stream, which the client opens
//	CONNECT /streams?after=N    a unidirectional stream for each message
//	CONNECT /datagrams          a datagram for each message, from the newest on
//
// A client sends {"from":"ann","text":"hi"} and receives every message after N, its own too. An
// invalid message is answered with {"error":"…"}, to its sender alone. Its methods may be called
// from any goroutine.
type Server struct {
	Feed *feed.Feed

	config Config
	wt     wt.Server
	tasks  tasks.Group // the sessions
	conns  quicconns.Set

	mu       sync.Mutex // guards what follows
	sessions map[*wt.Session]struct{}
}

// NewServer makes a server with an empty feed. Close ends it.
func NewServer(c Config) *Server {
	c.StreamTimeout = cmp.Or(c.StreamTimeout, 10*time.Second)
	s := &Server{Feed: feed.New(c.Feed), config: c, sessions: map[*wt.Session]struct{}{}}
	s.wt = wt.Server{
		H3: &http3.Server{TLSConfig: http3.ConfigureTLSConfig(c.TLS),
			Handler: http.HandlerFunc(s.serve), ConnContext: s.conns.Add},
		CheckOrigin: c.CheckOrigin,
	}
	return s
}

// Serve serves what comes to conn, which stays the caller's, until Close. It always returns an
// error.
func (s *Server) Serve(conn net.PacketConn) error { return s.wt.Serve(conn) }

// Clients returns the number of sessions.
func (s *Server) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Reset closes every connection at a local address with an error. Clients may reconnect at once.
func (s *Server) Reset(local net.Addr) { s.conns.Reset(local) }

// Close refuses further messages, ends each session after its last message and waits for all. When
// ctx ends before, it cuts them. Serve must have begun.
func (s *Server) Close(ctx context.Context) error {
	s.tasks.Refuse()
	s.Feed.Close()
	err := s.tasks.Wait(ctx)
	_ = s.wt.Close()
	_ = s.tasks.Wait(context.Background()) // which the cut sessions end
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	way := Way(r.URL.Path)
	switch {
	case way != Stream && way != Streams && way != Datagrams:
		wire.Refuse(w, http.StatusNotFound,
			"no such path; there are /stream, /streams and /datagrams")
		return
	case r.Method != http.MethodConnect:
		wire.Refuse(w, http.StatusMethodNotAllowed, "this path opens WebTransport sessions")
		return
	}
	after, err := wire.After(s.Feed, r.URL.Query())
	if err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if !s.tasks.Enter() {
		wire.RefuseClosed(w)
		return
	}
	defer s.tasks.Leave()
	session, err := s.wt.Upgrade(w, r)
	if err != nil {
		wire.Refuse(w, http.StatusForbidden, err.Error())
		return
	}
	s.mu.Lock()
	s.sessions[session] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sessions, session)
		s.mu.Unlock()
	}()
	s.converse(session, way, after)
}

// Codes with which the server ends a session.
const (
	codeClosing wt.SessionErrorCode = iota // the server closes, or the client has ended its stream
	// the client broke the rules: to come again would not help
	codeFault
	codeSlow // the client fell behind
)

// converse serves a session until it ends. The reader has a goroutine, this one writes.
func (s *Server) converse(session *wt.Session, way Way, after int64) {
	l, err := s.link(session, way)
	if err != nil {
		_ = session.CloseWithError(codeFault, err.Error())
		return
	}
	if way == Datagrams {
		after = s.Feed.Last()
	}
	sub := s.Feed.Subscribe(after)
	answers := make(chan []byte, 16)
	read := make(chan error, 1)
	go func() { read <- s.read(l, answers) }()
	err = s.write(session, way, l, sub, answers, read)
	sub.Close()
	code, reason := codeClosing, ""
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errUnread):
		code, reason = codeFault, err.Error()
	case errors.Is(err, feed.ErrSlow):
		code, reason = codeSlow, err.Error()
	case errors.Is(err, feed.ErrClosed):
		l.finish()
		select { // the end of the session discards what is on its way
		case <-session.Context().Done():
		case <-time.After(linger):
		}
	}
	_ = session.CloseWithError(code, reason)
	<-read
	l.wait()
}

// linger is how long a client may take to end the session itself when the server closes.
const linger = 500 * time.Millisecond

// link waits for the client's stream, where the way has one.
func (s *Server) link(session *wt.Session, way Way) (link, error) {
	switch way {
	case Streams:
		return newStreams(session), nil
	case Datagrams:
		return datagrams{session}, nil
	}
	ctx, cancel := context.WithTimeout(session.Context(), s.config.StreamTimeout)
	defer cancel()
	stream, err := session.AcceptStream(ctx)
	if err != nil {
		return nil, errors.New("no stream came")
	}
	return newLines(stream), nil
}

var errUnread = errors.New("too many answers are unread")

// read publishes what the client sends until that ends. The answers are for this client alone.
func (s *Server) read(l link, answers chan<- []byte) error {
	for {
		data, err := l.receive()
		if err != nil {
			return err
		}
		if len(data) > wire.MaxBody {
			return errTooLarge
		}
		answer := data
		if !s.config.Echo {
			draft, err := wire.ParseDraft(data)
			if err == nil {
				_, err = s.Feed.Publish(draft.From, draft.Text)
			}
			if err == nil {
				continue
			}
			answer, _ = json.Marshal(map[string]string{"error": err.Error()})
		}
		select {
		case answers <- answer:
		default:
			return errUnread
		}
	}
}

// write sends messages and answers until the session or the feed ends, which is always an error.
func (s *Server) write(session *wt.Session, way Way, l link, sub *feed.Subscription,
	answers <-chan []byte, read chan error) error {
	for {
		entries, more, err := sub.Take()
		if errors.Is(err, feed.ErrSlow) && way == Datagrams { // the latest matters
			sub.Close()
			sub = s.Feed.Subscribe(s.Feed.Last())
			defer sub.Close()
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := l.send(e.JSON); err != nil &&
				!(way == Datagrams && errors.Is(err, errTooLarge)) {
				return err
			}
		}
		select {
		case <-more:
		case answer := <-answers:
			if err := l.send(answer); err != nil {
				return err
			}
		case err := <-read:
			read <- err // converse waits for it, too
			return cmp.Or(err, io.EOF)
		case <-session.Context().Done():
			return io.EOF
		}
	}
}
