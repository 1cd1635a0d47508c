package engineio

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
)

// isWebSocketUpgrade reports whether the request asks for a WebSocket: RFC 6455
// section 4.2.1, items 3 and 4.
func isWebSocketUpgrade(r *http.Request) bool {
	return hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

func hasToken(h http.Header, key, token string) bool {
	for _, value := range h[key] {
		for item := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

// badUpgrade says what is wrong with a WebSocket's handshake, or "".
func badUpgrade(r *http.Request) string {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key"))
	switch {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1):
		return "not a GET of HTTP/1.1"
	case !hasToken(r.Header, "Sec-Websocket-Version", "13"):
		return "version is not 13"
	case err != nil || len(key) != 16:
		return "key is not 16 bytes"
	}
	return ""
}

// notOurs are the headers of the answer to a handshake that no hook may set.
var notOurs = map[string]bool{
	"Connection": true, "Upgrade": true, "Sec-Websocket-Accept": true, "Sec-Websocket-Extensions": true,
	"Content-Length": true, "Transfer-Encoding": true,
}

// accept takes over the connection of a WebSocket's handshake, or has answered
// why not. The answer, with the headers that w has, leaves with the first frame.
func (s *Server) accept(w http.ResponseWriter, q request) *wsConn {
	if reason := badUpgrade(q.Request); reason != "" {
		w.Header().Set("Sec-WebSocket-Version", "13")
		s.refuse(w, q.Request, badRequest.with("name", "TRANSPORT_HANDSHAKE_ERROR", "error", reason))
		return nil
	}
	header := w.Header()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.config.Log.Error("websocket handshake on a connection that cannot be taken over", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
		return nil
	}
	ws := &wsConn{conn: conn, try: newTryWriter(conn), dialect: q.dialect}
	ws.persist() // what the HTTP server set is over
	ws.frames.limit, ws.frames.onPing = int64(s.config.MaxPayload), ws.pong
	ws.frames.in.init(conn)
	if n := buffered.Reader.Buffered(); n > 0 { // a client that did not wait for the answer
		early, _ := buffered.Reader.Peek(n)
		ws.frames.in.unread(early)
	}
	extension := ""
	if d := s.config.PerMessageDeflate; d != nil {
		extension = ws.deflates(q.Request, d.Threshold)
	}
	ws.greeting = switching(q.Request, header, extension)
	return ws
}

// switching is the answer to a handshake: RFC 6455 section 4.2.2.
func switching(r *http.Request, header http.Header, extension string) []byte {
	var b bytes.Buffer
	b.Grow(512)
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
	b.WriteString(acceptKey(r.Header.Get("Sec-Websocket-Key")))
	b.WriteString("\r\n")
	if extension != "" {
		b.WriteString("Sec-WebSocket-Extensions: " + extension + "\r\n")
	}
	if chosen := subprotocol(r); chosen != "" && header.Get("Sec-Websocket-Protocol") == "" {
		b.WriteString("Sec-WebSocket-Protocol: " + chosen + "\r\n")
	}
	if len(header) > 0 {
		header.WriteSubset(&b, notOurs) // a buffer takes everything
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// subprotocol is the first that the client offers, or "". A browser gives a
// connection up if it offered some and none is chosen.
func subprotocol(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Sec-Websocket-Protocol"), ",")
	return strings.TrimSpace(first)
}

func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
