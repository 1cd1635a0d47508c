package login

import (
	"errors"
	"net/http"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

const maxPayload = 64 << 10 // bytes of a request or a message

// newSocketIO returns the server of Socket.IO. A middleware identifies each client before the
// server sends it an event.
func (s *Server) newSocketIO() *sio.Server {
	io := sio.NewServer(sio.Config{Log: s.log, Engine: engineio.Config{
		MaxPayload: maxPayload,
		AllowJSONP: true, // the check script refuses it
		Headers: func(h http.Header, r *http.Request) {
			if asScript(r) {
				// browsers do not run text as a script where the type is not to be guessed
				h.Set("Content-Type", "text/javascript; charset=UTF-8")
			}
		},
		AllowRequest: func(r *http.Request) error {
			if _, ok := s.limits.connect(r.RemoteAddr); !ok && s.state().Limits {
				s.pages.verdict(r, http.StatusForbidden, "too many connections from this address")
				return errors.New("too many connections from this address")
			}
			return nil
		},
	}})
	io.Use(s.identify)
	io.OnConnection(s.serveSocket)
	return io
}

// identify finds out whose socket it is: by the token in auth, the ticket in the URL, or the
// cookie.
func (s *Server) identify(socket *sio.Socket) error {
	r := socket.Request()
	var auth struct {
		Token string `json:"token"`
	}
	if err := socket.Handshake().Auth(&auth); err != nil {
		return err
	}
	var g grant
	var err error
	switch ticket := r.URL.Query().Get("ticket"); {
	case auth.Token != "":
		g, err = s.grantOfToken(auth.Token)
	case ticket != "":
		g.session, err = s.tickets.use(ticket)
	default:
		if g.session = s.sessionOf(r); g.session == nil {
			err = errNoSession
		} else if s.state().Token {
			err = errors.New("a cookie alone is not enough: send a token in auth")
		}
	}
	if err != nil {
		s.pages.verdict(r, http.StatusUnauthorized, err.Error())
		return err
	}
	s.pages.verdict(r, http.StatusOK, "")
	socket.Set("grant", g)
	return nil
}

// socketLine is a socket of Socket.IO.
type socketLine struct{ socket *sio.Socket }

func (l socketLine) tell(n news) { l.socket.Emit(n.Event, n) }

func (l socketLine) close(why *closing) {
	l.socket.Emit("closed", news{Event: "closed", Code: why.code, Reason: why.reason})
	l.socket.Disconnect(true)
}

func (s *Server) serveSocket(socket *sio.Socket) {
	h := s.hold(socketLine{socket}, socket.Get("grant").(grant))
	socket.OnDisconnect(func(sio.Reason) { h.release() })
	refusals := newRefusals()
	take := func(m said) {
		if h.take(m.news()) {
			return
		}
		if _, ok := within(refusals); !ok {
			h.line.close(errFlood)
		}
	}
	socket.On("say", func(text string) { take(said{Say: text}) })
	socket.On("ping", func(id any) { take(said{Ping: id}) })
	socket.On("renew", func(token string, ack sio.Ack) {
		if err := h.renew(token); err != nil {
			ack(err.Error())
			return
		}
		ack(nil)
	})
}
