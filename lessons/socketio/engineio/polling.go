package engineio

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"realtimelab/lessons/socketio/eiopacket"
)

// poll is a GET that waits for packets.
type poll struct {
	answer chan []*Message // capacity 1: whoever takes the poll answers it once
}

// openPolling answers a handshake over polling.
func (s *Server) openPolling(w http.ResponseWriter, q request) {
	sid := newSID()
	session := s.open(q, sid, nil)
	if session == nil {
		s.refuse(w, q.Request, badRequest.with("name", "SERVER_CLOSED"))
		return
	}
	answered := false
	defer session.endUnless(&answered)
	session.mu.Lock()
	packets := session.takeForPoll()
	session.mu.Unlock()
	session.answer(w, q.Request, packets, func(h http.Header) { s.addInitialHeaders(h, q.Request, sid) })
	answered = true
}

// endUnless is deferred: if a hook panics, what was taken for its answer is lost.
func (s *Session) endUnless(answered *bool) {
	if !*answered {
		s.finish(TransportError, nil)
	}
}

func (s *Session) servePolling(w http.ResponseWriter, r *http.Request) {
	answered := false
	defer s.endUnless(&answered)
	switch r.Method {
	case http.MethodGet:
		s.servePoll(w, r)
	case http.MethodPost:
		s.servePost(w, r)
	default:
		w.WriteHeader(http.StatusInternalServerError) // as the official server
	}
	answered = true
}

// servePoll holds the request until there is a packet. A second poll at the
// same time, and one that the client gives up, end the session.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) {
	waiting := &poll{answer: make(chan []*Message, 1)}
	s.mu.Lock()
	switch {
	case s.state == stateClosed || s.ws != nil:
		s.mu.Unlock()
		s.server.refuse(w, r, badRequest.with("name", "TRANSPORT_MISMATCH", "transport", Polling))
		return
	case s.poll != nil:
		s.mu.Unlock()
		s.finish(TransportError, ErrOverlap)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.poll = waiting
	if s.state == stateClosing && len(s.queue) == 1 { // the close packet
		s.queue = []*Message{noopPacket, closePacket}
	}
	s.mu.Unlock()
	s.Flush()

	select {
	case packets := <-waiting.answer:
		s.answer(w, r, packets, func(h http.Header) { s.server.addHeaders(h, r) })
		s.closeIfFetched(packets)
	case <-r.Context().Done():
		s.dropPoll(waiting)
	}
}

// answerPoll gives the queue to the poll that waits. The caller holds mu.
func (s *Session) answerPoll() {
	s.poll.answer <- s.takeForPoll()
	s.poll = nil
}

// takeForPoll is take for the answer of a poll. The close packet goes without the
// messages before it, with the next one: the official client acts on it before the
// messages that come with it. A poll that comes to a session that closes gets it
// behind a noop, as from the official server.
func (s *Session) takeForPoll() []*Message {
	packets, rest := s.queue, s.queue[len(s.queue):]
	if last := len(packets) - 1; last > 0 && packets[last] == closePacket && packets[0] != noopPacket {
		packets, rest = packets[:last], packets[last:]
	}
	s.queue, s.queueBytes = slices.Clone(rest), 0
	return packets
}

// closeIfFetched ends a closing session when its close packet has been fetched.
func (s *Session) closeIfFetched(packets []*Message) {
	if packets[len(packets)-1] == closePacket {
		s.finish(ForcedClose, nil)
	}
}

func (s *Session) dropPoll(waiting *poll) {
	s.mu.Lock()
	if s.poll == waiting {
		s.poll = nil
	}
	s.mu.Unlock()
	s.failPolling(ErrPollCancelled)
}

// failPolling ends the session for what a request came to, unless it has been upgraded
// meanwhile.
func (s *Session) failPolling(err error) {
	if s.Transport() == Polling {
		s.finish(TransportError, err)
	}
}

// servePost reads the client's packets. It answers when all have been taken.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	overlap, ended := s.posting, s.state == stateClosed
	if !overlap && !ended {
		s.posting, s.upload = true, http.NewResponseController(w)
	}
	s.mu.Unlock()
	switch {
	case ended:
		s.server.refuse(w, r, unknownSID.with("sid", s.id))
		return
	case overlap:
		s.finish(TransportError, ErrOverlap)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer func() {
		s.mu.Lock()
		s.posting = false
		s.mu.Unlock()
	}()
	contentType := r.Header.Get("Content-Type")
	if s.Protocol() == 4 && contentType == binaryPayload {
		s.finish(TransportError, ErrContentType)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	body, ok := s.takeBody(w, r)
	switch {
	case !ok:
		return
	case !s.takePayload(body, contentType):
		s.server.refuse(w, r, badRequest.with("name", "TRANSPORT_MISMATCH", "transport", Polling))
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Content-Length", "2")
	addPollingHeaders(w.Header(), r)
	s.server.addHeaders(w.Header(), r)
	io.WriteString(w, "ok")
}

// takeBody reads the body of a POST, or has answered why there is none.
func (s *Session) takeBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := s.readBody(w, r)
	s.mu.Lock()
	s.upload = nil
	closing := s.state == stateClosing
	s.mu.Unlock()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case err != nil:
		if closing { // Close has aborted it
			s.finish(ForcedClose, err)
		}
		s.failPolling(err)
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
	}
	return body, err == nil
}

func (s *Session) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(s.server.config.MaxPayload)
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
}

// takePayload takes the packets of a POST, unless the session was upgraded while its
// body was on the way: then they are dropped, as the official server does.
func (s *Session) takePayload(body []byte, contentType string) bool {
	s.payload.Lock()
	defer s.payload.Unlock()
	s.mu.Lock()
	upgraded := s.ws != nil
	s.mu.Unlock()
	if !upgraded {
		s.receivePayload(s.dialect.parsePayload(body, contentType))
	}
	return !upgraded
}

// receivePayload takes the packets before what err is about, then err.
func (s *Session) receivePayload(packets []eiopacket.Packet, err error) {
	for _, p := range packets {
		if p.Type == eiopacket.Close {
			s.finish(TransportClose, nil)
			return
		}
		s.receive(p)
	}
	if err != nil {
		s.finish(ParseError, err)
	}
}

// answer writes the messages as the answer of a poll.
func (s *Session) answer(w http.ResponseWriter, r *http.Request, messages []*Message, addHeaders func(http.Header)) {
	body, contentType := s.dialect.payload(messages)
	encoding := ""
	if slices.ContainsFunc(messages, func(m *Message) bool { return !m.plain }) {
		encoding = s.server.config.HTTPCompression.encodingOf(len(body), r)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	addPollingHeaders(h, r)
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	} else {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	addHeaders(h)
	if len(body) > readBuffer { // the others leave when the request is over
		defer s.server.boundWrite(w)()
	}
	if encoding != "" {
		writeCompressed(w, encoding, body)
		return
	}
	w.Write(body) // a client that is gone shows when its next request does not come
}
