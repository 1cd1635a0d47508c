package netsim

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const (
	mtu     = 1500 // bytes of an IP packet
	nic     = 1
	inbound = 4096 // packets that a stack may pass to its path at once
	flying  = 8192 // packets in transit in one direction; more are lost
)

var (
	clientAddr = tcpip.FullAddress{NIC: nic, Addr: address("10.0.0.1")}
	serverAddr = tcpip.FullAddress{NIC: nic, Addr: address("10.0.0.2"), Port: 80}
)

func address(text string) tcpip.Address { return tcpip.AddrFrom4(netip.MustParseAddr(text).As4()) }

// counts sums up all wires of one Front.
type counts struct{ packets, bytes, lost, refused atomic.Int64 }

// wire is a link with a TCP/IP stack at each end.
type wire struct {
	client, server *stack.Stack
	up, down       *direction
	conns          int // connections and clients of UDP; guarded by the Front's mu
	close          func()
}

func newWire(l Link, seed, stream uint64, n *counts) (*wire, error) {
	client, atClient, err := newStack(clientAddr.Addr)
	if err != nil {
		return nil, err
	}
	server, atServer, err := newStack(serverAddr.Addr)
	if err != nil {
		client.Destroy()
		return nil, err
	}
	w := &wire{client: client, server: server,
		up:   newDirection(newPath(l, seed, 2*stream), atClient, atServer, n),
		down: newDirection(newPath(l, seed, 2*stream+1), atServer, atClient, n)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, d := range []*direction{w.up, w.down} {
		running.Go(func() { d.take(ctx) })
		running.Go(func() { d.deliver(ctx) })
	}
	w.close = func() {
		cancel()
		running.Wait()
		client.Destroy()
		server.Destroy()
		w.up.drain()
		w.down.drain()
	}
	return w, nil
}

// newStack returns an IPv4 host whose TCP uses SACK and CUBIC, the defaults of Linux. It does not
// use RACK: in this stack each sent segment restarts the probe timer, so a sender that keeps
// sending during a blackout never reaches its retransmission timeout.
func newStack(addr tcpip.Address) (*stack.Stack, *channel.Endpoint, error) {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	sack, cubic := tcpip.TCPSACKEnabled(true), tcpip.CongestionControlOption("cubic")
	noRACK := tcpip.TCPRecovery(0)
	end := channel.New(inbound, mtu, "")
	for _, fail := range []tcpip.Error{
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack),
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &cubic),
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &noRACK),
		s.CreateNIC(nic, end),
		s.AddProtocolAddress(nic, tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber,
			AddressWithPrefix: addr.WithPrefix()}, stack.AddressProperties{}),
	} {
		if fail != nil {
			s.Destroy()
			return nil, nil, fmt.Errorf("netsim: %s", fail)
		}
	}
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s, end, nil
}

// dial opens a connection from the client's end. The handshake crosses the link.
func (w *wire) dial(ctx context.Context) (net.Conn, error) {
	return gonet.DialContextTCP(ctx, w.client, serverAddr, ipv4.ProtocolNumber)
}

// listen accepts connections at the server's end.
func (w *wire) listen() (net.Listener, error) {
	l, err := gonet.ListenTCP(w.server, serverAddr, ipv4.ProtocolNumber)
	if err != nil {
		return nil, err
	}
	return tcpListener{l}, nil
}

// tcpListener is a TCPListener whose Close ends a blocked Accept, as in package net.
type tcpListener struct{ *gonet.TCPListener }

func (l tcpListener) Close() error {
	l.Shutdown()
	return l.TCPListener.Close()
}

// direction carries the packets of one direction according to its path.
type direction struct {
	from, to *channel.Endpoint
	counts   *counts
	began    time.Time
	flying   chan flight
	syns     resentSYN // of take's goroutine

	mu   sync.Mutex
	path *path
}

// flight is a packet in transit: one of a stack, or a datagram.
type flight struct {
	arrives time.Duration
	packet  *stack.PacketBuffer
	age     time.Duration // of a SYN that is sent again; see resentSYN
	arrive  func()        // passes a datagram on, which has no packet
}

// release frees a packet that does not arrive.
func (f flight) release() {
	if f.packet != nil {
		f.packet.DecRef()
	}
}

func newDirection(p *path, from, to *channel.Endpoint, n *counts) *direction {
	return &direction{path: p, from: from, to: to, counts: n, began: time.Now(),
		flying: make(chan flight, flying)}
}

// change changes the path of later packets.
func (d *direction) change(f func(*path)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d.path)
}

// take passes each packet of the stack to the path.
func (d *direction) take(ctx context.Context) {
	for {
		packet := d.from.ReadContext(ctx)
		if packet == nil {
			return
		}
		d.send(packet.Size(), flight{packet: packet, age: d.syns.age(time.Since(d.began), packet)})
	}
}

// send passes an IP packet of size bytes to the path. It does not block.
func (d *direction) send(size int, f flight) {
	d.counts.packets.Add(1)
	d.counts.bytes.Add(int64(size))
	d.mu.Lock()
	defer d.mu.Unlock()
	arrives, ok := d.path.send(time.Since(d.began), size)
	if f.arrives = arrives; ok {
		select {
		case d.flying <- f:
			return
		default:
		}
	}
	d.counts.lost.Add(1)
	f.release()
}

// deliver passes packets to the other end when they arrive.
func (d *direction) deliver(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case f := <-d.flying:
			if wait := f.arrives - time.Since(d.began); wait > 0 {
				timer.Reset(wait)
				select {
				case <-timer.C:
				case <-ctx.Done():
					f.release()
					return
				}
			}
			if f.packet == nil {
				f.arrive()
			} else {
				d.inject(f.packet, f.age)
			}
		case <-ctx.Done():
			return
		}
	}
}

// inject gives the other end a fresh packet with the same bytes, because a stack's metadata of a
// packet does not cross a wire.
func (d *direction) inject(sent *stack.PacketBuffer, age time.Duration) {
	view := sent.ToView()
	sent.DecRef()
	if age > 0 {
		advance(view.AsSlice(), age)
	}
	received := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithView(view)})
	defer received.DecRef()
	d.to.InjectInbound(ipv4.ProtocolNumber, received)
}

// drain releases the packets in transit when the wire closes.
func (d *direction) drain() {
	for {
		select {
		case f := <-d.flying:
			f.release()
		default:
			return
		}
	}
}
