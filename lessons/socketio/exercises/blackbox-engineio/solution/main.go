// Command server opens, upgrades and closes Engine.IO sessions.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

func main() {
	address := "127.0.0.1:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	fmt.Println("http://" + address)
	fmt.Println(http.ListenAndServe(address, Handler()))
}

// Handler is the server.
func Handler() http.Handler {
	s := &server{sessions: map[string]*session{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/socket.io/", s.serve)
	return mux
}

// server knows the sessions.
type server struct {
	mu       sync.Mutex
	sessions map[string]*session
}

// The heartbeat, short enough to be watched.
const (
	pingInterval = 300 * time.Millisecond
	pingTimeout  = time.Second
)

// session is one client's; its sid outlives a request, and the change of transport.
type session struct {
	out      chan string   // packets that wait for a poll, or for the WebSocket
	pong     chan struct{} // has room for one
	probed   chan struct{} // closed when a WebSocket is tried: the held poll must end
	closed   chan struct{}
	upgraded bool // server.mu
	probing  bool // server.mu
}

// beat sends a ping, waits for its pong, and so on. Without a pong it ends the session.
func (s *server) beat(sid string, session *session) {
	for {
		select {
		case <-time.After(pingInterval):
		case <-session.closed:
			return
		}
		select {
		case <-session.pong: // without a ping
		default:
		}
		session.out <- "2" // it has room: the last ping was answered, so it has left
		select {
		case <-session.pong:
		case <-session.closed:
			return
		case <-time.After(pingTimeout):
			s.end(sid)
			return
		}
	}
}

// heard notes a pong.
func (session *session) heard() {
	select {
	case session.pong <- struct{}{}:
	default:
	}
}

// forward sends what the session has to say over its WebSocket, and closes that at its end.
func (session *session) forward(conn net.Conn) {
	for {
		select {
		case packet := <-session.out:
			if writeFrame(conn, 1, []byte(packet)) != nil {
				return
			}
		case <-session.closed:
			_ = conn.Close()
			return
		}
	}
}

func (s *server) begin() (string, *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sid := rand.Text()
	begun := &session{out: make(chan string, 1), pong: make(chan struct{}, 1),
		probed: make(chan struct{}), closed: make(chan struct{})}
	s.sessions[sid] = begun
	go s.beat(sid, begun)
	return sid, begun
}

func (s *server) end(sid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.sessions[sid]; session != nil {
		delete(s.sessions, sid)
		close(session.closed)
	}
}

func (s *server) find(sid string) (found *session, upgraded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found = s.sessions[sid]
	return found, found != nil && found.upgraded
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"code":%d,"message":%q}`, code, message)
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	transport, sid := r.URL.Query().Get("transport"), r.URL.Query().Get("sid")
	session, upgraded := s.find(sid)
	switch {
	case transport != "polling" && transport != "websocket":
		refuse(w, 0, "Transport unknown")
	case sid != "" && session == nil:
		refuse(w, 1, "Session ID unknown")
	case transport == "websocket" && r.Header.Get("Upgrade") == "", upgraded:
		refuse(w, 3, "Bad request")
	case transport == "websocket":
		s.webSocket(w, r, sid, session)
	case sid == "":
		sid, _ := s.begin()
		fmt.Fprint(w, open(sid, `"websocket"`))
	case r.Method == http.MethodPost:
		s.post(w, r, sid, session)
	default:
		s.poll(w, r, session)
	}
}

func (s *server) post(w http.ResponseWriter, r *http.Request, sid string, session *session) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1000000))
	for packet := range strings.SplitSeq(string(body), "\x1e") {
		switch {
		case err != nil || packet == "1":
			s.end(sid)
		case packet == "3":
			session.heard()
		}
	}
	fmt.Fprint(w, "ok")
}

// poll holds the request until there is something to send: here a ping, a noop, or the end.
func (s *server) poll(w http.ResponseWriter, r *http.Request, session *session) {
	select {
	case <-session.probed:
		fmt.Fprint(w, "6")
	case <-session.closed:
		fmt.Fprint(w, "1")
	case packet := <-session.out:
		fmt.Fprint(w, packet)
	case <-r.Context().Done():
	}
}

func (s *server) webSocket(w http.ResponseWriter, r *http.Request, sid string, old *session) {
	reader, conn, ok := shakeHands(w, r)
	if !ok {
		return
	}
	defer conn.Close()
	if old == nil {
		sid, old = s.begin()
		if writeFrame(conn, 1, []byte(open(sid, ""))) != nil {
			s.end(sid)
			return
		}
		s.mu.Lock()
		old.probing, old.upgraded = true, true // there is nothing to upgrade
		s.mu.Unlock()
		go old.forward(conn)
	}
	packets(reader, conn, func(packet string) bool { return s.receive(conn, old, packet) })
	s.end(sid)
}

// receive handles a packet over a WebSocket; false ends the connection.
func (s *server) receive(conn net.Conn, session *session, packet string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case packet == "2probe" && !session.probing:
		session.probing = true
		close(session.probed)
		return writeFrame(conn, 1, []byte("3probe")) == nil
	case packet == "5" && session.probing && !session.upgraded:
		session.upgraded = true
		go session.forward(conn)
		return true
	case packet == "3":
		session.heard()
		return true
	}
	return false
}

// packets reads the messages of a client, until it is gone, and answers pings and the goodbye.
func packets(r io.Reader, w io.Writer, each func(packet string) bool) {
	for {
		_, op, payload, err := readFrame(r)
		switch {
		case err != nil:
			return
		case op == 8:
			_ = writeFrame(w, 8, payload[:min(2, len(payload))]) // the end, either way
			return
		case op == 9:
			err = writeFrame(w, 10, payload)
		case op == 1 && !each(string(payload)):
			return
		}
		if err != nil {
			return
		}
	}
}

func open(sid string, upgrades string) string {
	return fmt.Sprintf(
		`0{"sid":%q,"upgrades":[%s],"pingInterval":%d,"pingTimeout":%d,"maxPayload":1000000}`,
		sid, upgrades, pingInterval.Milliseconds(), pingTimeout.Milliseconds())
}

// shakeHands answers the handshake and takes the connection over.
func shakeHands(w http.ResponseWriter, r *http.Request) (*bufio.ReadWriter, net.Conn, bool) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "this is a WebSocket endpoint", http.StatusUpgradeRequired)
		return nil, nil, false
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			http.Error(w, "another origin", http.StatusForbidden)
			return nil, nil, false
		}
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, nil, false
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") +
		"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	return buffered, conn, true
}

var errUnmasked = errors.New("a client's frame must be masked")

// readFrame reads one frame of a client.
func readFrame(r io.Reader) (fin bool, opcode byte, payload []byte, err error) {
	var head [14]byte
	if _, err = io.ReadFull(r, head[:2]); err != nil {
		return
	}
	if head[1]&0x80 == 0 {
		return false, 0, nil, errUnmasked
	}
	n := uint64(head[1] & 0x7f)
	extra := map[uint64]int{126: 2, 127: 8}[n]
	if _, err = io.ReadFull(r, head[2:2+extra+4]); err != nil {
		return
	}
	switch n {
	case 126:
		n = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		n = binary.BigEndian.Uint64(head[2:])
	}
	if n > 1<<20 {
		return false, 0, nil, errors.New("too large")
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	for i := range payload {
		payload[i] ^= head[2+extra+i%4]
	}
	return head[0]&0x80 != 0, head[0] & 0x0f, payload, err
}

// writeFrame writes one whole message.
func writeFrame(w io.Writer, opcode byte, payload []byte) error {
	frame := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n <= 125:
		frame = append(frame, byte(n))
	case n <= 65535:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	_, err := w.Write(append(frame, payload...))
	return err
}
