package compare

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
	"realtimelab/internal/latency"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

func small(workload string, transports ...string) Config {
	return Config{
		Transports: transports, Load: Load{Workload: workload, Clients: 2, Rate: 20, Size: 40,
			Duration: 200 * time.Millisecond},
		Interval: 100 * time.Millisecond, Runs: 1, Seed: 7,
	}
}

func quiet(Progress) {}

// The tests that measure spend most of their time waiting, so they run in parallel.

func TestEveryTransportDeliversAllOnceAndInOrder(t *testing.T) {
	need.Time(t)
	for _, workload := range []string{Feed, Chat, Cursor, Burst, Ack, FanOut, Ticker} {
		t.Run(workload, func(t *testing.T) {
			t.Parallel()
			c := small(workload, reliable()...)
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			require.Len(t, report.Results, len(reliable()))
			want := len(c.schedule(c.Seed, 0)) * c.Clients
			if workload == Ack {
				want = len(c.schedule(c.Seed, 0))
			}
			require.Positive(t, want)
			for _, r := range report.Results {
				assert.Positive(t, r.First.P50, r.Transport)
				assert.GreaterOrEqual(t, r.First.Max, r.First.P50, r.Transport)
				assert.Equal(t, want, r.Messages, r.Transport)
				assert.Zero(t, r.Lost+r.Duplicated+r.Reordered, r.Transport)
				if r.Transport != "websocket-deflate" && r.Transport != "socketio-polling" {
					// which compresses polls of 1 KiB or more
					assert.Positive(t, r.Bytes.Framing, r.Transport)
				}
				assert.InDelta(t, r.BytesPerMessage,
					r.Bytes.Payload+r.Bytes.Framing+r.Bytes.Headers, 1e-6, r.Transport)
			}
		})
	}
}

func TestIdleShortPollingAsksOnceAnInterval(t *testing.T) {
	need.Time(t)
	t.Parallel()
	c := small(Idle, "short-polling", "websocket")
	c.Interval, c.Duration = 250*time.Millisecond, time.Second
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	perClient := report.Results[0].RequestsPerMinute / 60 * c.Duration.Seconds()
	assert.InDelta(t, 3, perClient, 2,
		"requests of a client in four intervals, between which it waits for answers")
	assert.Zero(t, report.Results[1].RequestsPerMinute)
}

func TestWebSocketBytesAreThoseOfItsFrames(t *testing.T) {
	c := small(Ack, "websocket")
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	r := report.Results[0]
	payload := 0
	shots := c.schedule(c.Seed, 0)
	for n := range shots {
		payload += len(label{number: n}.message(c.Size, c.Clients))
	}
	assert.InDelta(t, 2*float64(payload)/float64(len(shots)), r.Bytes.Payload, 1e-9)
	assert.InDelta(t, r.Bytes.Payload+6+2, r.BytesPerMessage, 1e-9,
		"a masked frame to the server, one without a mask back")
	assert.InDelta(t, 8, r.Bytes.Framing, 1e-9)
	assert.Zero(t, r.Bytes.Headers)
	assert.Zero(t, r.RequestsPerMessage)
}

func TestAPostIsOneRequestAMessage(t *testing.T) {
	report, err := runner.Run(t.Context(), small(Ack, "sse"), quiet)
	require.NoError(t, err)
	assert.InDelta(t, 1, report.Results[0].RequestsPerMessage, 1e-9)
	assert.Greater(t, report.Results[0].Bytes.Headers, 400.0)
}

func TestSeedMakesTheScheduleAndTheOrder(t *testing.T) {
	for _, workload := range Workloads() {
		c := small(workload, everyLane()...)
		c.Runs = 3
		assert.Equal(t, c.schedule(c.Seed, 0), c.schedule(c.Seed, 0))
		assert.Equal(t, c.order(), c.order())
		other := c
		other.Seed++
		assert.NotEqual(t, c.order(), other.order())
		if c.perSecond() > 0 {
			assert.NotEqual(t, c.schedule(c.Seed, 0), c.schedule(c.Seed, 1), workload)
			assert.NotEqual(t, c.schedule(c.Seed, 0), other.schedule(other.Seed, 0), workload)
		}
	}
}

func TestEarlyEndReportsWhatWasMeasured(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	c := small(Feed, "websocket", "sse")
	report, err := runner.Run(ctx, c, func(p Progress) {
		if p.Done == 1 {
			cancel(stopped)
		}
	})
	require.ErrorIs(t, err, stopped)
	require.Len(t, report.Results, 1)
	assert.Positive(t, report.Results[0].Messages)
}

func TestBadConfigsGetOneLine(t *testing.T) {
	for want, change := range map[string]func(*Config){
		`no transport "pigeon"`:  func(c *Config) { c.Transports = []string{"pigeon"} },
		`named twice`:            func(c *Config) { c.Transports = []string{"sse", "sse"} },
		`no workload "work"`:     func(c *Config) { c.Workload = "work" },
		`clients 0`:              func(c *Config) { c.Clients = 0 },
		`rate -1`:                func(c *Config) { c.Rate = -1 },
		`size 3`:                 func(c *Config) { c.Size = 3 },
		`runs 0`:                 func(c *Config) { c.Runs = 0 },
		`between two polls`:      func(c *Config) { c.Rate, c.Interval = 2000, time.Second },
		`may fall 256 messages`:  func(c *Config) { c.Workload, c.Rate = Burst, 256 },
		`must be more than 0`:    func(c *Config) { c.Workload, c.Cut = Storm, 0 },
		`cut -1s`:                func(c *Config) { c.Cut = -time.Second },
		`takes 200`:              func(c *Config) { c.Net.RTT, c.Clients = time.Second, 201 },
		`the network carries 8:`: func(c *Config) { c.Net.Rate, c.Rate = 8e3, 30 },
		`short-polling: a client has one request or question`: func(c *Config) {
			c.Net.RTT, c.Workload = time.Second, Chat
		},
		`want at most a million`: func(c *Config) {
			c.Duration, c.Rate, c.Transports = time.Hour, 1000, []string{"sse"}
		},
	} {
		c := small(Feed, "short-polling")
		change(&c)
		report, err := runner.Run(t.Context(), c, quiet)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "\n")
		assert.Nil(t, report)
	}
}

func TestTallySeesLossDoublingAndDisorder(t *testing.T) {
	tally := newTally(make([]shot, 3), 1)
	tally.began = time.Now()
	for _, n := range []int{1, 0, 0} {
		tally.hear(0, label{number: n}.text(minSize))
	}
	c := small(Feed, "sse")
	c.Clients = 1
	r := c.report([]trial{{Step: Step{Transport: "sse"}, expected: 3, delivered: tally.delivered,
		duplicated: tally.duplicated,
		reordered:  tally.reordered, latency: tally.latency, first: latency.New(),
		elapsed: time.Second, busy: 0.95}})
	require.Len(t, r.Warnings, 1)
	assert.Contains(t, r.Warnings[0].EN, "the machine was saturated (more than 90%")
	assert.True(t, strings.HasSuffix(r.Warnings[0].EN, ": sse"), r.Warnings[0].EN)
	assert.Contains(t, r.Remarks(lang.Chinese)[0], "机器已经饱和")
	assert.EqualError(t, r.Faults(), "sse: 1 lost, 1 duplicated, 1 reordered")
}

func TestAReportSaysThatNothingWasSent(t *testing.T) {
	c := small(Ack, "websocket")
	c.Rate = 0.0001
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NotEmpty(t, report.Warnings)
	assert.Equal(t,
		"no message was sent: 0.0001 messages a second are too few for "+
			"200ms; raise --rate or --duration", report.Warnings[0].EN)
	c = small(Idle, "websocket")
	report, err = runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	for _, w := range report.Warnings { // of a busy machine
		assert.NotContains(t, w.EN, "no message was sent")
	}
}

// The memory of the process itself hides that of a few clients.
func TestMemoryPerClientNeedsManyClients(t *testing.T) {
	memory := figureOf(memoryPerClient)
	few := document(measured())
	assert.Equal(t, "–", memory.Text(few.Parts[0].Results[0]))
	assert.Contains(t, printed(t, few, "wide", false),
		"note: memory per client needs 100 clients or more: with 2,")
	assert.NotContains(t, printed(t, few, "table", false), "memory per client",
		"which shows no such column")
	many := measured()
	many.Config.Clients = 100
	assert.Equal(t, "30", memory.Text(document(many).Parts[0].Results[0]))
	assert.NotContains(t, printed(t, document(many), "wide", false), "memory per client needs")
	c := small(Idle, "websocket")
	assert.Equal(t, []string{memoryPerClient}, c.unmeasured("websocket"))
	c.Clients = 100
	assert.Empty(t, c.unmeasured("websocket"))
}

func TestTheLastClientHasAMessageWhenAllHaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tally := newTally(make([]shot, 2), 2)
		tally.began = time.Now()
		hear := func(client, n int, after time.Duration) {
			time.Sleep(after)
			tally.hear(client, label{number: n}.text(minSize))
		}
		hear(0, 0, 10*time.Millisecond)
		hear(0, 1, 10*time.Millisecond) // the second message reaches one client
		hear(0, 0, 10*time.Millisecond) // again: not another client
		assert.Zero(t, tally.last.TotalCount())
		hear(1, 0, 10*time.Millisecond)
		assert.EqualValues(t, 1, tally.last.TotalCount())
		assert.InDelta(t, 40_000, tally.last.Max(), 40)
	})
}

func TestTheTallySeesWhatAnotherRoomHears(t *testing.T) {
	c := small(Rooms, "sse")
	c.Clients = roomSize + 1
	tally := newTally([]shot{{sender: 0}, {sender: roomSize}}, c.Clients)
	tally.assignRooms(c.Load)
	tally.began = time.Now()
	for client := range c.Clients {
		tally.hear(client, label{number: 0}.text(minSize))
	}
	assert.Equal(t, roomSize, tally.delivered)
	assert.Equal(t, 1, tally.misdirected, "the last client is in a room of its own")
	assert.EqualValues(t, 1, tally.last.TotalCount(), "all in the room have it")
	assert.Equal(t, roomSize+1, c.deliveries(tally.shots))
	r := c.report([]trial{{Step: Step{Transport: "sse"}, expected: roomSize, delivered: roomSize,
		misdirected: 1, latency: latency.New(), first: latency.New(), elapsed: time.Second}})
	assert.EqualError(t, r.Faults(), "sse: 1 heard in another room")
}

// Two rooms and a half: each message reaches its room, and no other client.
func TestRoomsAreKeptApart(t *testing.T) {
	need.Time(t)
	for _, name := range everyLane() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(Rooms, name)
			c.Clients, c.Rate = 2*roomSize+2, 5
			_, lane, _ := lesson.FindLane(runner.Lessons, name)
			if lane.Rooms.Dial == nil {
				assert.ErrorContains(t, c.Check(runner.Lessons), name+" has no rooms: leave it out")
				return
			}
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			require.NoError(t, report.Faults())
			r := report.Results[0]
			assert.Equal(t, c.deliveries(c.schedule(c.Seed, 0)), r.Messages)
			assert.Zero(t, r.Misdirected)
			assert.Positive(t, r.Last.P50)
		})
	}
}

// Bytes cost their own size where a transport carries them, and a third more where they are text.
func TestBytesThatTravelAsTextCostMore(t *testing.T) {
	need.Time(t)
	for _, name := range everyLane() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(Binary, name)
			c.Size = 999
			_, lane, _ := lesson.FindLane(runner.Lessons, name)
			if lane.Bytes.Dial == nil {
				assert.ErrorContains(t, c.Check(runner.Lessons), "has no messages of bytes")
				return
			}
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			require.NoError(t, report.Faults())
			b := report.Results[0].Bytes
			assert.InDelta(t, 999*1.5, b.Payload, 1e-9, "one up, two down")
			switch {
			case !lane.Bytes.Base64:
				assert.Zero(t, b.Base64)
				assert.Less(t, b.Framing, 150.0)
			default:
				assert.InDelta(t, b.Payload/3, b.Base64, 1e-9)
				assert.Positive(t, b.Framing)
				if name == "sse" || name == "hanging" { // which compress nothing
					assert.Greater(t, b.Framing, b.Base64)
				}
			}
		})
	}
	c := small(Binary, "websocket")
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	assert.InDelta(t, 2+6.0/2, report.Results[0].Bytes.Framing, 1e-9,
		"a frame without a mask to each client, and one masked frame up")
}

func TestFirstMessageCountsFromDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tally := newTally(nil, 2)
		tally.dial(0)
		time.Sleep(time.Second)
		tally.dial(1)
		time.Sleep(time.Second)
		tally.hear(0, label{hello, 1}.text(minSize)) // another's
		assert.Zero(t, tally.greeted)
		tally.hear(0, label{hello, 0}.text(minSize))
		tally.hear(1, label{hello, 1}.text(minSize))
		time.Sleep(time.Second)
		tally.hear(1, label{hello, 1}.text(minSize)) // again: the first counts
		assert.Equal(t, []time.Duration{2 * time.Second, time.Second}, tally.first)
		assert.Equal(t, 2, tally.greeted)
	})
}

// A poller receives messages of random moments after half an interval on average, and after a whole
// interval at most.
func TestShortPollingIsLateEvenlyUpToItsInterval(t *testing.T) {
	c := small(Feed, "short-polling")
	c.Rate, c.Duration, c.Interval, c.Clients = 50, 100*time.Second, time.Second, 1
	shots := c.schedule(c.Seed, 0)
	synctest.Test(t, func(t *testing.T) {
		log := make(chan int, len(shots))
		tally := newTally(shots, 1)
		tally.began = time.Now()
		go func() { // says each at its moment
			for n, s := range shots {
				time.Sleep(time.Until(tally.began.Add(s.at)))
				log <- n
			}
		}()
		for heard := 0; heard < len(shots); {
			time.Sleep(c.Interval)
			synctest.Wait()
			for range len(log) {
				tally.hear(0, label{number: <-log}.text(minSize))
				heard++
			}
		}
		r := c.report([]trial{{Step: Step{Transport: "short-polling"}, sent: len(shots),
			expected: len(shots), delivered: tally.delivered,
			latency: tally.latency, first: latency.New(), elapsed: c.Duration}})
		require.NoError(t, r.Faults())
		late := r.Results[0].Latency
		assert.InDelta(t, 500, late.P50, 50)
		assert.InDelta(t, 900, late.P90, 50)
		assert.InDelta(t, 990, late.P99, 15)
		assert.LessOrEqual(t, late.Max, 1001.0)
	})
}

func TestClientsComeBackAfterACut(t *testing.T) {
	need.Time(t)
	for _, name := range lesson.LaneNames(runner.Lessons) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := small(Feed, name)
			c.Cut = 300 * time.Millisecond
			report, err := runner.Run(t.Context(), c, quiet)
			require.NoError(t, err)
			require.NoError(t, report.Faults())
			require.NotNil(t, report.Results[0].Recovery)
			assert.Positive(t, report.Results[0].Recovery.P50)
			assert.Zero(t, report.Results[0].Recovery.Never)
			assert.EqualValues(t, 300, report.Config.CutMS)
		})
	}
}

func TestAStormEndsWhenAllClientsAreBack(t *testing.T) {
	need.Time(t)
	for _, workload := range []string{Storm, StormNoJitter} {
		for _, name := range everyLane() {
			t.Run(workload+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := small(workload, name)
				c.Clients, c.Cut = 5, 300*time.Millisecond
				report, err := runner.Run(t.Context(), c, quiet)
				require.NoError(t, err)
				r := report.Results[0]
				require.NotNil(t, r.Storm)
				assert.Zero(t, r.Recovery.Never)
				assert.Equal(t, r.Recovery.Max, r.Storm.AllBack)
				assert.Positive(t, r.Storm.Bytes)
				if _, lane, _ := lesson.FindLane(runner.Lessons, name); !lane.UDP {
					assert.GreaterOrEqual(t, r.Storm.Connections, 1.0, "each client was cut")
					assert.GreaterOrEqual(t, r.Storm.Requests, 1.0)
				}
			})
		}
	}
}

// Without a command to start a server, the run would panic if it needed one.
func TestServersInTheSameProcess(t *testing.T) {
	need.Time(t)
	here := Runner{Lessons: runner.Lessons}
	c := small(Feed, "sse", "socketio-websocket")
	c.SameProcess, c.Cut = true, 100*time.Millisecond
	report, err := here.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	require.Len(t, report.Results, 2)
	for _, r := range report.Results {
		assert.Positive(t, r.Messages)
		assert.Positive(t, r.Recovery.P50)
		assert.GreaterOrEqual(t, r.GoroutinesPerClient, 1.0)
	}
	assert.Contains(t, report.Warnings[0].EN, "the servers ran in the clients' process")
	assert.Contains(t, Plan{Config: c}.Command(), " --same-process")
}

func TestASimulatedNetworkDelaysAndIsCounted(t *testing.T) {
	c := small(Ack, "websocket")
	c.Rate, c.Net = 5, netsim.Link{RTT: 100 * time.Millisecond}
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	r := report.Results[0]
	assert.GreaterOrEqual(t, r.Latency.P50, 100.0, "an echo takes the RTT")
	assert.GreaterOrEqual(t, r.First.P50, 300.0, "TCP's handshake, the WebSocket's, the echo")
	assert.GreaterOrEqual(t, r.Packets.PerMessage, 2.0)
	assert.Greater(t, r.Packets.BytesPerMessage, r.BytesPerMessage+80,
		"IP and TCP headers of two packets")
	assert.Zero(t, r.Packets.Lost)
	assert.Contains(t, report.Heading(lang.English),
		"network rtt=100ms (RTT 100ms ± 0s, 0% of the packets lost each way)")
}

// A sender beside the server feeds the messages, so a poller's requests do not wait for a POST.
func TestEveryTransportFeedsOverANetwork(t *testing.T) {
	need.Time(t)
	t.Parallel()
	c := small(Feed, lesson.LaneNames(runner.Lessons)...)
	c.Net = netsim.Link{RTT: 60 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.01}
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	for _, r := range report.Results {
		assert.Positive(t, r.Messages, r.Transport)
		assert.GreaterOrEqual(t, r.Latency.P50, 25.0, r.Transport)
		if r.Transport != "websocket-deflate" {
			assert.GreaterOrEqual(t, r.Bytes.Framing, 0.0, r.Transport)
		}
	}
}

// TLS changes no byte above it.
func TestEveryLaneOverTLS(t *testing.T) {
	need.Time(t)
	c := small(Feed, lesson.LaneNames(runner.Lessons)...)
	c.TLS, c.Cut = true, 100*time.Millisecond
	report, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	require.NoError(t, report.Faults())
	assert.Contains(t, report.Heading(lang.English), ", TLS")
	assert.Contains(t, Plan{Config: c}.Command(), " --tls ")
	c.TLS, c.Transports = false, []string{"websocket"}
	plain, err := runner.Run(t.Context(), c, quiet)
	require.NoError(t, err)
	for _, r := range report.Results {
		assert.Zero(t, r.Recovery.Never, r.Transport)
		if r.Transport == "websocket" {
			assert.InDelta(t, plain.Results[0].BytesPerMessage, r.BytesPerMessage, 1e-9)
		}
	}
}

// Only the lanes of HTTP/2 speak it, and their header frames count as headers.
func TestHTTP2HasSmallHeaders(t *testing.T) {
	report, err := runner.Run(t.Context(), small(Ack, "sse", "sse-h2"), quiet)
	require.NoError(t, err)
	h1, h2 := report.Results[0], report.Results[1]
	assert.InDelta(t, 1, h2.RequestsPerMessage, 1e-9)
	assert.Less(t, h2.Bytes.Headers, h1.Bytes.Headers/3, "HPACK refers to what was sent before")
	assert.Greater(t, h2.Bytes.Headers, 20.0, "two frames")
	assert.GreaterOrEqual(t, h2.Bytes.Framing, 18.0, "two frames")
}

func TestATurnIsToldWhileItRuns(t *testing.T) {
	need.Time(t)
	t.Parallel()
	c := small(Feed, "sse", "websocket")
	c.Duration = time.Second
	var before, during []Progress
	_, err := runner.Run(t.Context(), c, func(p Progress) {
		if p.Live == nil {
			before = append(before, p)
		} else {
			during = append(during, p)
		}
	})
	require.NoError(t, err)
	require.Len(t, before, 2)
	assert.Empty(t, before[0].Report.Results)
	assert.Len(t, before[1].Report.Results, 1)
	require.NotEmpty(t, during)
	last := during[len(during)-1]
	assert.Positive(t, last.Live.Delivered)
	assert.Positive(t, last.Live.P50)
	assert.Positive(t, last.Live.Bytes)
	assert.Equal(t, before[len(before)-1].Step, last.Step)
}
