// Package middlebox is a reverse proxy that stands between clients and a server, and behaves like
// proxies in the field: it can buffer responses, ignore WebSockets, and cut silent connections.
//
// A Proxy is an http.Handler on net/http/httputil. Serve it with a listener from Listener and with
// ConnContext. Each connection of a client then has its own connections to the server, which end
// with it. No two clients share one, like HAProxy's default and unlike nginx's pool.
//
// Whatever its Kinds, a Proxy does what RFC 9110 asks: it removes the headers that belong to one
// connection, names itself in Via, and names the client in X-Forwarded-For, -Host and -Proto. It
// keeps the Host, so that the server can compare it with the Origin. It forwards each piece of a
// response at once, unless it buffers. A request that cannot be forwarded is answered with 502 or
// 504 and a text that says why.
package middlebox

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/internal/tasks"
)

// Limits of every Proxy.
const (
	dialTime   = 10 * time.Second // to connect to the server
	answerTime = 2 * time.Minute  // for the server to begin its response
	stallTime  = 30 * time.Second // for a client, or the server, to take a piece of data
	pieceSize  = 32 << 10         // bytes that are in memory for each direction
	held       = 4 << 10          // bytes of a response that Buffering holds
	maxBody    = 1 << 20          // bytes of a request's body of unknown length, with HTTP10
)

// A Config configures a Proxy.
type Config struct {
	Target string // the server's HOST:PORT; it speaks HTTP without TLS
	Kinds  Kinds
	Log    *slog.Logger
}

// A Proxy forwards requests to a server. Its methods may be called from any goroutine.
type Proxy struct {
	config  Config
	reverse httputil.ReverseProxy
	dialer  net.Dialer
	common  *http.Transport // for requests on connections that are not from Listener
	buffers sync.Pool       // of *[]byte

	forwarding tasks.Group // counts exchanges

	connections, requests, upgrades, timeouts atomic.Int64

	mu     sync.Mutex // guards what follows
	kinds  Kinds
	open   map[*exchange]struct{}
	closed bool
}

// Counters counts what a Proxy has done so far.
type Counters struct {
	Connections int64 // of clients, from Listener
	Requests    int64 // forwarded or refused
	Upgrades    int64 // connections that have become a WebSocket
	Timeouts    int64 // requests and WebSockets that were idle for too long
}

// The causes that end an exchange before the client or the server does.
var (
	errIdle    = errors.New("no byte has passed for too long")
	errChanged = errors.New("the proxy has new settings")
	errClosed  = errors.New("the proxy is closing")
)

// New returns a Proxy that forwards until Close.
func New(c Config) *Proxy {
	p := &Proxy{config: c, kinds: c.Kinds, open: map[*exchange]struct{}{},
		dialer: net.Dialer{Timeout: dialTime}}
	p.buffers.New = func() any { b := make([]byte, pieceSize); return &b }
	p.common = p.newTransport()
	p.reverse = httputil.ReverseProxy{
		Transport: roundTripper(p.roundTrip), Rewrite: p.rewrite, ModifyResponse: p.modify,
		ErrorHandler:  p.fail,
		FlushInterval: -1, BufferPool: pool{&p.buffers}, ErrorLog: log.New(debugLog{c.Log}, "", 0),
	}
	return p
}

// newTransport returns the connections to the server of one client.
func (p *Proxy) newTransport() *http.Transport {
	return &http.Transport{
		DialContext: p.dial, DisableCompression: true, ResponseHeaderTimeout: answerTime,
		IdleConnTimeout: time.Minute,
		Protocols:       http1(),
	}
}

func http1() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	return &p
}

func (p *Proxy) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return p.dialer.DialContext(ctx, "tcp", p.config.Target)
}

// Kinds returns the current kinds.
func (p *Proxy) Kinds() Kinds {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kinds
}

// Set changes the kinds. Like the restart of a real proxy it ends the requests and WebSockets that
// are under way, and clients connect again through the new kinds. It returns at once.
func (p *Proxy) Set(k Kinds) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kinds == k {
		return
	}
	p.kinds = k
	for x := range p.open {
		x.cancel(errChanged)
	}
}

// Counters returns the counts so far.
func (p *Proxy) Counters() Counters {
	return Counters{p.connections.Load(), p.requests.Load(), p.upgrades.Load(), p.timeouts.Load()}
}

// Close ends everything that is under way and waits for it, or for ctx. Requests that come later
// are answered with 502.
func (p *Proxy) Close(ctx context.Context) error {
	p.forwarding.Refuse()
	p.mu.Lock()
	p.closed = true
	for x := range p.open {
		x.cancel(errClosed)
	}
	p.mu.Unlock()
	err := p.forwarding.Wait(ctx)
	p.common.CloseIdleConnections()
	return err
}

// ServeHTTP forwards one request, and its WebSocket if it opens one.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.requests.Add(1)
	if !p.forwarding.Enter() {
		p.refuse(w, http.StatusBadGateway, "The proxy is closing.")
		return
	}
	defer p.forwarding.Leave()
	x := p.begin(w, r)
	defer p.end(x)
	out := r.Clone(context.WithValue(x.ctx, exchangeKey{}, x))
	if x.kinds.NoWebSocket || x.kinds.HTTP10 {
		out.Header.Del("Upgrade") // the server sees no request for a WebSocket
	}
	if x.kinds.StripOrigin {
		out.Header.Del("Origin")
	}
	if r.ContentLength != 0 {
		out.Body = &body{ReadCloser: r.Body, exchange: x}
	}
	p.reverse.ServeHTTP(x, out)
	x.finish()
}

// begin registers an exchange.
func (p *Proxy) begin(w http.ResponseWriter, r *http.Request) *exchange {
	ctx, cancel := context.WithCancelCause(r.Context())
	x := &exchange{ResponseWriter: w, control: http.NewResponseController(w), request: r,
		own: w.Header().Clone(), ctx: ctx, cancel: cancel}
	clear(w.Header()) // the server has its own
	_ = x.control.SetWriteDeadline(time.Time{})
	p.mu.Lock()
	x.kinds = p.kinds
	p.open[x] = struct{}{}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		cancel(errClosed)
	}
	if x.kinds.Idle > 0 {
		x.idle = time.AfterFunc(x.kinds.Idle, func() {
			p.timeouts.Add(1)
			cancel(errIdle)
		})
	}
	return x
}

// end releases what an exchange holds.
func (p *Proxy) end(x *exchange) {
	p.mu.Lock()
	delete(p.open, x)
	p.mu.Unlock()
	if x.idle != nil {
		x.idle.Stop()
	}
	x.cancel(nil)
	x.closeRaw()
}

// rewrite makes the request for the server.
func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	x := exchangeOf(r.In)
	r.SetURL(&url.URL{Scheme: "http", Host: p.config.Target})
	r.Out.Host = r.In.Host
	r.SetXForwarded()
	version := "1.1"
	if x.kinds.HTTP10 {
		version = "1.0"
	}
	r.Out.Header.Add("Via", version+" lab")
	r.Out.Close = x.kinds.NoKeepAlive || x.kinds.HTTP10
}

// modify changes a response for the client.
func (p *Proxy) modify(res *http.Response) error {
	x := exchangeOf(res.Request)
	if res.StatusCode == http.StatusSwitchingProtocols {
		p.upgrades.Add(1)
		if both, ok := res.Body.(deaf); ok && x.kinds.LossyUpgrade {
			res.Body = hole{both}
		}
		return nil
	}
	res.Header.Add("Via", "1.1 lab")
	if x.kinds.NoKeepAlive {
		res.Header.Set("Connection", "close")
	}
	return nil
}

// fail answers a request that could not be forwarded.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r)
	maps.Copy(w.Header(), x.own)
	var timeout net.Error
	switch cause := context.Cause(x.ctx); {
	case errors.Is(err, errLength):
		p.refuse(w, http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(cause, errIdle):
		p.refuse(w, http.StatusGatewayTimeout,
			"The proxy has cut this request: the server sent nothing for "+x.kinds.Idle.String()+
				" (idle="+x.kinds.Idle.String()+").")
	case errors.Is(cause, errChanged), errors.Is(cause, errClosed):
		p.refuse(w, http.StatusBadGateway, "The proxy has ended this request: "+cause.Error()+".")
	case errors.As(err, &timeout) && timeout.Timeout():
		p.refuse(w, http.StatusGatewayTimeout,
			"The proxy got no answer from the server in time: "+err.Error())
	default:
		p.refuse(w, http.StatusBadGateway, "The proxy cannot reach the server: "+err.Error())
	}
	if r.Context().Err() == nil {
		p.config.Log.Debug("a request was not forwarded", "path", r.URL.Path, "err", err)
	}
}

func (p *Proxy) refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

// roundTrip sends a request to the server, over the connections of its client.
func (p *Proxy) roundTrip(r *http.Request) (*http.Response, error) {
	if exchangeOf(r).kinds.HTTP10 {
		return p.roundTrip10(r)
	}
	if c, ok := r.Context().Value(clientKey{}).(*clientConn); ok {
		return c.server.RoundTrip(r)
	}
	return p.common.RoundTrip(r)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// pool is the BufferPool of the ReverseProxy.
type pool struct{ *sync.Pool }

func (p pool) Get() []byte  { return *p.Pool.Get().(*[]byte) }
func (p pool) Put(b []byte) { p.Pool.Put(&b) }

// debugLog receives the log of the ReverseProxy, which concerns clients and servers that leave.
type debugLog struct{ log *slog.Logger }

func (l debugLog) Write(b []byte) (int, error) {
	l.log.Debug(string(b))
	return len(b), nil
}

// Listener returns l with connections that hold the client's connections to the server.
func (p *Proxy) Listener(l net.Listener) net.Listener { return &proxyListener{l, p} }

type proxyListener struct {
	net.Listener
	proxy *Proxy
}

func (l *proxyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.proxy.connections.Add(1)
	return &clientConn{c, l.proxy.newTransport()}, nil
}

// clientConn is the connection of a client, with its connections to the server.
type clientConn struct {
	net.Conn
	server *http.Transport
}

// NetConn returns the connection as the listener below accepted it.
func (c *clientConn) NetConn() net.Conn { return c.Conn }

// CloseWrite tells the client that no more data follows.
func (c *clientConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close closes the connection. Those to the server close with it, or after their response.
func (c *clientConn) Close() error {
	defer c.server.CloseIdleConnections()
	return c.Conn.Close()
}

type clientKey struct{}

// ConnContext is an http.Server.ConnContext that lets a Proxy find the connection of a request.
func (p *Proxy) ConnContext(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*clientConn); ok {
		return context.WithValue(ctx, clientKey{}, c)
	}
	return ctx
}
