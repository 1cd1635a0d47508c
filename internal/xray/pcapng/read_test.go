package pcapng_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/pcapng"
)

// segment is one packet of a capture, sent by the client unless server is set.
type segment struct {
	server bool
	tcp    layers.TCP // without ports and acknowledgement
	data   string
	cut    int // bytes that the capture lacks at the end
}

// A short talk: the client sends "GET / …", the server answers.
var (
	request  = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	opens    = segment{tcp: layers.TCP{SYN: true, Seq: 100}}
	accepts  = segment{server: true, tcp: layers.TCP{SYN: true, ACK: true, Seq: 900, Ack: 101}}
	asks     = segment{tcp: layers.TCP{ACK: true, Seq: 101, Ack: 901}, data: request}
	answers  = segment{server: true, tcp: layers.TCP{ACK: true, Seq: 901, Ack: 128}, data: response}
	clientFN = segment{tcp: layers.TCP{FIN: true, ACK: true, Seq: 101 + uint32(len(request)),
		Ack: 943}}
	serverFN = segment{server: true,
		tcp: layers.TCP{FIN: true, ACK: true, Seq: 901 + uint32(len(response)), Ack: 129}}
)

// pcap returns a capture of the segments, each with the link layer's header before its IP packet.
func pcap(t testing.TB, link layers.LinkType, before []byte, segments ...segment) []byte {
	var file bytes.Buffer
	w := pcapgo.NewWriter(&file)
	require.NoError(t, w.WriteFileHeader(1<<16, link))
	for i, s := range segments {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP,
			SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2}}
		tcp := s.tcp
		tcp.SrcPort, tcp.DstPort, tcp.Window = 40000, 8080, 1000
		if s.server {
			ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
			tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
		}
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		b := gopacket.NewSerializeBuffer()
		require.NoError(t, gopacket.SerializeLayers(b,
			gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, &tcp,
			gopacket.Payload(s.data)))
		packet := append(bytes.Clone(before), b.Bytes()...)
		kept := packet[:len(packet)-s.cut]
		at := time.Unix(1_700_000_000+int64(i), 0)
		require.NoError(t, w.WritePacket(gopacket.CaptureInfo{Timestamp: at,
			CaptureLength: len(kept), Length: len(packet)}, kept))
	}
	return file.Bytes()
}

// bare is a capture of IP packets without a link layer.
func bare(t testing.TB, segments ...segment) []byte {
	return pcap(t, layers.LinkTypeRaw, nil, segments...)
}

// read returns the rows of a capture in words.
func read(t testing.TB, file []byte) (said []string, left pcapng.Left) {
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	defer x.Close()
	left, err := pcapng.Read(bytes.NewReader(file), wire, func() error {
		return x.Sync(context.Background())
	})
	require.NoError(t, err)
	require.NoError(t, x.Sync(context.Background()))
	for _, r := range x.Held() {
		line := r.Summary.EN
		if r.Problem != nil {
			line += " ! " + r.Problem.EN
		}
		said = append(said, r.Dir.String()+" "+string(r.Layer)+" "+line)
	}
	return said, left
}

var whole = []string{
	"in tcp connection 1 opened from 10.0.0.1:40000", "in tcp the server read 27 bytes",
	"in http GET /", "out tcp the server wrote 43 bytes",
	"out http 200 OK · answers GET / after 1s", "out body body of 5 bytes · hello",
	"in tcp the client sends no more (FIN)",
	"out tcp the server sends no more (FIN)",
	"out tcp connection 1 closed after 27 bytes in and 43 bytes out, 5s",
}

func TestLinkLayers(t *testing.T) {
	ip4 := []byte{8, 0}
	for name, tc := range map[string]struct {
		link   layers.LinkType
		before []byte
	}{
		"Ethernet": {layers.LinkTypeEthernet, append(make([]byte, 12), ip4...)},
		"Ethernet, a VLAN": {layers.LinkTypeEthernet,
			append(append(make([]byte, 12), 0x81, 0, 0, 7), ip4...)},
		"loopback of BSD": {layers.LinkTypeNull, []byte{2, 0, 0, 0}},
		"loopback":        {layers.LinkTypeLoop, []byte{0, 0, 0, 2}},
		"Linux cooked": {layers.LinkTypeLinuxSLL,
			append([]byte{0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0}, ip4...)},
		"Linux cooked 2": {layers.LinkTypeLinuxSLL2,
			append(ip4, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0)},
		"raw":        {layers.LinkTypeRaw, nil},
		"raw of BSD": {12, nil},
		"IPv4":       {layers.LinkTypeIPv4, nil},
	} {
		said, left := read(t, pcap(t, tc.link, tc.before, opens, accepts, asks, answers, clientFN,
			serverFN))
		assert.Equal(t, whole, said, name)
		assert.Equal(t, pcapng.Left{Packets: 6}, left, name)
	}
	said, left := read(t, pcap(t, layers.LinkTypeIEEE802_11, nil, opens, asks))
	assert.Empty(t, said)
	assert.Equal(t, pcapng.Left{Packets: 2, Links: 2}, left)
}

func TestPacketsOutOfOrderAndTwice(t *testing.T) {
	first, second := asks, asks
	first.data, second.data = request[:10], request[10:]
	second.tcp.Seq += 10
	for name, segments := range map[string][]segment{
		"out of order": {opens, accepts, second, first, answers, clientFN, serverFN},
		"twice": {opens, accepts, first, first, second, answers, answers, clientFN,
			serverFN},
		"overlapping": {opens, accepts, first, asks, answers, clientFN, serverFN},
	} {
		said, _ := read(t, bare(t, segments...))
		text := strings.Join(said, "\n")
		assert.Contains(t, text, "in http GET /\n", name)
		assert.Contains(t, text, "connection 1 closed after 27 bytes in and 43 bytes out", name)
		assert.NotContains(t, text, "!", name)
	}
}

func TestALostPacketIsSaid(t *testing.T) {
	lost := answers
	lost.tcp.Seq, lost.data = answers.tcp.Seq+10, response[10:]
	said, _ := read(t, bare(t, opens, accepts, asks, lost, clientFN, serverFN))
	assert.Contains(t, strings.Join(said, "\n"), "not recorded: 10 bytes")
}

func TestATruncatedPacketIsSaid(t *testing.T) {
	cut := asks
	cut.cut = 4
	said, left := read(t, bare(t, opens, accepts, cut, answers, clientFN, serverFN))
	assert.Equal(t, 1, left.Truncated)
	assert.Contains(t, said, "in tcp the server read 23 bytes")
	assert.Contains(t, said, "out tcp the server wrote 43 bytes")
}

func TestACaptureThatBeginsLate(t *testing.T) {
	for name, segments := range map[string][]segment{"the client first": {asks, answers, clientFN,
		serverFN}, "the server first": {answers, asks}} {
		said, _ := read(t, bare(t, segments...))
		assert.NotContains(t, strings.Join(said, "\n"), "opened", name)
		assert.Contains(t, said, "in http GET /", name)
	}
}

func TestAResetEndsAConnection(t *testing.T) {
	rst := segment{server: true, tcp: layers.TCP{RST: true, ACK: true, Seq: 901, Ack: 128}}
	said, _ := read(t, bare(t, opens, accepts, asks, rst, opens, accepts, asks, answers))
	assert.Equal(t, []string{
		"in tcp connection 1 opened from 10.0.0.1:40000", "in tcp the server read 27 bytes",
		"in http GET /",
		"out tcp the server resets the connection (RST)",
		"out tcp connection 1 closed after 27 bytes in and 0 bytes out, 3s",
		"in tcp connection 2 opened from 10.0.0.1:40000", "in tcp the server read 27 bytes",
		"in http GET /", "out tcp the server wrote 43 bytes",
		"out http 200 OK · answers GET / after 1s", "out body body of 5 bytes · hello",
	}, said, "the same addresses can be used again")
}

func TestOtherPacketsAreCounted(t *testing.T) {
	file := bare(t, opens, asks)
	const protocol, flags = 24 + 16 + 9, 24 + 16 + 6
	udp := bytes.Clone(file)
	udp[protocol] = byte(layers.IPProtocolUDP)
	_, left := read(t, udp)
	assert.Equal(t, 1, left.Other)
	binary.BigEndian.PutUint16(file[flags:], 0x2000) // more fragments
	_, left = read(t, file)
	assert.Equal(t, 1, left.Fragments)
}
