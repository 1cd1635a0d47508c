// Package pcapng writes the traffic in a tap as a capture file for Wireshark.
package pcapng

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"realtimelab/internal/tap"
)

// Write writes the traffic in the tap as a capture file for Wireshark. It includes the connections
// for which keep returns true, or all if keep is nil.
//
// The tap sees a program's reads and writes, not packets. Write constructs packets around the
// bytes, with the connections' addresses, sequence numbers and times, the handshake, and the FIN
// and RST that the program's side can know of. It writes no pure acknowledgements. It also leaves
// out the client's answer to the FIN of a server that closes first, because the server no longer
// reads it. If the beginning of a connection is no longer in the tap, its packets start in the
// middle.
func Write(w io.Writer, t *tap.Tap, keep func(*tap.Peer) bool) error {
	capture := pcapgo.DefaultNgInterface
	capture.Name, capture.LinkType, capture.SnapLength = "lab", layers.LinkTypeRaw, 0
	out, err := pcapgo.NewNgWriterInterface(w, capture, pcapgo.NgWriterOptions{
		SectionInfo: pcapgo.NgSectionInfo{Application: "lab",
			Comment: "made from the bytes that a program read and wrote: the " +
				"packets are not the network's"},
	})
	if err != nil {
		return fmt.Errorf("pcapng: %w", err)
	}
	p := packets{out: out, conns: map[uint64]*packetConn{}}
	held := heldIn(t, keep)
	p.begin(held)
	for _, e := range held {
		if err := p.event(e); err != nil {
			return fmt.Errorf("pcapng: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("pcapng: %w", err)
	}
	return nil
}

// heldIn returns the events now in the tap, ordered by time.
func heldIn(t *tap.Tap, keep func(*tap.Peer) bool) (all []tap.Event) {
	events := t.NewReader()
	defer events.Close()
	last := t.Events()
	batch := make([]tap.Event, 64)
	for n := events.Read(batch); n > 0 && batch[0].Seq < last; n = events.Read(batch) {
		for _, e := range batch[:n] {
			switch {
			case keep != nil && !keep(e.Peer):
			case e.Kind == tap.Unsent:
				takeBack(all, e)
			default:
				e.Bytes = slices.Clone(e.Bytes)
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b tap.Event) int { return a.Time.Compare(b.Time) })
	return all
}

// takeBack shortens the recorded data of a failed write.
func takeBack(all []tap.Event, unsent tap.Event) {
	for i := len(all) - 1; i >= 0; i-- {
		e := &all[i]
		if e.Peer != unsent.Peer || e.Kind != tap.Data || e.Dir != unsent.Dir {
			continue
		}
		if e.Offset+int64(e.Size) <= unsent.Offset {
			return
		}
		e.Size = int(max(unsent.Offset-e.Offset, 0))
		e.Bytes = e.Bytes[:min(len(e.Bytes), e.Size)]
	}
}

// maxSegment is the maximum payload of a packet in bytes, below the limit of an IP header.
const maxSegment = 60_000

// packets writes the packets of all connections.
type packets struct {
	out   *pcapgo.NgWriter
	conns map[uint64]*packetConn
}

// packetConn is the TCP state of one connection.
type packetConn struct {
	addrs [2]netip.AddrPort // client, server
	next  [2]uint32         // sequence number of each Direction's next byte
	ended [2]bool
}

// begin registers the connections and the first sequence number of each direction.
func (p *packets) begin(events []tap.Event) {
	for _, e := range events {
		c := p.conns[e.Peer.ID]
		if c == nil {
			c = &packetConn{addrs: [2]netip.AddrPort{addrPort(e.Peer.Remote),
				addrPort(e.Peer.Local)}}
			p.conns[e.Peer.ID] = c
		}
		if e.Kind != tap.Closed && c.next[e.Dir] == 0 {
			c.next[e.Dir] = uint32(e.Offset) + 1
		}
	}
}

func (p *packets) event(e tap.Event) error {
	c := p.conns[e.Peer.ID]
	switch e.Kind {
	case tap.Opened:
		return p.handshake(c, e.Time)
	case tap.Data:
		c.next[e.Dir] = uint32(e.Offset) + 1
		for data := e.Bytes; len(data) > 0; {
			n := min(len(data), maxSegment)
			if err := p.write(c, e.Time, e.Dir, layers.TCP{PSH: n == len(data), ACK: true},
				data[:n]); err != nil {
				return err
			}
			data = data[n:]
		}
		// the full size, even if only part of the piece was kept
		c.next[e.Dir] = uint32(e.Offset) + 1 + uint32(e.Size)
	case tap.Ended:
		c.ended[e.Dir] = true
		return p.write(c, e.Time, e.Dir, layers.TCP{FIN: true, ACK: true}, nil)
	case tap.Reset:
		// A client that has closed answers data with a bare RST (RFC 9293 §3.10.7.1).
		return p.write(c, e.Time, e.Dir, layers.TCP{RST: true, ACK: !c.ended[e.Dir]}, nil)
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

// write writes one packet and advances the sequence numbers.
func (p *packets) write(c *packetConn, at time.Time, dir tap.Direction, tcp layers.TCP,
	data []byte) error {
	from, to := c.addrs[dir], c.addrs[1-dir]
	tcp.SrcPort, tcp.DstPort = layers.TCPPort(from.Port()), layers.TCPPort(to.Port())
	tcp.Seq, tcp.Window = c.next[dir], 65535
	if tcp.ACK {
		tcp.Ack = c.next[1-dir]
	}
	ip := network(from.Addr(), to.Addr(), &tcp)
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, &tcp,
		gopacket.Payload(data)); err != nil {
		return err
	}
	c.next[dir] += uint32(len(data))
	if tcp.SYN || tcp.FIN {
		c.next[dir]++
	}
	packet := buffer.Bytes()
	return p.out.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(packet),
		Length: len(packet)}, packet)
}

// network returns the IP header between two addresses, and sets up tcp's checksum with it.
func network(from, to netip.Addr, tcp *layers.TCP) gopacket.SerializableLayer {
	if from.Is4() && to.Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP,
			SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
		tcp.SetNetworkLayerForChecksum(ip)
		return ip
	}
	src, dst := from.As16(), to.As16()
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: src[:],
		DstIP: dst[:]}
	tcp.SetNetworkLayerForChecksum(ip)
	return ip
}

// addrPort returns the address of a TCP connection, or zeros for other kinds of connection.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}
