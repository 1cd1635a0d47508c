package netsim

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"

	"realtimelab/internal/proxy"
)

// Config of a Front.
type Config struct {
	// Listener takes the clients' connections. Close closes it.
	Listener net.Listener

	// Target is the server's HOST:PORT.
	Target string

	Link Link

	// Seed of all chance. The clients' links are numbered in the order in which
	// they come, and each direction of each has chances of its own.
	Seed uint64

	Log *slog.Logger
}

// Front is a simulated network in front of a server. All connections from one
// host share one link, as those of one laptop do.
type Front struct {
	config Config
	proxy  *proxy.Proxy
	counts counts

	mu     sync.Mutex
	link   Link
	cut    bool
	opened uint64 // wires so far
	wires  map[string]*hosted
}

// hosted is the wire of one host, with the proxy behind it.
type hosted struct {
	*wire
	far *proxy.Proxy
}

// maxHosts is how many hosts have links at a time. The links of hosts that have no
// connection make room.
const maxHosts = 256

var errCrowded = errors.New("netsim: too many hosts at a time")

// Counters count IP packets, both ways, from all clients.
type Counters struct {
	Packets int64 // handed to the links, lost ones too
	Bytes   int64 // of them, IP and TCP headers included
	Lost    int64 // of them, by chance, by a cut, by a full queue
}

// Start carries connections until Close.
func Start(c Config) *Front {
	f := &Front{config: c, link: c.Link, wires: map[string]*hosted{}}
	f.proxy = proxy.Start(proxy.Config{Listener: c.Listener, Dial: f.dial, Log: c.Log})
	return f
}

// dial opens the way of a client's connection over its host's link.
func (f *Front) dial(ctx context.Context, client net.Conn) (net.Conn, error) {
	host, _, err := net.SplitHostPort(client.RemoteAddr().String())
	if err != nil {
		return nil, err
	}
	h, err := f.enter(host)
	if err != nil {
		return nil, err
	}
	c, err := h.dial(ctx)
	if err != nil {
		f.leave(h)
		return nil, err
	}
	return &conn{Conn: c, left: sync.OnceFunc(func() { f.leave(h) })}, nil
}

// conn tells when it is closed.
type conn struct {
	net.Conn
	left func()
}

func (c *conn) CloseWrite() error { return c.Conn.(interface{ CloseWrite() error }).CloseWrite() }

func (c *conn) Close() error {
	defer c.left()
	return c.Conn.Close()
}

// enter counts a connection of that host.
func (f *Front) enter(host string) (*hosted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, ok := f.wires[host]
	if !ok {
		var err error
		if h, err = f.open(); err != nil {
			return nil, err
		}
		f.wires[host] = h
	}
	h.conns++
	return h, nil
}

func (f *Front) leave(h *hosted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h.conns--
}

// open makes a wire, as enter needs it.
func (f *Front) open() (*hosted, error) {
	for host, h := range f.wires {
		if len(f.wires) >= maxHosts && h.conns == 0 {
			delete(f.wires, host)
			h.end()
		}
	}
	if len(f.wires) >= maxHosts {
		return nil, errCrowded
	}
	w, err := newWire(f.link, f.config.Seed, f.opened, &f.counts)
	if err != nil {
		return nil, err
	}
	l, err := w.listen()
	if err != nil {
		w.close()
		return nil, err
	}
	f.opened++
	h := &hosted{wire: w, far: proxy.Start(proxy.Config{Listener: l, Dial: f.reach, Log: f.config.Log})}
	h.apply(f.link, f.cut)
	return h, nil
}

// reach opens the last piece of the way, from the far end to the server.
func (f *Front) reach(ctx context.Context, _ net.Conn) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", f.config.Target)
}

func (h *hosted) end() {
	_ = h.far.Close()
	h.wire.close()
}

func (h *hosted) apply(l Link, cut bool) {
	for _, d := range []*lane{h.up, h.down} {
		d.change(func(p *path) { p.link, p.cut = l, cut })
	}
}

// Link is what the links do now.
func (f *Front) Link() Link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.link
}

// Set changes the links, for the packets to come.
func (f *Front) Set(l Link) {
	f.change(func() { f.link = l })
}

// Cut loses every packet from now on, until Cut(false). Connections stay open as
// long as TCP's patience lasts.
func (f *Front) Cut(cut bool) {
	f.change(func() { f.cut = cut })
}

func (f *Front) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	for _, h := range f.wires {
		h.apply(f.link, f.cut)
	}
}

// Addr is where clients find the server.
func (f *Front) Addr() net.Addr { return f.config.Listener.Addr() }

// Counters returns what has crossed so far.
func (f *Front) Counters() Counters {
	return Counters{f.counts.packets.Load(), f.counts.bytes.Load(), f.counts.lost.Load()}
}

// Close ends every connection, and waits until all is over. The listener is closed.
func (f *Front) Close() error {
	err := f.proxy.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	for host, h := range f.wires {
		delete(f.wires, host)
		h.end()
	}
	return err
}
