package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/gotest"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

func TestEnterRunsADemoAndNeverStopsIt(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	one := d.demos[0]
	d.opens(one)
	assert.Equal(t, starting, one.state)
	assert.Equal(t, screen(one.screen), d.at)
	m := &monitor{Served: Served{URL: "http://127.0.0.1:3000"}}
	_, next := d.Update(started{one, m, nil})
	assert.NotNil(t, next)
	assert.Equal(t, running, one.state)
	d.press("q")
	assert.Equal(t, screen(d.home), d.at, "q leaves the screen, not the lab")
	assert.Contains(t, d.View(), "● http://127.0.0.1:3000")
	d.opens(one)
	assert.Equal(t, running, one.state)
	d.press("s")
	assert.Equal(t, stopping, one.state, "without clients there is no question")
	d.Update(stopped{one, nil})
	assert.Equal(t, idle, one.state)
	_, next = d.Update(sample{from: m})
	assert.Nil(t, next, "a demo that has ended is not sampled again")
}

// opens presses enter at home on a demo.
func (d *fixture) opens(one *demo) {
	d.home.selectDemo(one)
	d.press("enter")
}

func TestAStopAsksWhileClientsAreConnected(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	one := d.runs(0)
	one.clients = 12
	d.press("s")
	assert.Equal(t, running, one.state)
	assert.Contains(t, d.View(), "broadcast: 12 clients connected. Stop it?")
	d.press("s")
	assert.Equal(t, running, one.state, "any key but y means no")
	assert.Nil(t, d.question)
	d.show(0)
	d.press("s", "y")
	assert.Equal(t, idle, one.state)
}

func TestQuitAsksWhileClientsAreConnected(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.runs(0).clients = 1
	assert.Nil(t, d.press("q"))
	assert.Contains(t, d.View(), "1 client connected. Quit?")
	assert.Nil(t, d.press("esc"))
	assert.Nil(t, d.press("ctrl+c"))
	assert.IsType(t, tea.QuitMsg{}, d.press("ctrl+c"), "twice always quits")
	d.press("esc", "q")
	assert.IsType(t, tea.QuitMsg{}, d.press("y"))
	d.question = nil
	d.show(0)
	d.press("/", "x")
	assert.Nil(t, d.press("ctrl+c"), "in the midst of typing, too")
	assert.IsType(t, tea.QuitMsg{}, d.press("ctrl+c"))
	d.send(tea.WindowSizeMsg{Width: 20, Height: 5})
	d.press("esc", "ctrl+c")
	assert.Contains(t, d.View(), "Quit?", "in a window that is too small, too")
}

func TestQGoesBackInWhatATabLeadsTo(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	for _, key := range []string{"i", "t"} {
		d.press(key)
		require.NotEqual(t, screen(d.home), d.at)
		d.press("q")
		require.Equal(t, screen(d.home), d.at, key)
	}
	d.press("i", "t", "i", "t", "esc", "esc")
	assert.Equal(t, screen(d.home), d.at, "a screen that is open is not opened twice")
	d.show(0)
	d.sampled(chat())
	d.press("enter")
	require.NotNil(t, d.demos[0].screen.anatomy)
	d.press("q")
	assert.Nil(t, d.demos[0].screen.anatomy, "first the anatomy")
	assert.Equal(t, screen(d.demos[0].screen), d.at)
}

func TestEscClearsTheFilterBeforeItGoesBack(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.sampled(chat())
	rows := d.demos[0].screen.rows
	d.press("/", "e", "i", "o", "enter")
	assert.Contains(t, d.View(), "/eio 1 of 5")
	d.press("esc")
	assert.Empty(t, rows.filter.value())
	assert.Equal(t, screen(d.demos[0].screen), d.at)
	d.press("esc")
	assert.Equal(t, screen(d.home), d.at)

	d.press("/", "r", "o", "o", "m", "enter")
	assert.NotContains(t, d.View(), "broadcast")
	assert.Contains(t, d.View(), "rooms")
	d.press("esc")
	assert.Contains(t, d.View(), "broadcast")
	d.press("/", "z", "z")
	assert.Contains(t, d.View(), "No lesson or demo passes the filter")
	d.press("enter", "enter", "r", "i") // there is nothing that these could mean
	assert.Equal(t, screen(d.home), d.at)
}

func TestAConnectionIsFollowed(t *testing.T) {
	d := newFixture(t, lang.English, 100, 24)
	d.show(0)
	other := row(6, 0, tap.Out, xray.HTTP, "x", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK")
	other.Conn, other.Client = 30, "ann\x1b[2J"
	d.sampled(append(chat(), other))
	d.press("2")
	assert.Regexp(t, `#30 +ann\\x1b\[2J .* HTTP .* open`, d.View())
	assert.Regexp(t, `#3 .* Socket.IO, WebSocket .* open`, d.View())
	d.press("down", "enter")
	assert.Equal(t, xrayPane, d.demos[0].screen.pane)
	assert.Contains(t, d.View(), "/#3 ")
	assert.NotContains(t, d.View(), "200 OK", "connection 30 is another one")
	assert.Contains(t, d.View(), "the client emits")
}

func TestAFilterIsGoneAfterARestart(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.press("/", "x", "enter", "r")
	assert.Equal(t, starting, d.demos[0].state)
	assert.Empty(t, d.demos[0].screen.rows.filter.value())
}

func TestSearchInAText(t *testing.T) {
	d := newFixture(t, lang.English, 60, 14)
	pager := newPager(d.ui, false)
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	pager.set(b.String())
	pager.view(40, 10)
	pager.find.set("line 5")
	view := pager.view(40, 10)
	assert.Contains(t, view, "line 5")
	assert.Contains(t, pager.status(), "1/11") // 5, and 50 to 59
	pager.jump(1)
	assert.Contains(t, pager.view(40, 10), "line 50")
	pager.jump(-2)
	assert.Contains(t, pager.view(40, 10), "line 59", "around the end")
	pager.find.set("none of it")
	pager.view(40, 10)
	assert.Contains(t, pager.status(), "not found")
	pager.top()
	assert.Regexp(t, `line 0 *\n`, pager.view(40, 10))
	assert.Equal(t, "↓ 90 more", pager.status())
}

func TestANetworkIsChosenOnTheRunScreen(t *testing.T) {
	d := newFixture(t, lang.English, 120, 40)
	one := d.demos[0]
	d.show(0)
	d.press("w", "end", "enter")
	assert.Equal(t, "lossy", one.line.Net.String())
	assert.Contains(t, d.View(), "network lossy (")
	d.press("v", "2", "enter")
	assert.Equal(t, "none", one.line.Proxy.String())
	d.press("v", "esc")
	assert.Equal(t, "none", one.line.Proxy.String())
	d.press("v", "home", "enter")
	assert.Nil(t, one.line.Proxy)
}

func TestANewLineRestartsADemoAndAsksFirst(t *testing.T) {
	b, m := served(t, Line{})
	defer func() { assert.NoError(t, b.close()) }()
	d := newFixture(t, lang.English, 120, 40)
	d.background.config.Start = b.config.Start
	one := d.runs(0)
	one.monitor, one.clients = m, 3
	d.show(0)
	d.press("w", "end", "enter")
	assert.Contains(t, d.View(),
		"broadcast has to restart: 3 clients will be disconnected. Restart?")
	assert.Equal(t, "none", one.line.Net.String())
	d.Update(pressed("y"))
	assert.Equal(t, stopping, one.state)
	d.Update(m.sample(noon, false))
	_, again := d.Update(stopped{one, b.stop(m)})
	assert.Equal(t, starting, one.state)
	begun := again().(started)
	require.NoError(t, begun.err)
	assert.Equal(t, "lossy", begun.monitor.line().Net.String())
	require.NoError(t, d.background.close())
}

func TestADemoThatCannotStartSaysWhy(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	one := d.demos[0]
	d.press("r")
	d.Update(started{one, nil, errors.New("the port is taken")})
	assert.Contains(t, d.View(), "✗ failed")
	assert.Contains(t, d.View(), "the port is taken")
}

// TestAnErrorOfARunningDemoIsSeen: in whatever view the reader is, until the next key.
func TestAnErrorOfARunningDemoIsSeen(t *testing.T) {
	d := newFixture(t, lang.English, 120, 24)
	one := d.runs(0)
	d.Update(sample{from: one.monitor, at: noon, log: []string{
		`time=x level=ERROR msg="cannot accept connections" advice="raise the limit with ulimit -n"`, "time=x level=INFO msg=hi",
	}})
	assert.Contains(t, d.View(), one.Name+
		`: "cannot accept connections" advice="raise the limit with ulimit -n"`)
	d.press("down")
	assert.NotContains(t, d.View(), "cannot accept")
	d.Update(sample{from: one.monitor, at: noon, log: []string{"time=x level=WARN msg=slow"}})
	assert.NotContains(t, d.View(), "slow", "warnings are in the log")
}

func TestNamedDemosStartAndTheFirstIsShown(t *testing.T) {
	c := configured()
	c.Run = []string{"rooms", "broadcast"}
	m := newModel(c, newBackground(c))
	require.NotNil(t, m.Init())
	assert.Equal(t, screen(m.demos[1].screen), m.at)
	assert.Equal(t, 2, m.home.cursor.at)
	assert.Equal(t, []demoState{starting, starting},
		[]demoState{m.demos[0].state, m.demos[1].state})
}

func TestQuit(t *testing.T) {
	for _, k := range []string{"q", "ctrl+c"} {
		assert.IsType(t, tea.QuitMsg{}, newFixture(t, lang.English, 80, 24).press(k), k)
	}
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.press("/", "q")
	assert.Equal(t, "q", d.demos[0].screen.rows.filter.value(), "q is text in the filter")
	assert.IsType(t, tea.QuitMsg{}, d.press("ctrl+c"))
}

func TestKeysThatComeTogetherAreOneAfterTheOther(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/sio")})
	assert.Equal(t, "sio", d.demos[0].screen.rows.filter.value())
	d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q?"), Paste: true})
	assert.Equal(t, "sioq?", d.demos[0].screen.rows.filter.value())
	d.press("enter")
	_, cmd := d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true})
	assert.Nil(t, cmd, "pasted text does not run a command")
	d.demos[0].screen.rows.add(chat(), 0)
	d.press("/", "esc", "enter")
	require.NotNil(t, d.demos[0].screen.anatomy)
	d.Update(tea.KeyMsg{Type: tea.KeyEsc, Alt: true})
	assert.Nil(t, d.demos[0].screen.anatomy, "the first Escape closes the anatomy")
	assert.Equal(t, screen(d.home), d.at, "the second goes back")
}

func TestFilterWords(t *testing.T) {
	for filter, want := range map[string][]uint64{
		"":            {2, 3, 4, 5},
		"eio":         {4},
		"client chat": {5},
		"-http -ws":   {4, 5},
		"#3 frame":    {3},
		"#4":          nil,
	} {
		d := newFixture(t, lang.English, 80, 24)
		l := d.demos[0].screen.rows
		l.filter.set(filter)
		l.add(chat(), 0)
		var ids []uint64
		for _, r := range l.shown {
			ids = append(ids, r.ID)
		}
		assert.Equal(t, want, ids, filter)
	}
}

func TestARowIsFoundByItsNumber(t *testing.T) {
	d := newFixture(t, lang.English, 120, 24)
	d.show(0)
	d.sampled(chat())
	assert.Contains(t, d.View(), " 3     12:00:00.003 #3 ")
	d.press("/", "row=3", "enter")
	assert.Contains(t, d.View(), "1 of 5")
	assert.Contains(t, d.View(), "text frame")
	assert.NotContains(t, d.View(), "the client emits")
	d.press("?")
	assert.Contains(t, d.View(), "filter: word #3 row=54")
}

func TestTabCompletesAFilter(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.sampled(chat())
	filter := d.demos[0].screen.rows.filter
	d.press("/", "layer:ev", "tab")
	assert.Equal(t, "layer:event", filter.value())
	assert.Contains(t, d.View(), "the client emits")
	assert.NotContains(t, d.View(), "text frame")
	d.press(" ", "-", "#", "tab", "enter")
	assert.Equal(t, "layer:event -#3", filter.value())
	assert.Contains(t, d.View(), "No row passes the filter")
}

func TestQuietLayersAreShownWhenAskedFor(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.sampled(chat())
	assert.NotContains(t, d.View(), "tcp")
	d.press("a")
	assert.Contains(t, d.View(), "tcp")
}

func TestPauseHoldsRowsBack(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.press("p")
	d.sampled(chat())
	assert.Contains(t, d.View(), "paused, 5 rows waiting")
	assert.NotContains(t, d.View(), "the client emits")
	d.press("p")
	assert.Contains(t, d.View(), "the client emits")
	assert.Contains(t, d.View(), "live")
}

func TestTheSelectedRowStaysWhileOthersCome(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.sampled(chat())
	d.press("up")
	l := d.demos[0].screen.rows
	at := l.current()
	for id := uint64(6); id < 3*maxRows; id++ {
		l.add([]*xray.Row{row(id, 0, tap.Out, xray.WS, "x", "text frame", "文本帧")}, 0)
		if id == 5000 {
			assert.Equal(t, at, l.current())
		}
	}
	assert.LessOrEqual(t, len(l.all), maxRows)
	assert.Len(t, l.depth, len(l.all), "nothing is kept of rows that are gone")
	assert.NotNil(t, l.current())
	d.press("G")
	assert.Equal(t, uint64(3*maxRows-1), l.current().ID)
}

func TestRowsThatWereReadBeforeAreNotDoubled(t *testing.T) {
	l := newFixture(t, lang.English, 80, 24).demos[0].screen.rows
	l.add(chat(), 0)
	l.add(chat(), 0)
	assert.Len(t, l.all, 5)
}

func TestCutRowsAreCounted(t *testing.T) {
	d := newFixture(t, lang.English, 120, 24)
	d.show(0)
	l := d.demos[0].screen.rows
	for id := uint64(1); id <= maxRows+1; id++ {
		l.add([]*xray.Row{row(id, 0, tap.Out, xray.WS, "x", "text frame", "文本帧")}, 0)
	}
	assert.Contains(t, d.View(), fmt.Sprintf("%d old rows dropped", dropRows+1))
	d.press("ctrl+l")
	assert.NotContains(t, d.View(), "old rows dropped")
}

func TestOneIsSingular(t *testing.T) {
	d := newFixture(t, lang.English, 120, 24)
	d.show(0)
	r := d.demos[0].screen
	r.demo.clients = 1
	r.counters = xray.Counters{Counters: tap.Counters{Total: 1, Open: 1}, Requests: 1}
	assert.Contains(t, d.View(), "1 client · 1 connection, 1 open · 1 request\n")
	r.rows.add(nil, 1)
	assert.Contains(t, d.View(), "1 row too fast to show")
	d.press("L")
	assert.Contains(t, d.View(), "1 个客户端 · 共 1 个连接，1 个打开 · 1 个请求")
}

func TestDroppedRowsAreCounted(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.sampled(chat())
	d.demos[0].screen.rows.add(nil, 750)
	assert.Contains(t, d.View(), "750 rows too fast to show")
}

func TestMouseChoosesAndOpens(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	click := func(y int) tea.Msg {
		return d.send(tea.MouseMsg{X: 4, Y: y, Button: tea.MouseButtonLeft,
			Action: tea.MouseActionPress})
	}
	d.View()
	assert.Nil(t, click(3)) // the header, the lesson, the first demo, the second
	assert.Equal(t, 2, d.home.cursor.at)
	assert.NotNil(t, click(3), "it is opened")
	d.show(1)
	d.demos[1].screen.rows.add(chat(), 0)
	d.View()
	click(1 + runHead + 1 + 2) // after the names of the columns
	assert.Equal(t, uint64(4), d.demos[1].screen.anatomy.row.ID)
	click(runHead)
	assert.Equal(t, xrayPane, d.demos[1].screen.pane)
	d.send(tea.MouseMsg{X: 14, Y: runHead, Button: tea.MouseButtonLeft,
		Action: tea.MouseActionPress})
	assert.Equal(t, connPane, d.demos[1].screen.pane)
}

func TestTheLanguageChangesEverywhere(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	assert.Contains(t, d.View(), "not running")
	d.press("L")
	assert.Contains(t, d.View(), "未运行")
}

func TestGauge(t *testing.T) {
	var g gauge
	for i, total := range []int64{100, 100, 200, 1000} {
		g.add(noon.Add(time.Duration(i)*time.Second), total)
	}
	assert.Equal(t, []int64{100, 0, 100, 800}, g.rises)
	assert.Equal(t, "▁▂▁▂█", g.spark(5))
	g.add(noon.Add(time.Hour), 1001)
	assert.Len(t, g.rises, gaugeSeconds)
	assert.Equal(t, int64(1), g.rises[gaugeSeconds-1])
}

func TestRunningTestsEndWithTheLab(t *testing.T) {
	c := configured()
	said := make(chan struct{})
	c.Test = func(ctx context.Context, _ string, each func(gotest.Event)) error {
		each(gotest.Event{Action: "run", Package: "p", Test: "TestForever"})
		close(said)
		<-ctx.Done()
		return ctx.Err()
	}
	s := newBackground(c)
	run := s.startTests("talk")
	<-said
	require.NoError(t, s.close())
	assert.ErrorIs(t, (<-run.done).err, context.Canceled)
	assert.ErrorIs(t, (<-s.startTests("talk").done).err, host.ErrClosing)
	_, err := s.start(func(io.Writer) (Served, error) { return Served{}, nil })
	assert.ErrorIs(t, err, host.ErrClosing)
}

func TestATestRunIsListedAndSummedUp(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.press("t")
	d.tested()
	assert.Contains(t, d.View(), "1 passed · 1 failed")
	d.press("f")
	assert.NotContains(t, d.View(), "TestAll")
	d.press("f", "/", "r", "o", "o", "enter")
	assert.NotContains(t, d.View(), "TestAll")
	d.press("esc")
	assert.Contains(t, d.View(), "TestAll")
	d.press("esc")
	assert.Contains(t, d.View(), "✗ 1 test failed")
}

// TestTheCountsOfATestRunAgreeWithItsList counts no subtests, as the list shows none that passed.
func TestTheCountsOfATestRunAgreeWithItsList(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.press("t")
	tests := d.entries[0].tests
	tests.running = true
	var news []gotest.Event
	for _, name := range []string{"TestA", "TestA/one", "TestA/two", "TestB"} {
		news = append(news, gotest.Event{Action: "run", Package: "p", Test: name},
			gotest.Event{Action: "pass", Package: "p", Test: name})
	}
	d.send(testTold{to: tests, job: &testJob{}, news: news, end: &outcome[struct{}]{}})
	assert.Len(t, tests.listed(), 2)
	assert.Contains(t, d.View(), "2 passed · 0 failed")
	d.press("esc")
	assert.Contains(t, d.View(), "✓ 2 tests passed")
}

func TestReasonsSayWhatHelps(t *testing.T) {
	assert.Contains(t, Reason(gotest.ErrNoGo, lang.English), "Install Go")
	assert.Contains(t, Reason(gotest.ErrNoSource, lang.Chinese), "源代码")
}
