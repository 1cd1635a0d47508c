package meter

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"
)

// A UDPServer serves packets at two loopback addresses. It counts the packets of Addr, and can cut
// them off. Direct is for a sender beside the clients: it is never cut, and Count leaves its
// packets out.
type UDPServer struct {
	Addr, Direct string // HOST:PORT

	counted, direct *packetConn
	reset           func(local net.Addr)
	serving         sync.WaitGroup
}

// ServeUDP calls serve for a socket at each of two free ports. serve must return after the tell of
// Close has ended it. reset must reset the connections to the socket with a local address.
func ServeUDP(serve func(net.PacketConn) error, reset func(local net.Addr)) (*UDPServer, error) {
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	counted, err := net.ListenUDP("udp", loopback)
	if err != nil {
		return nil, err
	}
	direct, err := net.ListenUDP("udp", loopback)
	if err != nil {
		return nil, errors.Join(err, counted.Close())
	}
	s := &UDPServer{
		Addr: counted.LocalAddr().String(), Direct: direct.LocalAddr().String(),
		counted: newPacketConn(counted), direct: newPacketConn(direct), reset: reset,
	}
	s.serving.Go(func() { _ = serve(s.counted) })
	s.serving.Go(func() { _ = serve(s.direct) })
	return s, nil
}

// Count returns the traffic so far: the payloads of UDP. QUIC encrypts its content, so heads are
// not counted separately. Each client's address counts as a connection, opened by one request.
func (s *UDPServer) Count() Counts { return s.counted.count() }

// Beside is like Count, for Direct.
func (s *UDPServer) Beside() Counts { return s.direct.count() }

func (c *packetConn) count() Counts {
	// first: if it is zero, the figures below include everything that has begun by now
	writing := c.writing.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	n := int64(len(c.peers))
	return Counts{In: c.in.Load(), Out: c.out.Load(), Connections: n, Requests: n, Writing: writing}
}

// Down resets every connection, and loses every packet, in both directions, until Up.
func (s *UDPServer) Down() {
	s.counted.losesIn.Store(true) // first, so that no client comes back
	s.reset(s.counted.LocalAddr())
	s.counted.losesOut.Store(true)
}

// Up lets packets through again.
func (s *UDPServer) Up() {
	s.counted.losesOut.Store(false)
	s.counted.losesIn.Store(false)
}

// Close runs tell, which ends the server, closes the sockets and waits.
func (s *UDPServer) Close(ctx context.Context, tell func(context.Context) error) error {
	err := tell(ctx)
	_ = s.counted.Close()
	_ = s.direct.Close()
	s.serving.Wait()
	return err
}

// packetConn is a socket that counts its packets and can lose them. It has the methods by which
// quic-go reads several packets and writes several in one call, so that counting changes neither.
type packetConn struct {
	*net.UDPConn
	batches *ipv4.PacketConn
	in, out atomic.Int64 // bytes
	writing atomic.Int64

	losesIn, losesOut atomic.Bool // during a cut

	mu    sync.Mutex
	peers map[netip.AddrPort]struct{}
}

func newPacketConn(c *net.UDPConn) *packetConn {
	return &packetConn{UDPConn: c, batches: ipv4.NewPacketConn(c),
		peers: map[netip.AddrPort]struct{}{}}
}

// came counts a packet.
func (c *packetConn) came(from net.Addr, n int) {
	c.in.Add(int64(n))
	if addr, ok := from.(*net.UDPAddr); ok {
		c.mu.Lock()
		c.peers[addr.AddrPort()] = struct{}{}
		c.mu.Unlock()
	}
}

func (c *packetConn) ReadBatch(ms []ipv4.Message, flags int) (int, error) {
	for {
		n, err := c.batches.ReadBatch(ms, flags)
		if err != nil {
			return n, err
		}
		if c.losesIn.Load() {
			continue
		}
		for _, m := range ms[:n] {
			c.came(m.Addr, m.N)
		}
		return n, nil
	}
}

func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.UDPConn.ReadFrom(p)
		if err != nil {
			return n, from, err
		}
		if !c.losesIn.Load() {
			c.came(from, n)
			return n, from, nil
		}
	}
}

// write counts the bytes that do writes, unless a cut loses them.
func (c *packetConn) write(size int, do func() (int, error)) (int, error) {
	if c.losesOut.Load() {
		return size, nil
	}
	c.writing.Add(1)
	defer c.writing.Add(-1)
	n, err := do()
	c.out.Add(int64(n))
	return n, err
}

func (c *packetConn) WriteMsgUDP(p, oob []byte, to *net.UDPAddr) (n, oobn int, err error) {
	n, err = c.write(len(p), func() (int, error) {
		n, _, err := c.UDPConn.WriteMsgUDP(p, oob, to)
		return n, err
	})
	return n, len(oob), err
}

func (c *packetConn) WriteTo(p []byte, to net.Addr) (int, error) {
	return c.write(len(p), func() (int, error) { return c.UDPConn.WriteTo(p, to) })
}
