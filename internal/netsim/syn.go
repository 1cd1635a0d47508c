package netsim

import (
	"encoding/binary"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// A resentSYN corrects a fault of the stack, which sends a lost SYN again with the timestamp of the
// first. The peer echoes that timestamp, so the stack takes the time between the two SYNs for a
// round-trip time and waits that long before each later retransmission.
type resentSYN struct {
	first map[synKey]time.Duration // when a SYN was first sent
}

// synKey identifies a SYN of one direction.
type synKey struct {
	from, to uint16
	seq      uint32
}

// maxSYNs bounds the SYNs that are remembered at one time.
const maxSYNs = 1024

// age returns the time since the stack first sent this packet. It is 0 unless the packet is a
// repeated SYN.
func (r *resentSYN) age(now time.Duration, packet *stack.PacketBuffer) time.Duration {
	view := packet.ToView()
	defer view.Release()
	tcp := header.TCP(header.IPv4(view.AsSlice()).Payload())
	if tcp.Flags()&header.TCPFlagSyn == 0 {
		return 0
	}
	key := synKey{tcp.SourcePort(), tcp.DestinationPort(), tcp.SequenceNumber()}
	first, again := r.first[key]
	if again {
		return now - first
	}
	if r.first == nil || len(r.first) >= maxSYNs {
		r.first = map[synKey]time.Duration{}
	}
	r.first[key] = now
	return 0
}

// Kinds of TCP options, of RFC 9293 and RFC 7323.
const (
	optionEnd       = 0
	optionNop       = 1
	optionTimestamp = 8
)

// advance adds to the timestamp of a SYN, whose IP packet is given.
func advance(packet []byte, by time.Duration) {
	ip := header.IPv4(packet)
	tcp := header.TCP(ip.Payload())
	options := tcp.Options()
	for i := 0; i < len(options) && options[i] != optionEnd; {
		switch {
		case options[i] == optionNop:
			i++
			continue
		case i+1 >= len(options) || options[i+1] < 2 || i+int(options[i+1]) > len(options):
			return
		case options[i] == optionTimestamp && options[i+1] == 10:
			value := options[i+2 : i+6]
			binary.BigEndian.PutUint32(value,
				binary.BigEndian.Uint32(value)+uint32(by.Milliseconds()))
			tcp.SetChecksum(0)
			sum := header.PseudoHeaderChecksum(header.TCPProtocolNumber, ip.SourceAddress(),
				ip.DestinationAddress(), uint16(len(tcp)))
			tcp.SetChecksum(^tcp.CalculateChecksum(sum))
			return
		}
		i += int(options[i+1])
	}
}
