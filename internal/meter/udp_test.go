package meter

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/ipv4"
)

// echoPackets serves an echo that reads and writes with one of quic-go's methods.
func echoPackets(batches bool) func(net.PacketConn) error {
	return func(c net.PacketConn) error {
		counted, ok := c.(*packetConn)
		buffer := make([]byte, 2000)
		for {
			if !ok || !batches {
				n, from, err := c.ReadFrom(buffer)
				if err != nil {
					return err
				}
				c.WriteTo(buffer[:n], from)
				continue
			}
			ms := []ipv4.Message{{Buffers: [][]byte{buffer}}}
			if _, err := counted.ReadBatch(ms, 0); err != nil {
				return err
			}
			counted.WriteMsgUDP(buffer[:ms[0].N], nil, ms[0].Addr.(*net.UDPAddr))
		}
	}
}

func TestAUDPServerCountsAndGoesDown(t *testing.T) {
	for name, batches := range map[string]bool{"in batches": true, "one by one": false} {
		t.Run(name, func(t *testing.T) {
			var reset []string
			s, err := ServeUDP(echoPackets(batches), func(local net.Addr) {
				reset = append(reset, local.String())
			})
			require.NoError(t, err)
			dial := func(addr string) net.Conn {
				c, err := net.Dial("udp", addr)
				require.NoError(t, err)
				t.Cleanup(func() { c.Close() })
				return c
			}
			trip := func(c net.Conn, text string) {
				_, err := c.Write([]byte(text))
				require.NoError(t, err)
				require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
				answer := make([]byte, 100)
				n, err := c.Read(answer)
				require.NoError(t, err)
				assert.Equal(t, text, string(answer[:n]))
			}
			one, two := dial(s.Addr), dial(s.Addr)
			trip(one, "12345")
			trip(one, "123")
			trip(two, "1")
			trip(dial(s.Direct), "beside")
			want := Counts{In: 9, Out: 9, Connections: 2, Requests: 2}
			assert.Eventually(t, func() bool {
				return s.Count() == want
			}, time.Minute, time.Millisecond)

			beside := Counts{In: 6, Out: 6, Connections: 1, Requests: 1}
			assert.Eventually(t, func() bool {
				return s.Beside() == beside
			}, time.Minute, time.Millisecond)

			s.Down()
			assert.Equal(t, []string{s.Addr}, reset, "not Direct")
			_, err = one.Write([]byte("lost"))
			require.NoError(t, err)
			require.NoError(t, one.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
			_, err = one.Read(make([]byte, 100))
			assert.Error(t, err)
			assert.Equal(t, want, s.Count())
			trip(dial(s.Direct), "not down")
			s.Up()
			trip(one, "back")

			told := errors.New("told")
			assert.ErrorIs(t, s.Close(t.Context(), func(context.Context) error {
				return told
			}), told)
		})
	}
}
