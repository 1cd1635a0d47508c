package compare

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

func lanesOverUDP() []string { return namesOf(func(l lesson.Lane) bool { return l.UDP }) }

// udpRelay passes datagrams on between clients and a server, and counts their bytes.
type udpRelay struct {
	front   *net.UDPConn
	in, out atomic.Int64
	clients atomic.Int64
}

func startUDPRelay(t *testing.T, target string) *udpRelay {
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	r := &udpRelay{front: front}
	var running sync.WaitGroup
	backs := map[string]net.Conn{}
	running.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, from, err := front.ReadFrom(buffer)
			if err != nil {
				return
			}
			back := backs[from.String()]
			if back == nil {
				if back, err = net.Dial("udp", target); err != nil {
					t.Error(err)
					return
				}
				backs[from.String()] = back
				r.clients.Add(1)
				running.Go(func() {
					buffer := make([]byte, 64<<10)
					for {
						n, err := back.Read(buffer)
						if err != nil {
							return
						}
						r.out.Add(int64(n))
						front.WriteTo(buffer[:n], from)
					}
				})
			}
			r.in.Add(int64(n))
			back.Write(buffer[:n])
		}
	})
	t.Cleanup(func() {
		front.Close()
		for _, back := range backs {
			back.Close()
		}
		running.Wait()
	})
	return r
}

// A relay of datagrams counts the same bytes as the server.
func TestBytesOfUDPAreThoseOfARelayInBetween(t *testing.T) {
	need.Time(t)
	for _, name := range lanesOverUDP() {
		t.Run(name, func(t *testing.T) {
			_, lane, _ := lesson.FindLane(runner.Lessons, name)
			s, err := startServer(ourselves, Serving{Lane: name, Workload: Feed})
			require.NoError(t, err)
			t.Cleanup(s.close)
			between := startUDPRelay(t, strings.TrimPrefix(s.url, "https://"))
			s.url = "https://" + between.front.LocalAddr().String()
			turn := small(Feed, name).turn(s, lane, Step{Transport: name}, func(Live) {})
			defer turn.clients.close()
			require.NoError(t, turn.connect(t.Context()))
			require.NoError(t, turn.run(t.Context()))
			type counts struct{ in, out, connections int64 }
			var own, relayed counts
			for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
				// until nothing is on its way just now
				said, err := s.ask("")
				require.NoError(t, err)
				own = counts{said.In, said.Out, said.Connections}
				if relayed = (counts{between.in.Load(), between.out.Load(),
					between.clients.Load()}); relayed == own || time.Now().After(end) {
					break
				}
			}
			assert.Equal(t, relayed, own)
			assert.EqualValues(t, turn.config.Clients, own.connections)
			assert.Greater(t, own.out, int64(turn.trial.payload))
		})
	}
}

// Lost datagrams are counted, but not as a fault. A stream loses nothing on the same network.
func TestWhatDatagramsLoseIsCounted(t *testing.T) {
	need.Time(t)
	c := small(Feed, "webtransport-datagrams", "webtransport-streams", "webtransport")
	c.Net, c.Rate, c.Duration = netsim.Link{RTT: 10 * time.Millisecond, Loss: 0.1}, 200, time.Second
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	datagrams := report.Results[0]
	assert.True(t, datagrams.Lossy)
	assert.Equal(t, len(c.schedule(c.Seed, 0))*c.Clients, datagrams.Messages+datagrams.Lost)
	assert.Positive(t, datagrams.Lost)
	assert.Less(t, datagrams.Lost, datagrams.Messages)
	assert.Zero(t, datagrams.Duplicated+datagrams.Reordered)
	assert.Zero(t, report.Results[1].Lost+report.Results[1].Duplicated)
	assert.True(t, report.Results[1].Unordered)
	assert.Zero(t, report.Results[2].Lost+report.Results[2].Duplicated+report.Results[2].Reordered)

	report.Results[0].Duplicated++
	assert.Error(t, report.Faults(), "no lane may deliver twice")
}

func TestLanesOverUDPAreChecked(t *testing.T) {
	c := small(Ack, "webtransport-datagrams")
	assert.ErrorContains(t, c.Check(runner.Lessons), "has no answers")
	c = small(Feed, "webtransport-datagrams")
	c.Size = 1000
	assert.ErrorContains(t, c.Check(runner.Lessons),
		"webtransport-datagrams carries a text of at most 900 bytes")
	c.Transports = []string{"webtransport"}
	assert.NoError(t, c.Check(runner.Lessons))
	for _, name := range lanesOverUDP() {
		assert.NotContains(t, Default(runner.Lessons).Transports, name)
	}
}
