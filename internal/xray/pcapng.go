package xray

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"realtimelab/internal/tap"
)

// WritePcapng writes what the tap holds as a capture file, for Wireshark and
// its kin. The tap sees what programs read and wrote, not packets: the packets
// are made up around the bytes, with the connections' addresses, the right
// sequence numbers and times, a handshake and an end. A connection whose
// beginning is not held any more starts in its middle.
func (x *Xray) WritePcapng(w io.Writer) error {
	capture := pcapgo.DefaultNgInterface
	capture.Name, capture.LinkType, capture.SnapLength = "lab", layers.LinkTypeRaw, 0
	out, err := pcapgo.NewNgWriterInterface(w, capture, pcapgo.NgWriterOptions{
		SectionInfo: pcapgo.NgSectionInfo{Application: "lab", Comment: "made from the bytes that a program read and wrote: the packets are not the network's"},
	})
	if err != nil {
		return fmt.Errorf("xray: %w", err)
	}
	p := packets{out: out, conns: map[uint64]*packetConn{}}
	events := x.tap.NewReader()
	defer events.Close()
	batch := make([]tap.Event, 64)
	start := time.Now() // what crosses while the file is written, the file perhaps, is not in it
	for n := events.Read(batch); n > 0 && batch[0].Time.Before(start); n = events.Read(batch) {
		for _, e := range batch[:n] {
			if err := p.event(e); err != nil {
				return fmt.Errorf("xray: %w", err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("xray: %w", err)
	}
	return nil
}

// maxSegment is in bytes, below what an IP header can say.
const maxSegment = 60_000

// packets writes the packets of many connections.
type packets struct {
	out   *pcapgo.NgWriter
	conns map[uint64]*packetConn
}

// packetConn is what its packets tell a connection's sides.
type packetConn struct {
	addrs [2]netip.AddrPort // client, server
	next  [2]uint32         // sequence number of each Direction's next byte
}

func (p *packets) event(e tap.Event) error {
	c := p.conns[e.Peer.ID]
	if c == nil {
		c = &packetConn{addrs: [2]netip.AddrPort{addrPort(e.Peer.Remote), addrPort(e.Peer.Local)}, next: [2]uint32{1, 1}}
		p.conns[e.Peer.ID] = c
	}
	switch e.Kind {
	case tap.Opened:
		return p.handshake(c, e.Time)
	case tap.Data:
		c.next[e.Dir] = uint32(e.Offset) + 1
		for data := e.Bytes; len(data) > 0; {
			n := min(len(data), maxSegment)
			if err := p.write(c, e.Time, e.Dir, layers.TCP{PSH: n == len(data), ACK: true}, data[:n]); err != nil {
				return err
			}
			data = data[n:]
		}
		c.next[e.Dir] = uint32(e.Offset) + 1 + uint32(e.Size) // more than was kept, if the piece was too large
	case tap.Ended:
		return p.write(c, e.Time, e.Dir, layers.TCP{FIN: true, ACK: true}, nil)
	case tap.Closed:
		delete(p.conns, e.Peer.ID)
		return p.write(c, e.Time, tap.Out, layers.TCP{RST: true, ACK: true}, nil)
	case tap.Muted:
		delete(p.conns, e.Peer.ID)
	}
	return nil
}

func (p *packets) handshake(c *packetConn, at time.Time) error {
	c.next = [2]uint32{0, 0}
	if err := p.write(c, at, tap.In, layers.TCP{SYN: true}, nil); err != nil {
		return err
	}
	if err := p.write(c, at, tap.Out, layers.TCP{SYN: true, ACK: true}, nil); err != nil {
		return err
	}
	return p.write(c, at, tap.In, layers.TCP{ACK: true}, nil)
}

// write sends one packet in a direction, and counts its sequence numbers.
func (p *packets) write(c *packetConn, at time.Time, dir tap.Direction, tcp layers.TCP, data []byte) error {
	from, to := c.addrs[dir], c.addrs[1-dir]
	tcp.SrcPort, tcp.DstPort = layers.TCPPort(from.Port()), layers.TCPPort(to.Port())
	tcp.Seq, tcp.Window = c.next[dir], 65535
	if tcp.ACK {
		tcp.Ack = c.next[1-dir]
	}
	ip := network(from.Addr(), to.Addr(), &tcp)
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, &tcp, gopacket.Payload(data)); err != nil {
		return err
	}
	c.next[dir] += uint32(len(data))
	if tcp.SYN || tcp.FIN {
		c.next[dir]++
	}
	packet := buffer.Bytes()
	return p.out.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(packet), Length: len(packet)}, packet)
}

// network is the IP header between two addresses, under which tcp takes its checksum.
func network(from, to netip.Addr, tcp *layers.TCP) gopacket.SerializableLayer {
	if from.Is4() && to.Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
		tcp.SetNetworkLayerForChecksum(ip)
		return ip
	}
	src, dst := from.As16(), to.As16()
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: src[:], DstIP: dst[:]}
	tcp.SetNetworkLayerForChecksum(ip)
	return ip
}

// addrPort is the address of a TCP connection, all zeros for one of another kind.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}
