package netsim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// A SYN that the stack sends again arrives with a timestamp that is as much later as the packet.
func TestASYNThatIsSentAgainHasItsOwnTime(t *testing.T) {
	s, end, err := newStack(clientAddr.Addr)
	require.NoError(t, err)
	defer s.Destroy()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dialed := make(chan struct{})
	go func() {
		defer close(dialed)
		w := wire{client: s}
		_, err := w.dial(ctx) // no server answers
		assert.Error(t, err)
	}()
	var syns resentSYN
	stamp := func(now time.Duration) uint32 {
		packet := end.ReadContext(ctx)
		require.NotNil(t, packet)
		defer packet.DecRef()
		age := syns.age(now, packet)
		view := packet.ToView()
		defer view.Release()
		advance(view.AsSlice(), age)
		ip := header.IPv4(view.AsSlice())
		tcp := header.TCP(ip.Payload())
		require.Equal(t, header.TCPFlagSyn, tcp.Flags())
		assert.True(t, tcp.IsChecksumValid(ip.SourceAddress(), ip.DestinationAddress(), 0, 0))
		options := header.ParseSynOptions(tcp.Options(), false)
		require.True(t, options.TS)
		return options.TSVal
	}
	first := stamp(time.Second)
	assert.Equal(t, uint32(1234), stamp(2234*time.Millisecond)-first)
	cancel()
	<-dialed
}

func TestABrokenOptionIsLeftAlone(t *testing.T) {
	for _, options := range [][]byte{{8, 10, 0, 0}, {8, 0, 1, 1}, {3},
		{0, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		options = append(options, make([]byte, (4-len(options)%4)%4)...)
		packet := make([]byte, header.IPv4MinimumSize+header.TCPMinimumSize+len(options))
		header.IPv4(packet).Encode(&header.IPv4Fields{TotalLength: uint16(len(packet)),
			Protocol: uint8(header.TCPProtocolNumber)})
		tcp := packet[header.IPv4MinimumSize:]
		tcp[12] = byte((header.TCPMinimumSize + len(options)) / 4 << 4)
		copy(tcp[header.TCPMinimumSize:], options)
		before := append([]byte(nil), packet...)
		advance(packet, time.Second)
		assert.Equal(t, before, packet, "%x", options)
	}
}
