package middlebox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"realtimelab/internal/tcpreset"
)

// errLength means that a request's body is too long for HTTP/1.0, which has no chunks: the proxy
// must know the length before it forwards the first byte.
var errLength = fmt.Errorf(
	"the proxy speaks HTTP/1.0 to the server and must know the length of a request's body, and "+
		"this body of unknown length has more than %d bytes", maxBody)

// roundTrip10 sends a request in HTTP/1.0 over a connection of its own (RFC 1945). net/http's
// Transport speaks HTTP/1.1 only.
func (p *Proxy) roundTrip10(r *http.Request) (_ *http.Response, err error) {
	ctx := r.Context()
	content, length := io.Reader(r.Body), r.ContentLength
	if r.Body == nil || r.Body == http.NoBody {
		content, length = nil, 0
	}
	if length < 0 {
		whole, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		switch {
		case err != nil:
			return nil, err
		case len(whole) > maxBody:
			return nil, errLength
		}
		content, length = bytes.NewReader(whole), int64(len(whole))
	}
	c, err := p.dial(ctx, "", "")
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		if err == nil {
			return
		}
		stop()
		_ = c.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
	}()
	_ = c.SetWriteDeadline(time.Now().Add(stallTime))
	_ = c.SetReadDeadline(time.Now().Add(answerTime))
	w := bufio.NewWriter(c)
	fmt.Fprintf(w, "%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n", r.Method,
		r.URL.RequestURI(), r.Host)
	if content != nil {
		fmt.Fprintf(w, "Content-Length: %d\r\n", length)
	}
	header := r.Header.Clone()
	for _, name := range []string{"Host", "Connection", "Content-Length",
		"Transfer-Encoding", "Te"} {
		header.Del(name)
	}
	if header.Get("User-Agent") == "" {
		header.Del("User-Agent")
	}
	_ = header.Write(w) // Flush returns the error, too
	_, _ = io.WriteString(w, "\r\n")
	unsent := w.Flush()
	if unsent == nil && content != nil {
		_ = c.SetWriteDeadline(time.Time{}) // the client decides how fast its body comes
		_, unsent = io.CopyN(c, content, length)
	}
	// a server may answer before it has read the body
	res, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		return nil, errors.Join(unsent, err)
	}
	_ = c.SetReadDeadline(time.Time{})
	res.Body = &body10{res.Body, c, stop}
	return res, nil
}

// body10 is the body of a response that ends with its connection.
type body10 struct {
	io.ReadCloser
	conn net.Conn
	stop func() bool
}

// Close closes the connection.
func (b *body10) Close() error {
	b.stop()
	return errors.Join(b.ReadCloser.Close(), b.conn.Close())
}

// begin10 writes the head of a response in HTTP/1.0. The body ends with the connection, unless the
// server has said its length. Over HTTP/2 the response is one of HTTP/2, and the connection's last.
func (x *exchange) begin10(status int) {
	header := x.Header()
	header.Set("Connection", "close")
	c, _, err := x.control.Hijack()
	if err != nil {
		x.ResponseWriter.WriteHeader(status)
		return
	}
	x.raw, x.hijacked = c, true
	header.Del("Trailer")
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	var head bytes.Buffer
	head.WriteString("HTTP/1.0 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	_ = header.Write(&head)
	head.WriteString("\r\n")
	context.AfterFunc(x.ctx, func() {
		if cause := context.Cause(x.ctx); errors.Is(cause, errIdle) ||
			errors.Is(cause, errChanged) || errors.Is(cause, errClosed) {
			tcpreset.Close(c)
		}
	})
	x.gone = make(chan struct{})
	go func() { // net/http no longer notices when the client leaves
		defer close(x.gone)
		_, _ = io.Copy(io.Discard, c)
		x.cancel(context.Canceled)
	}()
	if x.kinds.Buffering {
		x.held = append(x.held, head.Bytes()...)
		return
	}
	_ = x.pass(head.Bytes()) // an error comes again with the body
}

// lingerTime is how long a client may take to close its half after an answer in HTTP/1.0. An
// earlier close with unread bytes of the client would reset the connection, and the answer could be
// lost.
const lingerTime = 500 * time.Millisecond

// closeRaw ends a connection that begin10 has taken over, and waits for its goroutine. It resets
// the connection of a response that is not complete: the client would take its end for the end of
// the response.
func (x *exchange) closeRaw() {
	if x.raw == nil {
		return
	}
	half, ok := x.raw.(interface{ CloseWrite() error })
	if x.complete && ok && half.CloseWrite() == nil {
		_ = x.raw.SetReadDeadline(time.Now().Add(lingerTime))
		<-x.gone
		_ = x.raw.Close()
		return
	}
	tcpreset.Close(x.raw)
	<-x.gone
}
