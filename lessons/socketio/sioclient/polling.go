package sioclient

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"realtimelab/lessons/socketio/eiopacket"
)

// polling is the HTTP long-polling transport: the server holds a GET until it has packets, and the
// client sends packets with a POST.
type polling struct {
	*endpoint
	http       *http.Client
	sid        string
	maxPayload int // maximum of a POST, in bytes; 0 is unlimited
	ctx        context.Context
	cancel     context.CancelFunc
	asked      atomic.Bool // a request was written
}

func newPolling(e *endpoint) *polling {
	p := &polling{endpoint: e}
	ctx := httptrace.WithClientTrace(context.Background(),
		&httptrace.ClientTrace{WroteHeaders: func() {
			p.asked.Store(true)
		}})
	p.ctx, p.cancel = context.WithCancel(ctx)
	transport := &http.Transport{
		DialContext: p.bounded(e.config.NetDialContext), TLSClientConfig: e.config.TLS,
		MaxIdleConns:   2,
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize,
	}
	if e.config.NetDialTLSContext != nil {
		transport.DialTLSContext = p.bounded(e.config.NetDialTLSContext)
	}
	p.http = &http.Client{Jar: e.config.Jar, Transport: transport}
	return p
}

// bounded wraps dial so that its connections end with the transport. The ctx that net/http passes
// to dial outlives the request.
func (p *polling) bounded(dial func(ctx context.Context, network, addr string) (net.Conn,
	error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(p.ctx, cancel)()
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return pollingConn{conn, context.AfterFunc(p.ctx, func() { conn.Close() })}, nil
	}
}

// pollingConn is a connection that abort closes.
type pollingConn struct {
	net.Conn
	forget func() bool
}

func (c pollingConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

func (p *polling) name() string { return Polling }

// abort ends the requests and the connections, open or opening.
func (p *polling) abort() { p.cancel() }

func (p *polling) read() ([]eiopacket.Packet, error) {
	body, err := p.request(http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	if p.config.isV3() {
		return eiopacket.ParsePayloadV3(body)
	}
	return eiopacket.ParsePayload(body)
}

// write sends a POST with as many packets as the server's maxPayload allows.
func (p *polling) write(packets []eiopacket.Packet) (int, error) {
	between, payload := 1, eiopacket.AppendPayload
	if p.config.isV3() {
		between, payload = lengthV3, eiopacket.AppendPayloadV3
	}
	n, size := 1, packets[0].TextLen()
	for n < len(packets) {
		size += between + packets[n].TextLen()
		if p.maxPayload > 0 && size > p.maxPayload {
			break
		}
		n++
	}
	if _, err := p.request(http.MethodPost, payload(nil, packets[:n]...)); err != nil {
		return 0, err
	}
	return n, nil
}

// close ends the session with a close packet.
func (p *polling) close(last []eiopacket.Packet) {
	for last = append(last, eiopacket.Packet{Type: eiopacket.Close}); len(last) > 0; {
		n, err := p.write(last)
		if err != nil {
			break
		}
		last = last[n:]
	}
	p.abort()
}

// request returns the body of the answer, whose status must be 200.
func (p *polling) request(method string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(p.ctx, method, p.url(Polling, p.sid),
		bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodGet {
		// net/http repeats a GET without a body if the connection breaks before the answer, and the
		// packets of that answer would be lost unnoticed. It does not repeat a request whose body
		// cannot be read again.
		r.Body, r.GetBody = io.NopCloser(strings.NewReader("")), nil
	}
	if p.config.Header != nil {
		r.Header = p.config.Header.Clone()
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	res, err := p.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	content := io.Reader(res.Body)
	switch coding := strings.ToLower(res.Header.Get("Content-Encoding")); coding {
	// or decoded by net/http, unless Config.Header has an Accept-Encoding
	case "", "identity":
	case "gzip":
		content, err = gzip.NewReader(res.Body)
	case "deflate":
		content, err = zlib.NewReader(res.Body)
	default:
		err = fmt.Errorf("the answer is in the coding %q, which Accept-Encoding must not offer",
			coding)
	}
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(content, int64(p.config.MaxMessage)+1))
	switch {
	case err != nil:
		return nil, err
	case len(answer) > p.config.MaxMessage:
		return nil, errTooLarge
	case res.StatusCode != http.StatusOK:
		return nil, handshakeError(res.StatusCode, answer)
	}
	return answer, nil
}
