package connect

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// A wire opens the connections of a client. It records what crosses them, above TLS.
type wire struct {
	tls  *tls.Config
	tap  *tap.Tap
	xray *xray.Xray

	mu   sync.Mutex // guards open
	open map[*wireConn]struct{}
}

func newWire(c Config) *wire {
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.NextProtos = []string{"http/1.1"} // WebSocket and polling are spoken over it
	recorded := tap.New(c.Tap)
	return &wire{
		tls: config, tap: recorded, xray: xray.New(recorded, c.Xray),
		open: map[*wireConn]struct{}{},
	}
}

// wireConn is a connection that cut can reset.
type wireConn struct {
	*tap.Conn
	wire *wire
	tcp  net.Conn
}

// Close closes the connection.
func (c *wireConn) Close() error {
	c.wire.mu.Lock()
	delete(c.wire.open, c)
	c.wire.mu.Unlock()
	return c.Conn.Close()
}

// dial opens a connection in the clear.
func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return w.add(conn, conn), nil
}

// dialTLS opens a connection and makes the handshake of TLS.
func (w *wire) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	d := tls.Dialer{Config: w.tls}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return w.add(conn, conn.(*tls.Conn).NetConn()), nil
}

func (w *wire) add(conn, tcp net.Conn) net.Conn {
	c := &wireConn{w.tap.Dialed(conn), w, tcp}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[c] = struct{}{}
	return c
}

// cut resets every connection, and returns their number.
func (w *wire) cut() int {
	w.mu.Lock()
	var all []*wireConn
	for c := range w.open {
		all = append(all, c)
	}
	w.mu.Unlock()
	for _, c := range all {
		if tcp, ok := c.tcp.(*net.TCPConn); ok {
			tcp.SetLinger(0) // so that Close sends RST
			tcp.Close()      // below TLS, which would say goodbye
		}
		c.Close()
	}
	return len(all)
}

// http returns a client whose connections the wire opens. The caller closes its idle connections.
func (w *wire) http() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: w.dial, DialTLSContext: w.dialTLS}}
}
