package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxMessage = 4 << 10          // bytes of a client's message
	maxQueue   = 64               // events that wait for a client
	writeTime  = 10 * time.Second // of one write
	pingTime   = 20 * time.Second // between two pings
	silence    = 45 * time.Second // without a pong that ends a connection
)

// wsLine is a WebSocket. One goroutine reads, one writes.
type wsLine struct {
	queued
	ws *websocket.Conn
}

// serveWebSocket serves a client that has said who it is in the handshake, or says it with its
// first message.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if !s.admitAddress(w, r) {
		return
	}
	g, hello, err := s.authenticate(r)
	if err != nil {
		s.refuse(w, r, http.StatusUnauthorized, err.Error())
		return
	}
	leave, ok := s.enter()
	if !ok {
		s.refuse(w, r, http.StatusServiceUnavailable, errGoingAway.reason)
		return
	}
	defer leave()
	s.pages.verdict(r, http.StatusSwitchingProtocols, "")
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	l := &wsLine{newQueued(s.ctx), ws}
	written := make(chan struct{})
	go func() { defer close(written); l.write() }()
	l.end(s.converse(l, g, hello))
	<-written
	l.drain()
	_ = ws.Close()
}

// drain reads from a closed client until its close frame or the read deadline. Unread bytes would
// make TCP reset the connection, and the client could lose the close frame.
func (l *wsLine) drain() {
	var why *closing
	if !errors.As(context.Cause(l.ctx), &why) {
		return // the client has closed, or is gone
	}
	for {
		if _, _, err := l.ws.NextReader(); err != nil {
			return
		}
	}
}

// converse reads from a client until its connection ends, and returns why.
func (s *Server) converse(l *wsLine, g grant, hello bool) error {
	l.ws.SetReadLimit(maxMessage)
	if hello {
		var err error
		if g, err = s.readHello(l, g); err != nil {
			return closingOf(err)
		}
	}
	alive := func(string) error { return l.ws.SetReadDeadline(time.Now().Add(silence)) }
	l.ws.SetPongHandler(alive)
	h := s.hold(l, g)
	defer h.release()
	refusals := newRefusals()
	for {
		_ = alive("")
		n, err := l.read()
		switch {
		case err != nil:
			return err
		case n.Token != "":
			if err := h.renew(n.Token); err != nil {
				l.tell(news{Event: "refused", Code: http.StatusUnauthorized, Reason: err.Error()})
			}
		case !h.take(n.news()):
			if _, ok := within(refusals); !ok {
				return errFlood
			}
		}
	}
}

// readHello reads the first message, which must bring a token within HelloTime. Nothing was sent to
// the client before.
func (s *Server) readHello(l *wsLine, g grant) (grant, error) {
	late := time.AfterFunc(s.cfg.HelloTime, func() { l.end(errNoHello) })
	defer late.Stop()
	n, err := l.read()
	if err != nil {
		return g, err
	}
	got, err := s.grantOfToken(n.Token)
	if err == nil && g.session != nil && g.session != got.session {
		err = errors.New("the token belongs to another session than the cookie")
	}
	return got, err
}

// said is a message of a client.
type said struct {
	Token string `json:"token"`
	Say   string `json:"say"`
	Ping  any    `json:"ping"`
}

// news returns the answer to a message within the rate.
func (m said) news() news {
	if m.Ping != nil {
		return news{Event: "pong", Ping: m.Ping}
	}
	return news{Event: "said", Text: m.Say}
}

func (l *wsLine) read() (m said, err error) {
	_, data, err := l.ws.ReadMessage()
	if err != nil {
		return m, err
	}
	if json.Unmarshal(data, &m) != nil {
		return m, &closing{websocket.CloseInvalidFramePayloadData, "a message is a JSON object"}
	}
	return m, nil
}

// write sends events and pings until the line ends, and says why it ends.
func (l *wsLine) write() {
	ping := time.NewTicker(pingTime)
	defer ping.Stop()
	for {
		_ = l.ws.SetWriteDeadline(time.Now().Add(writeTime))
		var err error
		select {
		case n := <-l.out:
			err = l.ws.WriteJSON(n)
		case <-ping.C:
			err = l.ws.WriteMessage(websocket.PingMessage, nil)
		case <-l.ctx.Done():
			l.sayClose()
			return
		}
		if err != nil {
			l.end(err)
			_ = l.ws.Close() // the reader waits no longer
			return
		}
	}
}

// sayClose sends the events that are left and the close frame. The reader then has a moment to hear
// the client's.
func (l *wsLine) sayClose() {
	var why *closing
	if !errors.As(context.Cause(l.ctx), &why) {
		return // the client has closed, or is gone
	}
	for len(l.out) > 0 && l.ws.WriteJSON(<-l.out) == nil {
	}
	_ = l.ws.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(why.code, why.reason), time.Now().Add(time.Second))
	_ = l.ws.SetReadDeadline(time.Now().Add(time.Second))
}
