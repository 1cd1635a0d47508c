package comparison

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
)

// event is something that happened to a fake lane, and when.
type event struct {
	at   time.Duration
	what string
}

// fakeServed is a lane that only notes what happens to it. Each count is of one request and 100
// bytes more.
type fakeServed struct {
	began time.Time

	mu     sync.Mutex
	counts int64
	events []event
}

func (f *fakeServed) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, event{time.Since(f.began), what})
}

func (f *fakeServed) seen() []event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]event(nil), f.events...)
}

func (f *fakeServed) Counts() lesson.Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts++
	return lesson.Counts{In: 40 * f.counts, Out: 60 * f.counts, Requests: f.counts}
}

func (f *fakeServed) Rows(*http.Request) ([]lesson.Row, bool) { return nil, true }

func (f *fakeServed) Port() int                       { return 1 }
func (f *fakeServed) Direct() string                  { return "" }
func (f *fakeServed) SetNet(net string) error         { f.note("net " + net); return nil }
func (f *fakeServed) Blackout(on bool)                { f.note(fmt.Sprint("blackout ", on)) }
func (f *fakeServed) Reset()                          { f.note("reset") }
func (f *fakeServed) Close(ctx context.Context) error { return nil }

// fakeShow is a comparison of lanes a, b and c, in the time of synctest.
func fakeShow(t *testing.T) (*live, *fakeServed) {
	l := newLive(state{Rate: 5, Interval: 200, Net: "none", Paused: true})
	l.log = slog.New(slog.DiscardHandler)
	l.ctx, l.cancel = context.WithCancel(t.Context())
	served := &fakeServed{began: time.Now()}
	for _, name := range []string{"a", "b", "c"} {
		s := lesson.Served(&fakeServed{})
		if name == "a" {
			s = served
		}
		l.lanes = append(l.lanes, &servedLane{Served: s, Lane: lesson.Lane{Name: name},
			queue: make(chan string, queued)})
	}
	l.running.Go(l.feed)
	require.True(t, l.enter(&viewer{live: l, keyed: true, Viewer: livepage.NewViewer()}))
	t.Cleanup(func() {
		l.cancel()
		l.running.Leave() // of the viewer
		require.NoError(t, l.running.Wait(context.Background()))
	})
	return l, served
}

func (l *live) phaseNow() phase {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.show.phase
}

// TestServerRunsTheRound: the changes of a round happen at their times, and the state from before
// returns.
func TestServerRunsTheRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, served := fakeShow(t)
		require.NoError(t, l.move(stage{Do: "bets", Round: "crash"}))
		time.Sleep(time.Minute)
		assert.Equal(t, phaseBets, l.phaseNow(),
			"bets stay open until the teacher starts the round")
		served.began = time.Now()
		require.NoError(t, l.move(stage{Do: "start"}))
		assert.ErrorIs(t, l.apply(change{Reset: true}), errRound)
		assert.Equal(t, state{Rate: 10, Interval: 1000, Net: "4g"}, l.state)
		assert.ErrorIs(t, l.move(stage{Do: "bets", Round: "calm"}), errRound)
		time.Sleep(20*time.Second + time.Millisecond)
		assert.Equal(t, phaseCount, l.phaseNow())
		assert.Equal(t, []event{{0, "net 4g"}, {5 * time.Second, "reset"},
			{12 * time.Second, "reset"}}, served.seen())
		messages := l.show.last - l.show.first + 1
		assert.InDelta(t, 200, messages, 2, "10 messages a second for 20 s")

		require.NoError(t, l.take(report{Round: "crash", First: l.show.first,
			Lanes: []outcome{{Lane: "a", Got: messages, Silence: 900},
				{Lane: "b", Got: messages - 10, Silence: 600}}}))
		assert.Equal(t, phasePodium, l.phaseNow())
		assert.Equal(t, state{Rate: 5, Interval: 200, Net: "none", Paused: true}, l.state)
		assert.Equal(t, "net none", served.seen()[3].what)
		require.Len(t, l.show.places, 2)
		assert.Equal(t, []string{"a", "b"}, []string{l.show.places[0].Lane, l.show.places[1].Lane},
			"the pages rank them")
		assert.Equal(t, 10, l.show.places[1].Lost)
		assert.InDelta(t, 100/float64(messages), l.show.places[0].Bytes, 0.001,
			"what the lane transferred in the round, for each message")
		assert.True(t, l.show.done["crash"])
	})
}

// TestTunnelLosesEveryPacketForAWhile: the blackout of the tunnel ends by itself.
func TestTunnelLosesEveryPacketForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, served := fakeShow(t)
		require.NoError(t, l.move(stage{Do: "bets", Round: "tunnel"}))
		require.NoError(t, l.move(stage{Do: "start"}))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, []event{{0, "net 4g"}, {5 * time.Second, "blackout true"},
			{5*time.Second + blackoutTime, "blackout false"}}, served.seen())
	})
}

// TestRoundEndsWithoutAReport: without a page that reports, the podium is empty.
func TestRoundEndsWithoutAReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := fakeShow(t)
		require.NoError(t, l.move(stage{Do: "bets", Round: "calm"}))
		require.NoError(t, l.move(stage{Do: "start"}))
		time.Sleep(15*time.Second + countTime + time.Millisecond)
		assert.Equal(t, phasePodium, l.phaseNow())
		assert.Empty(t, l.show.places)
		assert.Error(t, l.take(report{Round: "calm", First: l.show.first,
			Lanes: []outcome{{Lane: "a"}}}), "too late")
	})
}

// TestEndingARound: the script stops, and the state from before returns.
func TestEndingARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, served := fakeShow(t)
		require.NoError(t, l.move(stage{Do: "bets", Round: "crash"}))
		require.NoError(t, l.move(stage{Do: "start"}))
		time.Sleep(time.Second)
		require.NoError(t, l.move(stage{Do: "end"}))
		time.Sleep(time.Minute)
		assert.Equal(t, phaseFree, l.phaseNow())
		assert.Equal(t, []event{{0, "net 4g"}, {time.Second, "net none"}}, served.seen())
		assert.Error(t, l.move(stage{Do: "start"}), "no bets are open")
		assert.NoError(t, l.apply(change{Reset: true}))
	})
}

// TestBets: one bet for each browser and round, only while bets are open.
func TestBets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := fakeShow(t)
		assert.ErrorIs(t, l.takeBet("x", bet{Lane: "a"}), errNoBets)
		require.NoError(t, l.move(stage{Do: "bets", Round: "rush"}))
		require.NoError(t, l.takeBet("x", bet{Lane: "a", Name: "Ann"}))
		require.NoError(t, l.takeBet("x", bet{Lane: "b", Name: " An\u202en\n  Lee "}))
		assert.Equal(t, map[string]bet{"x": {"b", "Ann Lee"}}, l.show.bets,
			"the second bet replaces the first")
		assert.ErrorIs(t, l.takeBet("y", bet{Lane: "pigeon"}), errNoLane)
		for i := range maxBets - 1 {
			require.NoError(t, l.takeBet(fmt.Sprint(i), bet{Lane: "c"}))
		}
		assert.ErrorIs(t, l.takeBet("y", bet{Lane: "a"}), errFull)
		assert.NoError(t, l.takeBet("x", bet{Lane: "a", Name: strings.Repeat("名", 100)}),
			"a browser may still change its mind")
		require.NoError(t, l.move(stage{Do: "start"}))
		assert.ErrorIs(t, l.takeBet("x", bet{Lane: "b"}), errLate)

		time.Sleep(20*time.Second + time.Millisecond)
		require.Equal(t, phaseCount, l.phaseNow())
		assert.ErrorIs(t, l.takeBet("x", bet{Lane: "b"}), errLate)
		all := l.show.last - l.show.first + 1
		require.NoError(t, l.take(report{Round: "rush", First: l.show.first, Lanes: []outcome{
			{Lane: "c", Got: all, Delay: 300}, {Lane: "b", Got: all, Delay: 101},
			{Lane: "a", Got: all, Delay: 100},
		}}))
		places := l.show.places
		assert.Equal(t, []string{"a", "b", "c"},
			[]string{places[0].Lane, places[1].Lane, places[2].Lane})
		assert.Equal(t, []string{strings.Repeat("名", maxName)}, places[0].Names)
		assert.Equal(t, []int{1, 0, maxBets - 1},
			[]int{places[0].Bets, places[1].Bets, places[2].Bets})
		require.NoError(t, l.move(stage{Do: "bets", Round: "calm"}))
		assert.Empty(t, l.show.bets, "a new round has no bets")
	})
}

// TestReportMustFit: a report of another round, or of impossible figures, makes no podium.
func TestReportMustFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := fakeShow(t)
		require.NoError(t, l.move(stage{Do: "bets", Round: "calm"}))
		require.NoError(t, l.move(stage{Do: "start"}))
		first := l.show.first
		assert.Error(t, l.take(report{Round: "calm", First: first, Lanes: []outcome{{Lane: "a"}}}),
			"the round still runs")
		time.Sleep(15*time.Second + time.Millisecond)
		require.Equal(t, phaseCount, l.phaseNow())
		for name, r := range map[string]report{
			"another round": {Round: "rush", First: first, Lanes: []outcome{{Lane: "a"}}},
			"another run":   {Round: "calm", First: first + 1, Lanes: []outcome{{Lane: "a"}}},
			"no lane":       {Round: "calm", First: first, Lanes: []outcome{{Lane: "pigeon"}}},
			"too many messages": {Round: "calm", First: first,
				Lanes: []outcome{{Lane: "a", Got: 1000}}},
			"a negative delay": {Round: "calm", First: first,
				Lanes: []outcome{{Lane: "a", Delay: -1}}},
		} {
			assert.Error(t, l.take(r), name)
		}
		assert.Equal(t, phaseCount, l.phaseNow())
	})
}

// TestNobodyMeasures: a round that no page with the key has seen from its start has an empty podium
// at once, and the pages know before.
func TestNobodyMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := fakeShow(t)
		var teacher *viewer
		for v := range l.viewers {
			teacher = v
		}
		measured := func() any {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.shown().(map[string]any)["measured"]
		}
		require.True(t, l.enter(&viewer{live: l, Viewer: livepage.NewViewer()}))
		defer l.running.Leave()
		require.NoError(t, l.move(stage{Do: "bets", Round: "calm"}))
		assert.Nil(t, measured())
		require.NoError(t, l.move(stage{Do: "start"}))
		assert.Equal(t, true, measured())
		time.Sleep(time.Second)
		l.leave(teacher) // reloads its page
		assert.Equal(t, false, measured(), "and the pages learn it")
		back := &viewer{live: l, keyed: true, Viewer: livepage.NewViewer()}
		require.True(t, l.enter(back))
		assert.True(t, back.late)
		assert.Equal(t, false, measured(), "it has missed the start")
		time.Sleep(14*time.Second + time.Millisecond)
		assert.Equal(t, phasePodium, l.phaseNow(), "the show does not wait for a report")
		assert.Empty(t, l.show.places)
		assert.False(t, back.late)
	})
}

// TestLateViewersCostNothing: a viewer that comes while a round runs opens no lane, and counts for
// no message until the round has ended.
func TestLateViewersCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := fakeShow(t)
		early := &viewer{live: l, Viewer: livepage.NewViewer()}
		require.True(t, l.enter(early))
		require.NoError(t, l.move(stage{Do: "bets", Round: "crash"}))
		require.NoError(t, l.move(stage{Do: "start"}))
		time.Sleep(10*time.Second + time.Millisecond)
		late := &viewer{live: l, Viewer: livepage.NewViewer()}
		require.True(t, l.enter(late))
		defer l.running.Leave()
		l.leave(early)
		time.Sleep(10 * time.Second)
		require.Equal(t, phaseCount, l.phaseNow())
		messages := l.show.last - l.show.first + 1
		assert.InDelta(t, 1.5*float64(messages), l.show.watched, 3,
			"two viewers in the first half, and one in the second")
		assert.False(t, late.late)
		require.NoError(t, l.take(report{Round: "crash", First: l.show.first,
			Lanes: []outcome{{Lane: "a", Got: messages}}}))
		assert.InDelta(t, 100/float64(l.show.watched), l.show.places[0].Bytes, 0.001)
	})
}

// TestRoundsAreForEverybody: the show needs the key, a bet needs none, and each browser has one.
func TestRoundsAreForEverybody(t *testing.T) {
	_, url := open(t)
	status, text := askAt(t, url, "/show", "", `{"do":"bets","round":"calm"}`)
	assert.Equal(t, http.StatusForbidden, status, text)
	status, text = askAt(t, url, "/report", "", `{"round":"calm"}`)
	assert.Equal(t, http.StatusForbidden, status, text)
	status, text = askAt(t, url, "/bet", "", `{"lane":"sse"}`)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, "no round is open for bets")

	status, text = askAt(t, url, "/show", key.Bearer(), `{"do":"bets","round":"calm"}`)
	require.Equal(t, http.StatusNoContent, status, text)
	status, text = askAt(t, url, "/bet", "", `{"lane":"sse","name":"Ann"}`)
	require.Equal(t, http.StatusNoContent, status, text)
	status, _ = askAt(t, url, "/bet", "", `nonsense`)
	assert.Equal(t, http.StatusBadRequest, status)
	p := watch(t, url+"")
	p.until(func(m said) bool {
		return m.Show.Phase == phaseBets && len(m.Show.Bets) == 1 && m.Show.Bets[0].Lane == "sse" &&
			m.Show.Bets[0].Count == 1
	})
	status, _ = askAt(t, url, "/show", key.Bearer(), `{"do":"start"}`)
	require.Equal(t, http.StatusNoContent, status)
	p.until(func(m said) bool {
		return m.Show.Phase == phaseRun && m.State.Rate == 2 && m.State.Net == "wifi"
	})
	status, text = askAt(t, url, "/bet", "", `{"lane":"sse"}`)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, "bets are closed: the round has started")
	status, _ = askAt(t, url, "", key.Bearer(), `{"rate":50}`)
	assert.Equal(t, http.StatusConflict, status, "the round belongs to the server")
} // the demo closes while the round runs: nothing is left

// TestBetOfThisBrowser: the bet returns to the browser that placed it, by its cookie alone.
func TestBetOfThisBrowser(t *testing.T) {
	_, url := open(t)
	status, text := askAt(t, url, "/show", key.Bearer(), `{"do":"bets","round":"calm"}`)
	require.Equal(t, http.StatusNoContent, status, text)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	place := func(cookie *http.Cookie) *http.Response {
		req, err := http.NewRequest("POST", url+path+"/bet", strings.NewReader(`{"lane":"sse"}`))
		require.NoError(t, err)
		if cookie != nil {
			req.AddCookie(cookie)
		}
		res, err := client.Do(req)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		return res
	}
	res := place(nil)
	require.Len(t, res.Cookies(), 1)
	cookie := res.Cookies()[0]
	assert.True(t, cookie.HttpOnly)
	assert.Empty(t, place(cookie).Cookies())
	watch(t, url).until(func(m said) bool {
		return m.Show.Phase == phaseBets && m.Bet == "" && len(m.Show.Bets) == 1 &&
			m.Show.Bets[0].Count == 1
	})
	watchAs(t, url, cookie).until(func(m said) bool { return m.Bet == "sse" })
	res, err := client.Get(url + path + "/code.svg")
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, http.StatusNotFound, res.StatusCode,
		"no phone reaches this machine's own address")
}

// TestRecoveryIsAChoice: messages and counts are of the servers with recovery while it is on.
func TestRecoveryIsAChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, plain := fakeShow(t)
		with := &fakeServed{began: time.Now()}
		l.lanes[0].recovering = &servedLane{Served: with, Lane: l.lanes[0].Lane,
			queue: make(chan string, queued)}
		on := true
		require.NoError(t, l.apply(change{Recovery: &on}))
		l.publish()
		assert.Len(t, l.lanes[0].recovering.queue, 1)
		assert.Empty(t, l.lanes[0].queue)
		assert.Len(t, l.lanes[1].queue, 1, "a lane without recovery goes on as before")
		l.mu.Lock()
		l.countLanes()
		l.mu.Unlock()
		assert.Equal(t, []int64{0, 1}, []int64{plain.counts, with.counts})
		network := "4g"
		require.NoError(t, l.apply(change{Net: &network, Reset: true}))
		for _, served := range []*fakeServed{plain, with} {
			assert.Len(t, served.seen(), 2, "the network is the same for both")
		}
	})
}
