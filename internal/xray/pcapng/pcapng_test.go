package pcapng_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/pcapng"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// block is one block of a pcapng file: its type and its body.
type block struct {
	kind uint32
	body []byte
}

// blocks cuts a file along its blocks: type, length, body, the length again.
func blocks(t *testing.T, file []byte) (all []block) {
	for len(file) > 0 {
		require.GreaterOrEqual(t, len(file), 12)
		size := binary.LittleEndian.Uint32(file[4:])
		require.Zero(t, size%4, "blocks are padded")
		require.LessOrEqual(t, int(size), len(file))
		require.Equal(t, size, binary.LittleEndian.Uint32(file[size-4:]),
			"the length stands at both ends")
		all = append(all, block{binary.LittleEndian.Uint32(file), file[8 : size-4]})
		file = file[size:]
	}
	return all
}

// options returns the options of a block: their codes and values.
func options(t *testing.T, p []byte) map[uint16]string {
	all := map[uint16]string{}
	for {
		require.GreaterOrEqual(t, len(p), 4, "the options have an end")
		code, size := binary.LittleEndian.Uint16(p), int(binary.LittleEndian.Uint16(p[2:]))
		if code == 0 {
			require.Len(t, p, 4)
			return all
		}
		all[code] = string(p[4 : 4+size])
		p = p[4+(size+3)/4*4:]
	}
}

// tcpPair is a loopback connection whose server's end is recorded.
func tcpPair(t *testing.T, wire *tap.Tap, network, addr string) (client, server net.Conn) {
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("no %s here: %v", network, err)
	}
	defer l.Close()
	client, err = net.Dial(network, l.Addr().String())
	require.NoError(t, err)
	server, err = wire.Listener(l).Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// sum is the ones' complement sum of RFC 1071.
func sum(parts ...[]byte) uint16 {
	var s uint32
	for _, p := range parts {
		if len(p)%2 == 1 {
			p = append(bytes.Clone(p), 0)
		}
		for i := 0; i < len(p); i += 2 {
			s += uint32(binary.BigEndian.Uint16(p[i:]))
		}
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

func TestPcapngIsMadeOfTheRightBytes(t *testing.T) {
	for network, addr := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
		t.Run(network, func(t *testing.T) {
			wire := tap.New(tap.Config{})
			x := xray.New(wire, xray.Config{})
			defer x.Close()
			client, server := tcpPair(t, wire, network, addr)
			m := meeting{TB: t, client: client.(*net.TCPConn), server: server.(*tap.Conn)}
			m.say(client, server, "odd")
			m.say(server, client, strings.Repeat("x", 70_000)) // more than one packet carries
			client.Close()
			require.NoError(t, m.over(server))
			server.Close()
			var file bytes.Buffer
			require.NoError(t, pcapng.Write(&file, x.Tap(), nil))

			all := blocks(t, file.Bytes())
			require.Len(t, all, 2+3+1+2+2)
			assert.EqualValues(t, 0x0a0d0d0a, all[0].kind, "section header")
			assert.EqualValues(t, 0x1a2b3c4d, binary.LittleEndian.Uint32(all[0].body), "byte order")
			assert.EqualValues(t, 1, binary.LittleEndian.Uint16(all[0].body[4:]), "version")
			section := options(t, all[0].body[16:])
			assert.Equal(t, "lab", section[4], "shb_userappl")
			assert.Contains(t, section[1], "not the network's", "opt_comment")
			assert.EqualValues(t, 1, all[1].kind, "interface description")
			assert.EqualValues(t, 101, binary.LittleEndian.Uint16(all[1].body), "LINKTYPE_RAW")
			face := options(t, all[1].body[8:])
			assert.Equal(t, "lab", face[2], "if_name")
			assert.Equal(t, "\x09", face[9], "if_tsresol: nanoseconds")

			var flags []byte
			var carried int
			last := uint64(0)
			for _, b := range all[2:] {
				require.EqualValues(t, 6, b.kind, "enhanced packet")
				at := uint64(binary.LittleEndian.Uint32(b.body[4:]))<<32 | uint64(
					binary.LittleEndian.Uint32(b.body[8:]))
				assert.GreaterOrEqual(t, at, last, "in the order of their times")
				last = at
				size := binary.LittleEndian.Uint32(b.body[12:])
				assert.Equal(t, size, binary.LittleEndian.Uint32(b.body[16:]), "captured whole")
				packet := b.body[20 : 20+size]
				var segment, addresses []byte
				if packet[0]>>4 == 4 {
					assert.EqualValues(t, size, binary.BigEndian.Uint16(packet[2:]), "IP length")
					assert.EqualValues(t, 0xffff, sum(packet[:20]), "IP checksum")
					segment, addresses = packet[20:], packet[12:20]
				} else {
					assert.EqualValues(t, size-40, binary.BigEndian.Uint16(packet[4:]), "IP length")
					segment, addresses = packet[40:], packet[8:40]
				}
				pseudo := binary.BigEndian.AppendUint32([]byte{0, 6}, uint32(len(segment)))
				assert.EqualValues(t, 0xffff, sum(addresses, pseudo, segment), "TCP checksum")
				flags = append(flags, segment[13]&^8)
				carried += len(segment) - int(segment[12]>>4)*4
			}
			assert.Equal(t, []byte{syn, syn | ack, ack, ack, ack, ack, fin | ack, fin | ack}, flags)
			assert.Equal(t, 3+70_000, carried)
		})
	}
}

// Bytes that a failed write did not send are not in the file.
func TestPcapngLeavesOutWhatWasNotSent(t *testing.T) {
	wire := tap.New(tap.Config{MaxBytes: 64 << 20})
	x := xray.New(wire, xray.Config{})
	defer x.Close()
	client, server := tcpPair(t, wire, "tcp4", "127.0.0.1:0")
	require.NoError(t, server.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
	n, err := server.Write(make([]byte, 16<<20))
	require.Error(t, err)
	client.Close()
	server.Close()
	var file bytes.Buffer
	require.NoError(t, pcapng.Write(&file, x.Tap(), nil))
	carried := 0
	for _, b := range blocks(t, file.Bytes())[2:] {
		carried += int(binary.LittleEndian.Uint32(b.body[12:])) - 40
	}
	assert.Equal(t, n, carried)
}
