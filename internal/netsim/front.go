package netsim

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"realtimelab/internal/relay"
)

// A Config configures a Front.
type Config struct {
	// Listener accepts the clients' connections. Close closes it. It may be nil if UDP is not.
	Listener net.Listener

	// UDP, if it is not nil, receives the clients' datagrams. Close closes it.
	UDP *net.UDPConn

	// UDPIdle is how long a client of UDP keeps its port towards the server without a datagram in
	// either direction. Default 2 min.
	UDPIdle time.Duration

	// MaxUDPClients bounds the clients of UDP at a time. Datagrams of more are refused. Default
	// 4096.
	MaxUDPClients int

	// Target is the server's HOST:PORT.
	Target string

	Link Link

	// Seed is the random seed. Links are numbered in the order of their first client, and each
	// direction of a link has its own random sequence.
	Seed uint64

	Log *slog.Logger
}

// A Front is a simulated network in front of a server. All connections and datagrams of one host
// share one link, as they do on one laptop.
type Front struct {
	config Config
	near   *relay.Relay // between the clients and the links; nil without TCP
	udp    *datagrams   // nil without UDP
	counts counts

	mu       sync.Mutex // guards what follows; holders do not block
	link     Link
	blackout bool
	opened   uint64 // wires so far
	wires    map[string]*hosted
}

// hosted is the wire of one host, and the relay behind it.
type hosted struct {
	*wire
	far *relay.Relay
}

// maxHosts bounds the hosts with links at one time. Links of hosts without a connection are removed
// to make room.
const maxHosts = 256

var errCrowded = errors.New("netsim: too many hosts at a time")

// Counters counts IP packets of all clients in both directions.
type Counters struct {
	Packets int64 // passed to the links, including lost ones
	Bytes   int64 // their bytes, including the headers of IP, TCP and UDP
	Lost    int64 // those lost by chance, by a blackout or by a full queue

	// Refused counts the datagrams that no link takes: of more than 1,472 bytes, which do not fit
	// an IP packet of 1,500, and of clients above Config.MaxUDPClients.
	Refused int64
}

// Start carries connections and datagrams until Close is called.
func Start(c Config) *Front {
	f := &Front{config: c, link: c.Link, wires: map[string]*hosted{}}
	if c.Listener != nil {
		f.near = relay.Start(relay.Config{Listener: c.Listener, Dial: f.dial, Log: c.Log})
	}
	if c.UDP != nil {
		f.udp = startDatagrams(f)
	}
	return f
}

// dial connects a client to the server over its host's link.
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
	return &frontConn{Conn: c, left: sync.OnceFunc(func() { f.leave(h) })}, nil
}

// frontConn is a connection that reports when it is closed.
type frontConn struct {
	net.Conn
	left func()
}

func (c *frontConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func (c *frontConn) Close() error {
	defer c.left()
	return c.Conn.Close()
}

// enter counts a connection of that host and makes the wire of a new host. Idle wires of other
// hosts end to make room.
func (f *Front) enter(host string) (*hosted, error) {
	f.mu.Lock()
	h, ok := f.wires[host]
	var idle []*hosted
	var err error
	if !ok {
		idle = f.takeIdle()
		h, err = f.open(host)
	}
	if err == nil {
		h.conns++
	}
	f.mu.Unlock()
	for _, other := range idle {
		other.end()
	}
	return h, err
}

// takeIdle takes wires without a connection out until there is room for one more. The caller holds
// mu, and ends them without it.
func (f *Front) takeIdle() (idle []*hosted) {
	for host, h := range f.wires {
		if len(f.wires) >= maxHosts && h.conns == 0 {
			delete(f.wires, host)
			idle = append(idle, h)
		}
	}
	return idle
}

func (f *Front) leave(h *hosted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h.conns--
}

// open makes the wire of a host. The caller holds mu.
func (f *Front) open(host string) (*hosted, error) {
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
	h := &hosted{wire: w, far: relay.Start(relay.Config{Listener: l,
		Dial: relay.To(f.config.Target), Log: f.config.Log})}
	h.apply(f.link, f.blackout)
	f.wires[host] = h
	return h, nil
}

// end closes the connections over the wire and waits for its goroutines.
func (h *hosted) end() {
	_ = h.far.Close()
	h.wire.close()
}

func (h *hosted) apply(l Link, blackout bool) {
	for _, d := range []*direction{h.up, h.down} {
		d.change(func(p *path) { p.link, p.blackout = l, blackout })
	}
}

// Link returns the current settings of the links.
func (f *Front) Link() Link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.link
}

// Set changes the links for later packets.
func (f *Front) Set(l Link) {
	f.change(func() { f.link = l })
}

// Blackout starts or ends a blackout, during which every packet is lost. Connections stay open
// until TCP gives up on them.
func (f *Front) Blackout(on bool) {
	f.change(func() { f.blackout = on })
}

func (f *Front) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	for _, h := range f.wires {
		h.apply(f.link, f.blackout)
	}
}

// Addr returns the address for clients: that of the listener, otherwise that of UDP.
func (f *Front) Addr() net.Addr {
	if f.config.Listener == nil {
		return f.config.UDP.LocalAddr()
	}
	return f.config.Listener.Addr()
}

// Counters returns the counts so far.
func (f *Front) Counters() Counters {
	return Counters{f.counts.packets.Load(), f.counts.bytes.Load(), f.counts.lost.Load(),
		f.counts.refused.Load()}
}

// Close closes the listener, the UDP socket and every connection, and waits for all goroutines to
// end.
func (f *Front) Close() (err error) {
	if f.near != nil {
		err = f.near.Close()
	}
	if f.udp != nil {
		f.udp.close()
	}
	f.mu.Lock()
	wires := f.wires
	f.wires = map[string]*hosted{}
	f.mu.Unlock()
	for _, h := range wires {
		h.end()
	}
	return err
}
