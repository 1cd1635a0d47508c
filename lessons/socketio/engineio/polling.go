package engineio

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/internal/body"
)

// polling is the transport over HTTP long-polling: the server holds a GET until there are packets,
// and a POST brings the client's packets. The client may have one of each at a time.
type polling struct {
	session *Session

	// Guarded by Session.mu:
	poll    chan []*Message // answers the held GET, once; nil refuses it
	arrived chan struct{}   // for awaitPoll, closed by the next GET; nil after that
	posting bool            // a POST is being served
	post    *post           // whose packets are being handled; nil before its body is complete
	// for the POST whose body is being read; nil if aborted
	upload *http.ResponseController

	answering chan []*Message // the poll that write answers, set by take; owned by the writer
}

func (p *polling) name() string                       { return Polling }
func (p *polling) attach(s *Session)                  { p.session = s }
func (p *polling) ready() bool                        { return p.poll != nil }
func (p *polling) flushAll(func()) error              { return nil } // write accepts all messages
func (p *polling) lastMessage(Reason, error) *Message { return nil }

// take implements transport.
func (p *polling) take(q *queue) []*Message {
	p.answering, p.poll = p.poll, nil
	return q.take(q.bytes)
}

// write implements transport.
func (p *polling) write(messages []*Message) (done bool, err error) {
	p.answering <- slices.Clone(messages) // flush reuses the slice
	p.answering = nil
	return true, nil
}

// beginClose implements transport. Without a held poll, the session waits for one.
func (p *polling) beginClose(q *queue) bool {
	p.abortUpload()
	return p.poll == nil || len(q.messages) > 0
}

// end answers the held poll, and aborts the POST whose body is being read.
func (p *polling) end(reason Reason, _ error) {
	p.session.mu.Lock()
	poll := p.poll
	p.poll = nil
	p.abortUpload()
	p.session.out.fail() // no poll fetches the rest
	p.session.mu.Unlock()
	switch {
	case poll == nil:
	case reason == TransportClose:
		poll <- []*Message{noopPacket}
	default:
		poll <- []*Message{closePacket}
	}
}

// abortUpload aborts the POST whose body is being read. Session.mu is held, so upload still belongs
// to this request. If the ResponseWriter does not support deadlines, the POST ends with its
// connection.
func (p *polling) abortUpload() {
	if p.upload != nil {
		p.upload.SetReadDeadline(time.Now())
		p.upload = nil
	}
}

// openPolling answers a handshake over polling.
func (s *Server) openPolling(w http.ResponseWriter, q request) {
	session, refused := s.newSession(q, &polling{})
	if refused != nil {
		s.refuse(w, q.Request, refused)
		return
	}
	defer session.endIfPanicking()
	s.answer(w, q, s.openPackets(q.sid, s.upgrades), q.sid)
}

// endIfPanicking is deferred. It ends the session if a hook panics, because the packets of the
// answer are lost.
func (s *Session) endIfPanicking() {
	if v := recover(); v != nil {
		s.end(TransportError, nil)
		panic(v)
	}
}

// servePolling serves a polling request of a session that uses polling or has been upgraded from
// it.
func (s *Session) servePolling(w http.ResponseWriter, r *http.Request) {
	defer s.endIfPanicking()
	s.mu.Lock()
	p, ok := s.transport.(*polling)
	s.mu.Unlock()
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.WriteHeader(http.StatusInternalServerError) // like the official server
	case !ok:
		s.refuse(w, r)
	case r.Method == http.MethodGet:
		p.serveGet(w, r)
	default:
		p.servePost(w, r)
	}
}

// refuse refuses a request of a session that has ended, or has been upgraded.
func (s *Session) refuse(w http.ResponseWriter, r *http.Request) {
	reason := refusal(badRequest, "name", "TRANSPORT_MISMATCH", "transport", Polling)
	s.mu.Lock()
	if s.state == closedState {
		reason = refusal(unknownSID, "sid", s.id)
	}
	s.mu.Unlock()
	s.server.refuse(w, r, reason)
}

// serveGet holds the request until there is a packet. A second GET at the same time ends the
// session, as does a GET that the client cancels.
func (p *polling) serveGet(w http.ResponseWriter, r *http.Request) {
	s := p.session
	poll := make(chan []*Message, 1)
	s.mu.Lock()
	switch {
	case s.state == closedState, s.transport != p:
		s.mu.Unlock()
		s.refuse(w, r)
		return
	case p.poll != nil:
		s.mu.Unlock()
		s.end(TransportError, ErrOverlap)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.poll = poll
	if p.arrived != nil {
		close(p.arrived)
		p.arrived = nil
	}
	ends := s.state == closingState && len(s.out.messages) == 0 // Close waits for this poll
	if ends {
		s.out.push(noopPacket) // before the close packet, like the official server
		s.out.push(closePacket)
	}
	s.mu.Unlock()
	s.flush()

	select {
	case messages := <-poll:
		if messages == nil {
			s.refuse(w, r)
			return
		}
		s.server.answer(w, request{Request: r, codec: s.codec}, messages, "")
		if ends {
			s.end(s.closeReason, nil)
		}
	case <-r.Context().Done():
		s.mu.Lock()
		if p.poll == poll {
			p.poll = nil
		}
		s.mu.Unlock()
		p.fail(ErrPollCancelled)
	}
}

// fail ends the session because of a failed request, unless the session has been upgraded
// meanwhile.
func (p *polling) fail(err error) {
	p.session.mu.Lock()
	current := p.session.transport == p
	p.session.mu.Unlock()
	if current {
		p.session.end(TransportError, err)
	}
}

// answer writes messages as the answer to a GET. sid is the sid of a new session, or empty.
func (s *Server) answer(w http.ResponseWriter, q request, messages []*Message, sid string) {
	packets := make([]eiopacket.Packet, len(messages))
	for i, m := range messages {
		packets[i] = m.packet
	}
	payload, contentType := q.codec.Payload(packets)
	compress := slices.ContainsFunc(messages, func(m *Message) bool { return !m.plain })
	s.respond(w, q.Request, contentType, payload, compress, sid)
}

// respond writes the answer to a GET or a POST. A client that takes longer than PingTimeout to read
// it loses its connection.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, contentType string, payload []byte,
	compress bool, sid string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff") // clients choose the text of a payload
	if agent := r.UserAgent(); strings.Contains(agent, ";MSIE") ||
		strings.Contains(agent, "Trident/") {
		h.Set("X-XSS-Protection", "0") // its filter mistakes payloads for attacks
	}
	s.addHeaders(h, r, sid, sid != "")
	compress = compress && !s.config.HTTPCompression.Off &&
		len(payload) >= s.config.HTTPCompression.Threshold
	body.Write(w, r, payload, compress, s.config.PingInterval+2*s.config.PingTimeout+shutdownGrace)
}

// A post is a source that reads the packets of a POST's body.
type post struct {
	polling *polling
	packets []eiopacket.Packet
	err     error         // after the packets
	taken   chan struct{} // closed when all packets have been handled
}

// errClientCloses says that the client sent a close packet.
var errClientCloses = errors.New("engineio: close packet")

// read implements source.
func (b *post) read() (p eiopacket.Packet, err error) {
	if len(b.packets) == 0 {
		return p, cmp.Or(b.err, io.EOF)
	}
	p, b.packets = b.packets[0], b.packets[1:]
	if p.Type == eiopacket.Close {
		return p, errClientCloses
	}
	return p, nil
}

// ended implements source.
func (b *post) ended(err error) {
	switch {
	case err == errClientCloses:
		b.polling.awaitPoll()
		b.polling.session.end(TransportClose, nil)
	case err != io.EOF:
		b.polling.session.end(ParseError, err)
	}
	close(b.taken)
}

// pollDelay is how long the server waits, after the client's close packet, for a poll that the
// client has sent on another connection.
const pollDelay = 250 * time.Millisecond

// awaitPoll waits for a poll, up to pollDelay.
func (p *polling) awaitPoll() {
	p.session.mu.Lock()
	if p.poll != nil || p.session.transport != p || p.session.state == closedState {
		p.session.mu.Unlock()
		return
	}
	p.arrived = make(chan struct{})
	arrived := p.arrived
	p.session.mu.Unlock()
	select {
	case <-arrived:
	case <-time.After(pollDelay):
	}
}

// servePost reads the client's packets. It answers when all have been handled.
func (p *polling) servePost(w http.ResponseWriter, r *http.Request) {
	s := p.session
	refuse := func(status int) { body.Skip(w, r); w.WriteHeader(status) }
	s.mu.Lock()
	overlap, ended := p.posting, s.state == closedState
	if !overlap && !ended {
		p.posting, p.upload = true, http.NewResponseController(w)
		defer func() {
			s.mu.Lock()
			p.posting, p.upload, p.post = false, nil, nil
			s.mu.Unlock()
		}()
	}
	s.mu.Unlock()
	contentType := r.Header.Get("Content-Type")
	switch {
	case ended:
		s.refuse(w, r)
		return
	case overlap:
		s.end(TransportError, ErrOverlap)
		refuse(http.StatusBadRequest)
		return
	case s.Protocol() == 4 && contentType == eiopacket.BinaryPayload:
		s.end(TransportError, ErrContentType)
		refuse(http.StatusBadRequest)
		return
	}
	payload, err := p.readBody(w, r)
	if err != nil {
		p.fail(err)
		status := http.StatusBadRequest
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			status = http.StatusRequestEntityTooLarge
		}
		refuse(status)
		return
	}
	packets, err := s.codec.ParsePayload(payload, contentType)
	b := &post{polling: p, packets: packets, err: err, taken: make(chan struct{})}
	s.mu.Lock()
	p.post = b
	upgraded := s.transport != p // then the packets are dropped, like in the official server
	s.mu.Unlock()
	if upgraded {
		s.refuse(w, r)
		return
	}
	s.read(b)
	<-b.taken
	s.server.respond(w, r, "text/html", []byte("ok"), false, "")
}

// readBody reads the body of a POST. If it is too large, the error is a *http.MaxBytesError. If
// Close has aborted the body, the session ends.
func (p *polling) readBody(w http.ResponseWriter, r *http.Request) (payload []byte, err error) {
	limit := int64(p.session.server.config.MaxPayload)
	if r.ContentLength > limit {
		err = &http.MaxBytesError{Limit: limit}
	} else {
		payload, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	p.session.mu.Lock()
	aborted, closing := p.upload == nil, p.session.state == closingState
	p.upload = nil
	p.session.mu.Unlock()
	if aborted { // the deadline breaks the connection, even if the body was complete before
		w.Header().Set("Connection", "close")
	}
	if err != nil && closing {
		p.session.end(p.session.closeReason, err)
	}
	return payload, err
}
