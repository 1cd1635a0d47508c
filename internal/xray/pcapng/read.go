package pcapng

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// Left counts what a capture holds and Read left out.
type Left struct {
	Packets     int // packets in the capture
	Other       int // packets without TCP
	Links       int // packets of a link layer that is not read
	Fragments   int // fragments of IP packets
	Truncated   int // packets of which the capture holds only the beginning
	Connections int // packets of connections beyond maxConnections
}

// Limits between two calls of pace: payload bytes and packets.
const (
	paceBytes   = 256 << 10
	pacePackets = 2000
)

// Is reports whether a file that begins with head is a capture, in the format pcap or pcapng.
func Is(head []byte) bool {
	magics := [][]byte{
		{0x0a, 0x0d, 0x0d, 0x0a},                           // pcapng
		{0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, // pcap, microseconds
		{0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}, // pcap, nanoseconds
	}
	for _, magic := range magics {
		if bytes.HasPrefix(head, magic) {
			return true
		}
	}
	return false
}

// Read replays the TCP connections of a capture, in the format pcap or pcapng, into the tap. It
// reads Ethernet, loopback, Linux's cooked packets and bare IP. It calls pace at least every 256
// KiB, so that the tap's reader keeps up. An xray.FileError says that the rest of the file cannot
// be read.
func Read(r io.Reader, t *tap.Tap, pace func() error) (Left, error) {
	in := newFile(r)
	packets, err := in.packets()
	if err != nil {
		return Left{}, in.damaged(err)
	}
	flows := newFlows(t)
	var left Left
	paced, since := int64(0), 0
	for {
		data, info, err := packets.ReadPacketData()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			flows.end()
			return left, nil
		}
		if err != nil {
			flows.end()
			return left, in.damaged(err)
		}
		left.Packets++
		flows.packet(data, info, packets.link(info), &left)
		if since++; flows.bytes-paced >= paceBytes || since >= pacePackets {
			paced, since = flows.bytes, 0
			if err := pace(); err != nil {
				return left, err
			}
		}
	}
}

// file is a capture file that counts the bytes read.
type file struct {
	*bufio.Reader
	counted *counter
}

type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func newFile(r io.Reader) *file {
	counted := &counter{Reader: r}
	return &file{bufio.NewReader(counted), counted}
}

func (f *file) damaged(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the file ends in the middle of a packet or a block")
	}
	return &xray.FileError{Offset: f.counted.n - int64(f.Buffered()), Err: err}
}

// source reads the packets of a file.
type source struct {
	gopacket.PacketDataSource
	linkType layers.LinkType // of all packets of the format pcap
}

func (f *file) packets() (*source, error) {
	head, err := f.Peek(4)
	if err != nil {
		return nil, err
	}
	if head[0] == 0x0a {
		ng, err := pcapgo.NewNgReader(f.Reader, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		return &source{PacketDataSource: ng}, err
	}
	old, err := pcapgo.NewReader(f.Reader)
	if err != nil {
		return nil, err
	}
	return &source{old, old.LinkType()}, nil
}

// link returns the link layer of a packet.
func (s *source) link(info gopacket.CaptureInfo) layers.LinkType {
	if len(info.AncillaryData) > 0 {
		if l, ok := info.AncillaryData[0].(layers.LinkType); ok {
			return l
		}
	}
	return s.linkType
}

// decoderOf returns the decoder of a link layer, or nil if it is not read.
func decoderOf(l layers.LinkType) gopacket.Decoder {
	const bareBSD, bareOpenBSD = 12, 14
	switch l {
	case layers.LinkTypeEthernet, layers.LinkTypeNull, layers.LinkTypeLoop, layers.LinkTypeRaw,
		layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2:
		return l
	case bareBSD, bareOpenBSD:
		return layers.LinkTypeRaw
	case layers.LinkTypeIPv4:
		return layers.LayerTypeIPv4
	case layers.LinkTypeIPv6:
		return layers.LayerTypeIPv6
	}
	return nil
}
