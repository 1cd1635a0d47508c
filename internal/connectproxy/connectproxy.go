// Package connectproxy is a forward proxy like the proxies of companies and schools between their
// browsers and the internet. It takes CONNECT (RFC 9110 §9.3.6), and requests for http:// URLs.
//
// Without an authority it tunnels: it copies the bytes of TLS and can read none of them. With one
// it inspects: it ends TLS itself, with a certificate that the authority issues for the server's
// name, reads every request, and sends it on over a TLS connection of its own. A client refuses
// such a certificate, unless its owner has made it trust the authority.
//
// It reaches servers on this machine only.
package connectproxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"realtimelab/internal/certificate"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/relay"
)

// A Config configures a Proxy.
type Config struct {
	// Listener accepts the clients' connections. Close closes it.
	Listener net.Listener

	// Authority makes the proxy inspect. Nil means that it tunnels.
	Authority *certificate.Authority

	// NoUpgrade makes an inspecting proxy drop the header Upgrade, like proxies that do not know
	// WebSocket.
	NoUpgrade bool

	// Roots holds the authorities that an inspecting proxy trusts for servers. Nil means the
	// system's.
	Roots *x509.CertPool

	// Wrap wraps the listener of the connections that the proxy has decrypted, for a tap. Nil
	// leaves it as it is.
	Wrap func(net.Listener) net.Listener

	// Log receives a line for each tunnel, and for each request that the proxy has read.
	Log *slog.Logger
}

// dialTime bounds the connection to a server.
const dialTime = 10 * time.Second

// A Proxy serves until Close.
type Proxy struct {
	config Config
	outer  *httpserver.Server // what clients connect to
	inner  *httpserver.Server // reads the requests in the tunnels; nil if the proxy tunnels
	tunnel *relay.Relay       // copies the tunnels; nil if the proxy inspects
	handed *handover          // the tunnels

	transport *http.Transport // to the servers, for requests that the proxy has read

	mu     sync.Mutex
	leaves map[string]*tls.Certificate // by host
	// of the tunnels that are inspected, by the client's address
	targets map[string]target

	serving sync.WaitGroup
}

// Start serves until Close is called.
func Start(c Config) *Proxy {
	p := &Proxy{
		config: c, handed: newHandover(c.Listener.Addr()),
		transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.Roots},
			DisableCompression: true},
		leaves: map[string]*tls.Certificate{}, targets: map[string]target{},
	}
	p.outer = httpserver.New(httpserver.Config{Handler: http.HandlerFunc(p.serve), Log: c.Log})
	if c.Authority == nil {
		p.tunnel = relay.Start(relay.Config{Listener: p.handed, Log: c.Log,
			Dial: func(ctx context.Context, client net.Conn) (net.Conn, error) {
				return client.(*tunnel).server, nil
			}})
	} else {
		p.inner = httpserver.New(httpserver.Config{Handler: http.HandlerFunc(p.inspect),
			Log: c.Log})
		opened := net.Listener(p.handed)
		if c.Wrap != nil {
			opened = c.Wrap(opened)
		}
		p.serving.Go(func() { _ = p.inner.Serve(p.inner.Track(opened)) })
	}
	p.serving.Go(func() {
		if err := p.outer.Serve(p.outer.Track(c.Listener)); err != nil {
			c.Log.Error("the proxy accepts no more connections", "err", err)
		}
	})
	return p
}

// Close closes every connection and waits for the proxy's goroutines to end.
func (p *Proxy) Close(ctx context.Context) error {
	err := p.outer.Close(ctx) // with the connections below the tunnels
	p.handed.Close()
	if p.inner != nil {
		err = errors.Join(err, p.inner.Close(ctx))
	} else {
		err = errors.Join(err, p.tunnel.Close())
	}
	p.transport.CloseIdleConnections()
	p.serving.Wait()
	return err
}

// serve answers a client of the proxy.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		p.connect(w, r)
	case r.URL.IsAbs() && r.URL.Scheme == "http":
		p.forward(w, r, target{"http", r.URL.Host})
	default:
		http.Error(w,
			"This is a forward proxy. Name it to your client instead of "+
				"opening it: curl --proxy http://"+r.Host+" https://…", http.StatusBadRequest)
	}
}

// connect opens a tunnel. An inspecting proxy only pretends to, and ends TLS itself.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	if _, _, err := net.SplitHostPort(r.Host); err != nil {
		http.Error(w, "CONNECT wants HOST:PORT", http.StatusBadRequest)
		return
	}
	var server net.Conn
	if p.config.Authority == nil {
		ctx, cancel := context.WithTimeout(r.Context(), dialTime)
		defer cancel()
		var d net.Dialer
		var err error
		if server, err = d.DialContext(ctx, "tcp", r.Host); err != nil {
			http.Error(w, fmt.Sprintf("The proxy cannot reach %s: %v", r.Host, err),
				http.StatusBadGateway)
			return
		}
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		if server != nil {
			server.Close()
		}
		http.Error(w, "CONNECT needs HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	_ = client.SetDeadline(time.Time{})
	t := &tunnel{Conn: client, reader: buffered.Reader, server: server}
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		t.Close()
		return
	}
	if server != nil {
		p.config.Log.Info("tunnel", "to", r.Host)
		p.handed.hand(t)
		return
	}
	p.open(t, r.Host)
}

// handshakeRecord is the first byte of a client that speaks TLS (RFC 8446 §5.1).
const handshakeRecord = 0x16

// open hands a tunnel to the server that reads the requests in it. TLS ends here.
func (p *Proxy) open(t *tunnel, host string) {
	_ = t.SetReadDeadline(time.Now().Add(dialTime))
	first, err := t.reader.Peek(1)
	if err != nil {
		t.Close()
		return
	}
	_ = t.SetReadDeadline(time.Time{})
	client := t.RemoteAddr().String()
	t.closed = func() { p.setTarget(client, target{}) }
	if first[0] != handshakeRecord {
		p.setTarget(client, target{"http", host})
		p.handed.hand(t)
		return
	}
	leaf, err := p.leaf(host)
	if err != nil {
		p.config.Log.Warn("no certificate", "for", host, "err", err)
		t.Close()
		return
	}
	secured := tls.Server(t, &tls.Config{Certificates: []tls.Certificate{*leaf},
		NextProtos: []string{"http/1.1"}})
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		p.config.Log.Info("the client refused the proxy's certificate", "to", host, "err", err)
		t.Close()
		return
	}
	p.setTarget(client, target{"https", host})
	p.config.Log.Info("opened TLS", "to", host)
	p.handed.hand(secured)
}

// A target is the server of a tunnel.
type target struct{ scheme, host string }

// leaf returns the certificate for the host of a HOST:PORT.
func (p *Proxy) leaf(addr string) (*tls.Certificate, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leaves[host] == nil {
		made, err := p.config.Authority.Issue(host)
		if err != nil {
			return nil, err
		}
		p.leaves[host] = &made // at most one for each loopback name and address
	}
	return p.leaves[host], nil
}

// setTarget remembers the server of a client's tunnel. The zero target forgets it.
func (p *Proxy) setTarget(client string, t target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t == (target{}) {
		delete(p.targets, client)
	} else {
		p.targets[client] = t
	}
}

// inspect serves a request that came in a tunnel.
func (p *Proxy) inspect(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	to := p.targets[r.RemoteAddr]
	p.mu.Unlock()
	p.forward(w, r, to)
}

// forward sends a request to its server.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, to target) {
	p.config.Log.Info("read", "request", r.Method+" "+to.scheme+"://"+to.host+r.URL.RequestURI())
	if p.config.NoUpgrade {
		r.Header.Del("Upgrade")
	}
	proxy := httputil.ReverseProxy{
		Transport:     p.transport,
		FlushInterval: -1, // streams
		ErrorLog:      slog.NewLogLogger(p.config.Log.Handler(), slog.LevelDebug),
		Rewrite: func(request *httputil.ProxyRequest) {
			request.Out.URL.Scheme, request.Out.URL.Host, request.Out.Host = to.scheme,
				to.host, r.Host
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, fmt.Sprintf("The proxy cannot reach %s: %v", to.host, err),
				http.StatusBadGateway)
		},
	}
	proxy.ServeHTTP(w, r)
}

// A tunnel is a client's connection after CONNECT.
type tunnel struct {
	net.Conn
	reader *bufio.Reader // with bytes that came early
	server net.Conn      // nil if the proxy inspects
	closed func()        // may be nil
	once   sync.Once
}

func (t *tunnel) Read(b []byte) (int, error) { return t.reader.Read(b) }

// Close closes both connections.
func (t *tunnel) Close() error {
	t.once.Do(func() {
		if t.closed != nil {
			t.closed()
		}
		if t.server != nil {
			t.server.Close()
		}
	})
	return t.Conn.Close()
}

// CloseWrite ends the direction to the client.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// A handover is a listener whose connections come from hand.
type handover struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover(addr net.Addr) *handover {
	return &handover{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// hand waits until Accept takes the connection. After Close it closes the connection instead.
func (h *handover) hand(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.closed:
		c.Close()
	}
}

// Accept returns the next connection.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr returns the address of the proxy.
func (h *handover) Addr() net.Addr { return h.addr }
