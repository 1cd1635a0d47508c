package middlebox

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// An exchange is one request with its response, or with the WebSocket that it opens. It is the
// ResponseWriter for the ReverseProxy, and runs on the goroutines of one handler.
type exchange struct {
	http.ResponseWriter
	control *http.ResponseController
	request *http.Request // as it came
	own     http.Header   // headers that the proxy's own server sets on every response
	kinds   Kinds

	ctx    context.Context // ends with the exchange; its cause is the reason
	cancel context.CancelCauseFunc
	idle   *time.Timer // nil without Idle

	held     []byte // of the response, with Buffering
	hijacked bool   // net/http no longer has the connection
	complete bool   // the response has been passed on to its end

	raw  net.Conn      // the client's connection, once an answer in HTTP/1.0 has begun; else nil
	gone chan struct{} // closed when raw has ended
}

type exchangeKey struct{}

// exchangeOf returns the exchange of a request that a Proxy forwards.
func exchangeOf(r *http.Request) *exchange { return r.Context().Value(exchangeKey{}).(*exchange) }

// touch notes that bytes have passed.
func (x *exchange) touch() {
	if x.idle != nil && x.ctx.Err() == nil {
		x.idle.Reset(x.kinds.Idle)
	}
}

// WriteHeader begins the response. With HTTP10 it takes the connection over, because net/http would
// answer in the version of the request.
func (x *exchange) WriteHeader(status int) {
	if x.hijacked {
		return // a failure after the switch of protocols, which is the end of the connection
	}
	x.touch()
	switch {
	case !x.kinds.HTTP10:
		x.ResponseWriter.WriteHeader(status)
	case status >= 200:
		x.begin10(status)
	}
}

// Write passes a piece of the response on, or holds it.
func (x *exchange) Write(p []byte) (int, error) {
	x.touch()
	if !x.kinds.Buffering {
		return len(p), x.pass(p)
	}
	x.held = append(x.held, p...)
	if len(x.held) < held {
		return len(p), nil
	}
	err := x.pass(x.held)
	x.held = x.held[:0]
	if err == nil && x.raw == nil {
		err = x.flush()
	}
	return len(p), err
}

// pass writes to the client, which has stallTime to take it.
func (x *exchange) pass(p []byte) error {
	if x.raw != nil {
		_ = x.raw.SetWriteDeadline(time.Now().Add(stallTime))
		_, err := x.raw.Write(p)
		return err
	}
	_ = x.control.SetWriteDeadline(time.Now().Add(stallTime))
	_, err := x.ResponseWriter.Write(p)
	_ = x.control.SetWriteDeadline(time.Time{})
	return err
}

// FlushError sends what was written, unless the proxy buffers.
func (x *exchange) FlushError() error {
	if x.kinds.Buffering || x.raw != nil {
		return nil
	}
	return x.flush()
}

func (x *exchange) flush() error {
	_ = x.control.SetWriteDeadline(time.Now().Add(stallTime))
	err := x.control.Flush()
	_ = x.control.SetWriteDeadline(time.Time{})
	return err
}

// finish ends a response that is complete.
func (x *exchange) finish() {
	x.complete = len(x.held) == 0 || x.pass(x.held) == nil
	_ = x.control.SetWriteDeadline(time.Now().Add(stallTime)) // net/http writes the rest
}

// Hijack hands the connection over for a WebSocket. It ends with the exchange.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, buffered, err := x.control.Hijack()
	if err != nil {
		return nil, nil, err
	}
	x.hijacked = true
	t := &tunnel{Conn: c, exchange: x, early: buffered.Reader}
	context.AfterFunc(x.ctx, func() { _ = c.Close() })
	_ = c.SetWriteDeadline(time.Now().Add(stallTime)) // for the head of the answer
	return t, buffered, nil
}

// tunnel is a client's connection that carries a WebSocket.
type tunnel struct {
	net.Conn
	exchange *exchange
	early    *bufio.Reader // what the client sent before the answer
}

func (t *tunnel) Read(p []byte) (int, error) {
	if n := t.early.Buffered(); n > 0 {
		return t.early.Read(p[:min(n, len(p))])
	}
	n, err := t.Conn.Read(p)
	t.exchange.touch()
	return n, err
}

func (t *tunnel) Write(p []byte) (int, error) {
	t.exchange.touch()
	_ = t.Conn.SetWriteDeadline(time.Now().Add(stallTime))
	return t.Conn.Write(p)
}

// CloseWrite tells the client that no more data follows.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// deaf is the server's end of a WebSocket whose bytes are lost.
type deaf = io.ReadWriteCloser

// hole discards the bytes that both ends of a WebSocket send. Its Read returns when the server
// ends.
type hole struct{ deaf }

func (h hole) Read(p []byte) (int, error) {
	for {
		if _, err := h.deaf.Read(p); err != nil {
			return 0, err
		}
	}
}

func (h hole) Write(p []byte) (int, error) { return len(p), nil }

// body is the body of a request on its way to the server.
type body struct {
	io.ReadCloser
	exchange *exchange
	begun    bool
}

func (b *body) Read(p []byte) (int, error) {
	if slow := b.exchange.kinds.SlowBody; slow > 0 && !b.begun {
		select {
		case <-time.After(slow):
		case <-b.exchange.ctx.Done():
			return 0, context.Cause(b.exchange.ctx)
		}
	}
	b.begun = true
	n, err := b.ReadCloser.Read(p)
	b.exchange.touch()
	return n, err
}
