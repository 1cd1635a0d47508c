package load

import (
	"bufio"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"realtimelab/lessons/websocket/frame"
)

// A socket is a WebSocket connection that costs little while nothing is received: no buffer, and
// one goroutine that waits in the smallest stack. When there is data, the goroutine gives the
// socket to a worker and ends; the worker reads into its own buffer, and starts the next wait.
type socket struct {
	client *client
	conn   net.Conn
	raw    syscall.RawConn // nil with TLS, which has a goroutine and a buffer of its own

	// of the goroutine that reads
	rest    []byte // the beginning of a frame
	message []byte // the beginning of a message in several frames
	binary  bool   // that message is binary

	mu      sync.Mutex
	out     []byte // waits until the server reads
	writing bool   // drain writes it
	ended   bool
}

// maxQueued bounds what waits in a socket for a server that does not read.
const maxQueued = 1 << 20

var errQueue = failf(CauseQueue, "more than 1 MiB waits to be sent",
	"等待发送的数据超过 1 MiB")

func newSocket(c *client, conn net.Conn) *socket {
	s := &socket{client: c, conn: conn}
	if tcp, ok := conn.(*net.TCPConn); ok {
		s.raw, _ = tcp.SyscallConn()
	}
	return s
}

// start begins to receive, with what a handshake has read already. It returns the reader.
func (s *socket) start(in *bufio.Reader) {
	_ = s.conn.SetDeadline(noDeadline)
	early, _ := in.Peek(in.Buffered())
	early = append([]byte(nil), early...)
	in.Reset(nil)
	readers.Put(in)
	s.client.run.sockets.Add()
	go func() {
		if len(early) > 0 {
			if err := s.take(time.Now(), early); err != nil {
				s.end(err)
				return
			}
		}
		if s.raw == nil {
			s.loop()
			return
		}
		go s.wait()
	}()
}

// wait gives the socket to a worker once there is data. It needs little stack.
func (s *socket) wait() {
	err := s.raw.Read(whenReadable())
	if err != nil {
		go s.end(err)
		return
	}
	s.client.run.ready <- s
}

// work reads from sockets that have data, until ready is closed.
func (r *run) work() {
	buffer := make([]byte, 64<<10)
	for s := range r.ready {
		limit := len(buffer)
		if s.client.slow {
			limit = max(1, r.config.SlowRate/10)
		}
		n, err := s.conn.Read(buffer[:limit])
		if n > 0 {
			err = s.take(time.Now(), buffer[:n])
		}
		switch {
		case err != nil:
			s.end(err)
		case s.client.slow:
			time.AfterFunc(time.Second/10, s.wait)
		default:
			go s.wait()
		}
	}
}

// loop reads from a socket with TLS.
func (s *socket) loop() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.conn.Read(buffer)
		if n > 0 {
			err = s.take(time.Now(), buffer[:n])
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

// take reads the frames in data, and keeps the beginning of one that is incomplete.
func (s *socket) take(now time.Time, data []byte) error {
	s.client.run.tally.in.Add(int64(len(data)))
	if len(s.rest) > 0 {
		s.rest = append(s.rest, data...)
		data = s.rest
	}
	for {
		f, n, err := frame.Parse(data)
		if errors.Is(err, frame.ErrIncomplete) {
			break
		}
		if err == nil {
			err = s.frame(now, f)
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	if len(data) > maxMessage {
		return failf(CauseProtocol, "a message of more than %d MiB", "消息超过 %d MiB",
			maxMessage>>20)
	}
	if len(data) == 0 {
		s.rest = nil
		return nil
	}
	s.rest = append(s.rest[:0], data...)
	return nil
}

func (s *socket) frame(now time.Time, f frame.Frame) error {
	switch {
	case f.Masked || f.RSV != 0:
		return failf(CauseProtocol, "a frame of the server is masked or has reserved bits",
			"服务器的帧带有掩码，或设置了保留位")
	case f.Opcode == frame.Ping:
		s.write(frame.Pong, f.Payload)
		return nil
	case f.Opcode == frame.Pong:
		return nil
	case f.Opcode == frame.Close:
		s.write(frame.Close, f.Payload)
		return closed(f.Payload)
	case f.Fin && f.Opcode != frame.Continuation:
		return s.client.hear(now, f.Payload, f.Opcode == frame.Binary)
	}
	if f.Opcode != frame.Continuation {
		s.binary = f.Opcode == frame.Binary
	}
	if s.message = append(s.message, f.Payload...); len(s.message) > maxMessage {
		return failf(CauseProtocol, "a message of more than %d MiB", "消息超过 %d MiB",
			maxMessage>>20)
	}
	if !f.Fin {
		return nil
	}
	whole := s.message
	s.message = nil
	return s.client.hear(now, whole, s.binary)
}

// send sends a text message. It does not block.
func (s *socket) send(text []byte) error { return s.write(frame.Text, text) }

func (s *socket) write(opcode frame.Opcode, payload []byte) error {
	h := frame.Header{Fin: true, Opcode: opcode, Masked: true}
	key := rand.Uint32()
	h.Mask = [4]byte{byte(key), byte(key >> 8), byte(key >> 16), byte(key >> 24)}
	data := frame.Frame{Header: h,
		Payload: payload}.Append(make([]byte, 0, len(payload)+frame.MaxHeader))

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return net.ErrClosed
	}
	sent := 0
	if !s.writing && s.raw != nil {
		sent = s.now(data)
	}
	if len(s.out)+len(data)-sent > maxQueued {
		return errQueue
	}
	s.client.run.tally.out.Add(int64(len(data)))
	if sent == len(data) {
		return nil
	}
	s.out = append(s.out, data[sent:]...)
	if !s.writing {
		s.writing = true
		s.client.run.tasks.Go(s.drain)
	}
	return nil
}

// now writes what the system takes at once.
func (s *socket) now(data []byte) (n int) {
	_ = s.raw.Write(func(fd uintptr) bool {
		n = writeNow(fd, data)
		return true
	})
	return n
}

// drain writes what waits, until nothing does or the connection ends.
func (s *socket) drain() {
	for {
		s.mu.Lock()
		data := s.out
		s.out = nil
		s.writing = len(data) > 0
		s.mu.Unlock()
		if len(data) == 0 {
			return
		}
		if _, err := s.conn.Write(data); err != nil {
			s.conn.Close() // the reader sees it
		}
	}
}

// leave closes the connection as a client that has finished: with a close frame.
func (s *socket) leave() {
	_ = s.write(frame.Close, frame.AppendClose(nil, frame.NormalClosure, ""))
	s.conn.Close()
}

// cut closes the connection as a network that fails: with a reset.
func (s *socket) cut() {
	if tcp, ok := s.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	s.conn.Close()
}

// end tells the client that the connection has ended. The goroutine that reads calls it, once.
func (s *socket) end(err error) {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.conn.Close()
	s.client.lost(s, err)
	s.client.run.sockets.Leave()
}
