package pcapng

import (
	"bytes"
	"net"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/reassembly"

	"realtimelab/internal/tap"
)

// Limits of the data held while packets are missing, in pages of about 2 KB, and of the connections
// open at the same time.
const (
	maxPages       = 16_000
	maxConnPages   = 2_000
	maxConnections = 20_000
)

// flows puts the packets of TCP connections in order and replays them.
type flows struct {
	tap       *tap.Tap
	assembler *reassembly.Assembler
	open      int       // connections
	refused   int       // packets of more connections than maxConnections
	now       time.Time // of the current packet
	missing   int       // bytes that the current packet lacks at its end
	bytes     int64     // payload so far
	aborted   *flow     // the current packet has reset it
}

func newFlows(t *tap.Tap) *flows {
	f := &flows{tap: t}
	f.assembler = reassembly.NewAssembler(reassembly.NewStreamPool(f))
	f.assembler.MaxBufferedPagesTotal, f.assembler.MaxBufferedPagesPerConnection = maxPages,
		maxConnPages
	return f
}

// packet reads a packet.
func (f *flows) packet(data []byte, info gopacket.CaptureInfo, link layers.LinkType, left *Left) {
	decoder := decoderOf(link)
	if decoder == nil {
		left.Links++
		return
	}
	p := gopacket.NewPacket(data, decoder, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	network := p.NetworkLayer()
	switch {
	case network != nil && fragmented(network):
		left.Fragments++
		return
	case !ok || network == nil:
		left.Other++
		return
	}
	if year := info.Timestamp.Year(); year > 1969 && year < 9999 { // JSON cannot hold other years
		f.now = info.Timestamp
	}
	f.missing = max(payloadSize(network, tcp)-len(tcp.Payload), 0)
	if f.missing > 0 {
		left.Truncated++
		// keeps the sequence numbers right
		tcp.Payload = append(bytes.Clone(tcp.Payload), make([]byte, f.missing)...)
	}
	f.bytes += int64(len(tcp.Payload))
	f.assembler.AssembleWithContext(network.NetworkFlow(), tcp,
		context{gopacket.CaptureInfo{Timestamp: f.now}})
	if f.aborted != nil {
		f.forget(network.NetworkFlow(), tcp)
	}
	left.Connections = f.refused
}

// context carries the time of a packet to the assembler.
type context struct{ gopacket.CaptureInfo }

// GetCaptureInfo returns the time.
func (c context) GetCaptureInfo() gopacket.CaptureInfo { return c.CaptureInfo }

func fragmented(network gopacket.NetworkLayer) bool {
	ip, ok := network.(*layers.IPv4)
	return ok && (ip.Flags&layers.IPv4MoreFragments != 0 || ip.FragOffset != 0)
}

// payloadSize returns the size of a segment's payload on the wire, of which the capture may hold
// less. It returns 0 if it is unknown.
func payloadSize(network gopacket.NetworkLayer, tcp *layers.TCP) int {
	size := 0
	switch ip := network.(type) {
	case *layers.IPv4:
		size = int(ip.Length) - 4*int(ip.IHL)
	case *layers.IPv6:
		if ip.NextHeader != layers.IPProtocolTCP {
			return 0
		}
		size = int(ip.Length)
	}
	return size - 4*int(tcp.DataOffset)
}

// forget ends the other half of a connection that a packet has reset, so that its addresses can be
// used again.
func (f *flows) forget(network gopacket.Flow, tcp *layers.TCP) {
	reply := &layers.TCP{SrcPort: tcp.DstPort, DstPort: tcp.SrcPort, RST: true}
	reply.SetInternalPortsForTesting()
	f.assembler.AssembleWithContext(network.Reverse(), reply,
		context{gopacket.CaptureInfo{Timestamp: f.now}})
	f.aborted = nil
}

// end replays what was held, at the end of the capture. Connections that are open then stay open.
func (f *flows) end() { f.assembler.FlushAll() }

// New begins a connection with its first packet: a SYN or, if the capture began later, one with
// data.
func (f *flows) New(network, _ gopacket.Flow, tcp *layers.TCP,
	_ reassembly.AssemblerContext) reassembly.Stream {
	switch {
	case !tcp.SYN && len(tcp.Payload) == 0: // such as the last acknowledgement of a connection
		return nil
	case f.open >= maxConnections:
		f.refused++
		return nil
	}
	src, dst := network.Endpoints()
	from := &net.TCPAddr{IP: src.Raw(), Port: int(tcp.SrcPort)}
	to := &net.TCPAddr{IP: dst.Raw(), Port: int(tcp.DstPort)}
	s := &flow{flows: f, fromServer: fromServer(tcp)}
	if s.fromServer {
		from, to = to, from
	}
	s.conn = f.tap.Replay(&tap.Peer{Local: to, Remote: from, Opened: f.now}, tcp.SYN)
	f.open++
	return s
}

// fromServer reports whether the server sent the first packet of a connection. Without a SYN, the
// packet's content decides, and then the ports.
func fromServer(tcp *layers.TCP) bool {
	switch {
	case tcp.SYN:
		return tcp.ACK
	case bytes.HasPrefix(tcp.Payload, []byte("HTTP/")):
		return true
	case startsRequest(tcp.Payload):
		return false
	}
	return tcp.SrcPort < tcp.DstPort
}

func startsRequest(p []byte) bool {
	method, _, found := bytes.Cut(p[:min(len(p), 10)], []byte(" "))
	if !found || len(method) == 0 {
		return false
	}
	return len(bytes.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == 0
}

// flow is one connection. The assembler calls its methods.
type flow struct {
	flows              *flows
	conn               *tap.Replayed
	fromServer         bool // the first packet is the server's
	missingAt, missing int  // of the current payload: where bytes are missing, and how many
	reset              bool // the current packet has the flag RST
	over               [2]bool
}

// Accept takes each packet before it is put in order. A segment without its end is taken only in
// order.
func (s *flow) Accept(tcp *layers.TCP, _ gopacket.CaptureInfo, _ reassembly.TCPFlowDirection,
	next reassembly.Sequence, start *bool, _ reassembly.AssemblerContext) bool {
	const unknown = -1
	switch {
	case next == unknown:
		*start = true // the capture may begin in the middle of the connection
	case s.flows.aborted == s:
		tcp.Seq = uint32(next)
	}
	s.reset, s.missing = tcp.RST, 0
	if s.flows.missing == 0 {
		return true
	}
	if next != unknown && next != reassembly.Sequence(tcp.Seq) {
		return false
	}
	s.missing, s.missingAt = s.flows.missing, len(tcp.Payload)-s.flows.missing
	return true
}

// ReassembledSG replays bytes that are in order now.
func (s *flow) ReassembledSG(sg reassembly.ScatterGather, _ reassembly.AssemblerContext) {
	way, _, end, skipped := sg.Info()
	dir := tap.In
	if bool(way) != s.fromServer {
		dir = tap.Out
	}
	if skipped > 0 {
		s.conn.Skip(dir, int64(skipped))
	}
	n, _ := sg.Lengths()
	if n > 0 {
		s.data(dir, sg.Fetch(n))
	}
	if !end {
		return
	}
	s.over[dir] = true
	if s.reset {
		s.conn.Reset(s.flows.now, dir)
		s.conn.Close(s.flows.now)
		s.flows.aborted = s
		return
	}
	s.conn.End(s.flows.now, dir)
}

// data replays bytes, without the zeros that stand for missing ones.
func (s *flow) data(dir tap.Direction, p []byte) {
	if s.missing > 0 && s.missingAt+s.missing <= len(p) {
		s.piece(dir, p[:s.missingAt])
		s.conn.Skip(dir, int64(s.missing))
		p = p[s.missingAt+s.missing:]
	}
	s.missing = 0
	s.piece(dir, p)
}

func (s *flow) piece(dir tap.Direction, p []byte) {
	if len(p) > 0 {
		s.conn.Data(s.flows.now, dir, p)
	}
}

// ReassemblyComplete ends the connection, unless only the capture ends.
func (s *flow) ReassemblyComplete(reassembly.AssemblerContext) bool {
	if s.over == [2]bool{true, true} {
		s.conn.Close(s.flows.now)
	}
	s.flows.open--
	return true
}
