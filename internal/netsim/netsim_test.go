package netsim

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/labtest/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseReadsWhatStringWrites(t *testing.T) {
	for text, want := range map[string]Link{
		"none": {},
		"3g": {RTT: 200 * time.Millisecond, Jitter: 40 * time.Millisecond,
			Loss: 0.005, Rate: 1.6e6},
		"3G": {RTT: 200 * time.Millisecond, Jitter: 40 * time.Millisecond,
			Loss: 0.005, Rate: 1.6e6},
		"3g,loss=0%": {RTT: 200 * time.Millisecond, Jitter: 40 * time.Millisecond,
			Rate: 1.6e6},
		"rtt=100ms":                {RTT: 100 * time.Millisecond},
		"rtt=0s,rate=9600bit":      {Rate: 9600},
		"rate=1.5Mbit, loss=0.02":  {Rate: 1.5e6, Loss: 0.02},
		"rtt=1s,jitter=1s,loss=2%": {RTT: time.Second, Jitter: time.Second, Loss: 0.02},
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		again, err := Parse(got.String())
		require.NoError(t, err, got.String())
		assert.Equal(t, got, again)
	}
	for _, name := range Names() {
		l, err := Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, l.String())
	}
}

func TestParseListSplitsBeforeNames(t *testing.T) {
	for text, want := range map[string][]string{
		"none":    {"none"},
		"none,3g": {"none", "3g"},
		"3g,loss=0%,4G,rtt=1s,jitter=0s": {"rtt=200ms,jitter=40ms,rate=1.6mbit",
			"rtt=1s,loss=0.2%,rate=20mbit"},
		"rtt=100ms,loss=1%": {"rtt=100ms,loss=1%"},
		"rtt=100ms,wifi":    {"rtt=100ms", "wifi"},
	} {
		all, err := ParseList(text)
		require.NoError(t, err, text)
		var got []string
		for _, l := range all {
			got = append(got, l.String())
		}
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "3g,", "3g,pigeon", "none,rtt=1"} {
		_, err := ParseList(text)
		assert.Error(t, err, text)
	}
}

func TestParseRefusesInOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "want one of none, wifi",
		"5g":                    "want one of none, wifi",
		"rtt=1s,3g":             "want one of none, wifi",
		"speed=3":               `no setting "speed"`,
		"rtt=100":               "rtt=100: want such as rtt=100ms",
		"loss=many":             "loss=many",
		"loss=NaN":              "want 0% to 50%",
		"loss=80%":              "want 0% to 50%",
		"rate=1mb":              "rate=1mb: want such as",
		"rate=NaNbit":           "want 8kbit to 10gbit",
		"rate=1bit":             "want 8kbit to 10gbit",
		"rtt=-1s":               "rtt -1s",
		"rtt=1h":                "want 0 to 10s",
		"rtt=10ms,jitter=20ms":  "want at most the rtt",
		"rtt=10ms,jitter=-20ms": "want at most the rtt",
		"3g,loss=1%,LOSS=2%":    "loss is given twice",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, want, text)
		assert.NotContains(t, err.Error(), "\n")
	}
}

// fates sends packets of 1,000 bytes every millisecond. It returns the delays, and the number of
// lost packets.
func fates(p *path, n int) (delays []time.Duration, lost int) {
	for i := range n {
		now := time.Duration(i) * time.Millisecond
		if arrives, ok := p.send(now, 1000); ok {
			delays = append(delays, arrives-now)
		} else {
			lost++
		}
	}
	return delays, lost
}

func TestSeedMakesTheSchedule(t *testing.T) {
	l := Link{RTT: 100 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.02, Rate: 9e6}
	first, _ := fates(newPath(l, 7, 0), 1000)
	again, _ := fates(newPath(l, 7, 0), 1000)
	assert.Equal(t, first, again)
	for _, other := range []*path{newPath(l, 8, 0), newPath(l, 7, 1)} {
		delays, _ := fates(other, 1000)
		assert.NotEqual(t, first, delays)
	}
}

func TestDelayIsHalfTheRTTAndHalfTheJitterEitherWay(t *testing.T) {
	delays, lost := fates(newPath(Link{RTT: 100 * time.Millisecond}, 1, 0), 100)
	assert.Zero(t, lost)
	assert.Equal(t, slices.Repeat([]time.Duration{50 * time.Millisecond}, 100), delays)

	path := newPath(Link{RTT: 100 * time.Millisecond, Jitter: 20 * time.Millisecond}, 1, 0)
	var sum time.Duration
	for i := range 1000 { // a second apart, so that no packet waits for another
		now := time.Duration(i) * time.Second
		arrives, _ := path.send(now, 1000)
		assert.InDelta(t, 50, (arrives-now).Seconds()*1000, 10)
		sum += arrives - now
	}
	assert.InDelta(t, 50, sum.Seconds(), 1, "the mean of a thousand, in ms")
}

func TestPacketsStayInOrder(t *testing.T) {
	p := newPath(Link{RTT: 100 * time.Millisecond, Jitter: 100 * time.Millisecond}, 3, 0)
	var last time.Duration
	for i := range 1000 {
		arrives, ok := p.send(time.Duration(i)*time.Millisecond, 100)
		require.True(t, ok)
		require.GreaterOrEqual(t, arrives, last)
		last = arrives
	}
}

func TestLossIsWhatItSays(t *testing.T) {
	_, lost := fates(newPath(Link{Loss: 0.02}, 1, 0), 50_000)
	assert.InDelta(t, 1000, lost, 100) // about three deviations
}

func TestRateQueuesAndThenLoses(t *testing.T) {
	p := newPath(Link{Rate: 8e6}, 1, 0) // 1,000 bytes take a millisecond
	for i := range 10 {
		arrives, ok := p.send(0, 1000)
		require.True(t, ok)
		assert.Equal(t, time.Duration(i+1)*time.Millisecond, arrives)
	}
	sent := 10
	for ; ; sent++ {
		if _, ok := p.send(0, 1000); !ok {
			break
		}
	}
	assert.InDelta(t, 251, sent, 1, "the queue holds 250 ms")
	_, ok := p.send(100*time.Millisecond, 1000)
	assert.True(t, ok, "there is room again")
}

// echo answers what it reads, until the client ends its half.
func echo(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	return l
}

func front(t *testing.T, target string, l Link) (*Front, string) {
	in, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := Start(Config{Listener: in, Target: target, Link: l, Seed: 1,
		Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { f.Close() })
	return f, in.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

// trips sends a line n times, each after the answer to the one before.
func trips(t *testing.T, c net.Conn, n int) []time.Duration {
	in := bufio.NewReader(c)
	times := make([]time.Duration, n)
	for i := range times {
		began := time.Now()
		line := fmt.Sprintf("line %d\n", i)
		_, err := io.WriteString(c, line)
		require.NoError(t, err)
		answer, err := in.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, line, answer)
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times
}

func TestRoundTripTakesTheRTT(t *testing.T) {
	_, addr := front(t, echo(t).Addr().String(), Link{RTT: 100 * time.Millisecond})
	began := time.Now() // before dial, because the handshake on the link begins with it
	c := dial(t, addr)
	trips(t, c, 1)
	assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond,
		"the handshake takes one RTT, the echo another")
	// A busy machine makes a trip longer, never shorter: one of many is close to the RTT.
	quickest := time.Hour
	for n := 0; quickest >= 150*time.Millisecond && n < 200; n++ {
		quickest = min(quickest, trips(t, c, 1)[0])
	}
	assert.GreaterOrEqual(t, quickest, 100*time.Millisecond)
	assert.Less(t, quickest, 150*time.Millisecond)
}

// TCP repairs a loss: the median stays the same, and the tail includes the retransmission timer.
func TestLossLengthensTheTailAsTCPDoes(t *testing.T) {
	need.Time(t)
	const rto = 200 * time.Millisecond // the least that a retransmission timer waits
	f, addr := front(t, echo(t).Addr().String(), Link{RTT: 10 * time.Millisecond, Loss: 0.02})
	times := trips(t, dial(t, addr), 300)
	assert.Less(t, times[150], rto, "the median has no retransmission")
	assert.GreaterOrEqual(t, times[297], rto, "p99")
	assert.Positive(t, f.Counters().Lost)
}

func TestBulkPassesWholeThroughLossAndHalfClose(t *testing.T) {
	_, addr := front(t, echo(t).Addr().String(),
		Link{RTT: 10 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.01, Rate: 100e6})
	c := dial(t, addr)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // 1 MiB
	go func() {
		c.Write(sent)
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, sha256.Sum256(sent), sha256.Sum256(got))
}

func TestRateBoundsAStream(t *testing.T) {
	_, addr := front(t, echo(t).Addr().String(), Link{Rate: 8e6})
	began := time.Now()
	c := dial(t, addr)
	go func() {
		c.Write(make([]byte, 500_000))
		c.(*net.TCPConn).CloseWrite()
	}()
	n, err := io.Copy(io.Discard, c)
	require.NoError(t, err)
	assert.EqualValues(t, 500_000, n)
	assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond, "a megabyte a second")
}

func TestCountersCountPackets(t *testing.T) {
	f, addr := front(t, echo(t).Addr().String(), Link{})
	c := dial(t, addr)
	trips(t, c, 1)
	before := f.Counters()
	assert.GreaterOrEqual(t, before.Packets, int64(5),
		"three of the handshake, a question, an answer")
	assert.Greater(t, before.Bytes, 40*before.Packets-1, "IP and TCP headers are 40 bytes at least")
	trips(t, c, 10)
	assert.GreaterOrEqual(t, f.Counters().Packets-before.Packets, int64(20))
	assert.Zero(t, f.Counters().Lost)
}

func TestBlackoutHoldsAndMends(t *testing.T) {
	f, addr := front(t, echo(t).Addr().String(), Link{})
	c := dial(t, addr)
	trips(t, c, 1)
	f.Blackout(true)
	_, err := io.WriteString(c, "held\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return f.Counters().Lost > 0
	}, time.Minute, time.Millisecond)
	f.Blackout(false)
	line, err := bufio.NewReader(c).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "held\n", line, "TCP sent it again")
}

// A client receives data again after a blackout into which the server kept sending.
func TestAStreamSurvivesABlackout(t *testing.T) {
	need.Time(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(c, "%d\n", i); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	f, addr := front(t, l.Addr().String(), Link{RTT: 20 * time.Millisecond})
	c := dial(t, addr)
	lines := bufio.NewScanner(c)
	n := 0
	read := func() {
		require.True(t, lines.Scan(), lines.Err())
		require.Equal(t, strconv.Itoa(n), lines.Text(), "nothing is lost")
		n++
	}
	for n < 10 {
		read()
	}
	f.Blackout(true)
	time.Sleep(time.Second)
	f.Blackout(false)
	for n < 100 {
		read()
	}
	c.Close()
	<-served
}

func TestSetChangesAnOpenConnection(t *testing.T) {
	f, addr := front(t, echo(t).Addr().String(), Link{})
	c := dial(t, addr)
	trips(t, c, 1)
	f.Set(Link{RTT: 80 * time.Millisecond})
	assert.GreaterOrEqual(t, trips(t, c, 1)[0], 80*time.Millisecond)
}

func TestNoServerEndsTheClient(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone.Close()
	_, addr := front(t, gone.Addr().String(), Link{})
	_, err = dial(t, addr).Read(make([]byte, 1))
	assert.Error(t, err)
}

func TestCloseEndsOpenConnections(t *testing.T) {
	f, addr := front(t, echo(t).Addr().String(), Link{RTT: time.Second})
	c := dial(t, addr)
	_, err := io.WriteString(c, "on its way\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = c.Read(make([]byte, 1))
	assert.Error(t, err)
}

// A wire whose connections end slowly delays only the caller that ends it.
func TestTheFrontAnswersWhileAWireEnds(t *testing.T) {
	for name, end := range map[string]func(f *Front){
		"close": func(f *Front) { f.Close() },
		"room for another host": func(f *Front) {
			for i := range maxHosts {
				// the last one takes the place of the slow one, the only idle one
				_, err := f.enter(strconv.Itoa(i))
				assert.NoError(t, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := front(t, "127.0.0.1:1", Link{RTT: time.Second})
			slow, err := f.enter("slow")
			require.NoError(t, err)
			ending, resume, finish := make(chan struct{}), make(chan struct{}), slow.close
			slow.close = func() {
				close(ending)
				<-resume
				finish()
			}
			f.leave(slow)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				end(f)
			}()
			<-ending
			answered := make(chan Link, 1)
			go func() { answered <- f.Link() }()
			select {
			case l := <-answered:
				assert.Equal(t, time.Second, l.RTT)
			case <-time.After(10 * time.Second):
				assert.Fail(t, "the lock is held")
			}
			close(resume)
			<-ended
		})
	}
}
