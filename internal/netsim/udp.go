package netsim

import (
	"cmp"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

const (
	datagramHeaders = header.IPv4MinimumSize + header.UDPMinimumSize
	maxDatagram     = mtu - datagramHeaders // bytes of a datagram that an IP packet holds

	defaultUDPIdle       = 2 * time.Minute // RFC 4787, REQ-5
	defaultMaxUDPClients = 4096

	socketBuffer = 1 << 20 // bytes; datagrams that do not fit are lost and not counted
)

// datagrams carries the datagrams of a Front like a NAT: the server sees each client at a port of
// its own, and answers to this port.
type datagrams struct {
	front   *Front
	began   time.Time
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows; holders do not block
	clients map[netip.AddrPort]*udpClient
	closed  bool
}

// udpClient is a client of UDP.
type udpClient struct {
	addr   netip.AddrPort
	host   *hosted
	server *net.UDPConn
	active atomic.Int64 // when a datagram last went either way, in ns since datagrams.began
}

func startDatagrams(f *Front) *datagrams {
	d := &datagrams{front: f, began: time.Now(), clients: map[netip.AddrPort]*udpClient{}}
	_ = f.config.UDP.SetReadBuffer(socketBuffer) // the system may allow less
	d.running.Go(d.receive)
	return d
}

// receive takes the clients' datagrams until the socket is closed.
func (d *datagrams) receive() {
	in := d.front.config.UDP
	buffer := make([]byte, maxDatagram+1)
	for {
		n, addr, err := in.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n > maxDatagram {
			d.front.counts.refused.Add(1)
			continue
		}
		c := d.client(addr)
		if c == nil {
			d.front.counts.refused.Add(1)
			continue
		}
		c.active.Store(int64(time.Since(d.began)))
		data := append([]byte(nil), buffer[:n]...)
		c.host.up.send(n+datagramHeaders, flight{arrive: func() { _, _ = c.server.Write(data) }})
	}
}

// client returns the client with an address, a new one if there is room. Only receive calls it.
func (d *datagrams) client(addr netip.AddrPort) *udpClient {
	d.mu.Lock()
	c, n := d.clients[addr], len(d.clients)
	d.mu.Unlock()
	if c != nil || n >= cmp.Or(d.front.config.MaxUDPClients, defaultMaxUDPClients) {
		return c
	}
	server, err := net.Dial("udp", d.front.config.Target)
	if err != nil {
		return nil
	}
	host, err := d.front.enter(addr.Addr().Unmap().String())
	if err != nil {
		_ = server.Close()
		return nil
	}
	c = &udpClient{addr: addr, host: host, server: server.(*net.UDPConn)}
	_ = c.server.SetReadBuffer(socketBuffer)
	c.active.Store(int64(time.Since(d.began)))
	d.mu.Lock()
	d.clients[addr] = c
	closed := d.closed
	d.mu.Unlock()
	if closed {
		_ = c.server.Close()
	}
	d.running.Go(func() { d.answer(c) })
	return c
}

// answer takes the server's datagrams to a client, until the client has been idle.
func (d *datagrams) answer(c *udpClient) {
	defer func() {
		d.mu.Lock()
		delete(d.clients, c.addr)
		d.mu.Unlock()
		_ = c.server.Close()
		d.front.leave(c.host)
	}()
	idle := cmp.Or(d.front.config.UDPIdle, defaultUDPIdle)
	buffer := make([]byte, maxDatagram+1)
	for {
		_ = c.server.SetReadDeadline(d.began.Add(time.Duration(c.active.Load()) + idle))
		n, err := c.server.Read(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			if time.Since(d.began) >= time.Duration(c.active.Load())+idle {
				return
			}
		case err != nil: // an earlier datagram found the server's port closed
		case n > maxDatagram:
			d.front.counts.refused.Add(1)
		default:
			c.active.Store(int64(time.Since(d.began)))
			data := append([]byte(nil), buffer[:n]...)
			c.host.down.send(n+datagramHeaders, flight{arrive: func() {
				_, _ = d.front.config.UDP.WriteToUDPAddrPort(data, c.addr)
			}})
		}
	}
}

// close closes the sockets and waits for the goroutines.
func (d *datagrams) close() {
	_ = d.front.config.UDP.Close()
	d.mu.Lock()
	d.closed = true
	clients := slices.Collect(maps.Values(d.clients))
	d.mu.Unlock()
	for _, c := range clients {
		_ = c.server.Close()
	}
	d.running.Wait()
}
