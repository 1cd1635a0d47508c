package engineio

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"net/http"

	"realtimelab/lessons/socketio/eiopacket"
)

// A webTransport is the transport over one bidirectional stream: see eiopacket for its format.
type webTransport struct {
	stream
	in     *bufio.Reader
	server *Server
}

// ServeWebTransport serves the bidirectional stream that a client has opened in a WebTransport
// session of an HTTP/3 server. The first packet must arrive within UpgradeTimeout. It says what the
// stream is for:
//
//	0                a new session
//	0{"sid":"…"}     the upgrade of a polling session; 2probe, 3probe and 5 follow
//
// The server owns conn, whose Close must end the WebTransport session. The protocol has no close
// frame, so the server ends its session by closing conn. r is the request that opened the
// WebTransport session; Config.AllowRequest is called with it. A stream cannot be refused with a
// status, so the server closes a refused stream. ServeWebTransport does not wait for the session's
// end.
func (s *Server) ServeWebTransport(conn net.Conn, r *http.Request) {
	wt := &webTransport{stream: stream{conn: s.conns.Add(conn, nil)}, server: s}
	wt.in = bufio.NewReaderSize(wt.conn, bufferSize)
	wt.conn.Expire(s.config.UpgradeTimeout)
	taken := false
	defer func() {
		if !taken { // refused, or a hook panicked
			wt.conn.Close()
		}
	}()
	p, err := wt.read()
	if err != nil || p.Type != eiopacket.Open || p.Binary {
		return
	}
	q := request{Request: r, transport: WebTransport}
	if len(p.Data) > 0 {
		var upgrade struct{ SID string }
		if json.Unmarshal(p.Data, &upgrade) != nil || upgrade.SID == "" {
			s.report(r, refusal(unknownSID, "sid", ""))
			return
		}
		q.sid = upgrade.SID
	}
	session, refused := s.admit(&q, WebTransport)
	switch {
	case refused != nil:
		s.report(r, refused)
	case session != nil:
		taken = session.upgradeTo(wt)
	default:
		taken = true
		wt.conn.Persist()
		s.start(q, wt)
	}
}

func (wt *webTransport) name() string { return WebTransport }

// read implements source.
func (wt *webTransport) read() (eiopacket.Packet, error) {
	return eiopacket.ReadStream(wt.in, wt.server.config.MaxPayload)
}

// ended implements source.
func (wt *webTransport) ended(err error) {
	defer wt.conn.Close()
	var syntax *eiopacket.SyntaxError
	if errors.As(err, &syntax) {
		wt.session.end(ParseError, err)
		return
	}
	wt.session.end(TransportClose, err)
}

// write implements transport.
func (wt *webTransport) write(messages []*Message) (done bool, err error) {
	for _, m := range messages {
		if _, err := wt.conn.Write(m.packet.AppendStream(nil)); err != nil {
			return false, err
		}
	}
	return wt.conn.Flush()
}

func (wt *webTransport) lastMessage(Reason, error) *Message { return nil }

// end closes the stream after all messages are written.
func (wt *webTransport) end(reason Reason, err error) {
	wt.stream.end(reason, err)
	wt.server.tasks.Go(func() {
		<-wt.session.written() // or Expire ends the writing
		wt.conn.Close()
	})
}

func (wt *webTransport) reject(error) { wt.conn.Close() }
