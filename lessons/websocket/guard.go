package websocket

import (
	"bufio"
	"net"
	"net/http"

	"realtimelab/lessons/websocket/frame"
)

// guard reads along with gorilla, on the connection below it, and refuses what
// gorilla lets pass: a length that is not in its shortest form and a close frame
// with a payload of one byte (1002), a close reason that is not UTF-8 (1007). It
// looks at headers and close frames alone, and keeps no other byte.
type guard struct {
	net.Conn

	head         []byte // of the next frame, as far as it has come
	frame        frame.Header
	left         int64  // bytes of frame's payload still to come
	closePayload []byte // the payload of a close frame, still masked
	closed       bool   // the close frame has come; later bytes are ignored
	err          error  // the violation, forever
}

// NetConn returns the connection under g.
func (g *guard) NetConn() net.Conn { return g.Conn }

// Read fails from the first byte of a bad frame on, with a *frame.Error. The good
// bytes before it are read first.
func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.Conn.Read(p)
	good := g.check(p[:n])
	if g.err != nil && good == 0 {
		return 0, g.err
	}
	if g.err != nil {
		return good, nil
	}
	return n, err
}

// check follows the frames through the next bytes and returns how many stand
// before the frame at fault, if there is one: then err is set.
func (g *guard) check(p []byte) (good int) {
	for at := 0; at < len(p) && !g.closed; {
		n, err := g.step(p[at:])
		if err != nil {
			g.err = err
			return good
		}
		at += n
		if g.left == 0 && len(g.head) == 0 {
			good = at
		}
	}
	return len(p)
}

// step takes some of the bytes: a piece of a header, or of a payload.
func (g *guard) step(p []byte) (n int, err error) {
	if g.left == 0 {
		n, err = g.header(p)
	} else {
		n = int(min(g.left, int64(len(p))))
		g.left -= int64(n)
		if g.frame.Opcode == frame.Close {
			g.closePayload = append(g.closePayload, p[:n]...)
		}
	}
	if err == nil && g.left == 0 && len(g.head) == 0 && g.frame.Opcode == frame.Close {
		g.closed = true
		frame.Mask(g.frame.Mask, 0, g.closePayload)
		_, _, err = frame.ParseClose(g.closePayload)
	}
	return n, err
}

func (g *guard) header(p []byte) (n int, err error) {
	before := len(g.head)
	g.head = append(g.head, p[:min(len(p), frame.MaxHeader-before)]...)
	h, size, err := frame.ParseHeader(g.head)
	if err == frame.ErrIncomplete {
		return len(g.head) - before, nil
	}
	if err != nil {
		return 0, err
	}
	g.frame, g.left, g.head = h, h.Length, g.head[:0]
	return size - before, nil
}

// guarded is a response that hands out its connection with a guard on it.
type guarded struct{ http.ResponseWriter }

// Hijack is http.Hijacker's.
func (w guarded) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, brw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return &guard{Conn: nc}, brw, nil
}
