package tui

import (
	"context"
	"errors"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/gotest"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

func TestEnterRunsAndStopsADemo(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	one := d.demos[0]
	begun := d.send(d.press("enter").(toggle)) // the key's answer has begun it, and it is not begun twice
	assert.Nil(t, begun)
	assert.Equal(t, starting, one.state)
	p := &probe{Served: Served{URL: "http://127.0.0.1:3000"}}
	_, next := d.Update(started{one, p, nil})
	assert.NotNil(t, next)
	assert.Equal(t, running, one.state)
	assert.Contains(t, d.View(), "● http://127.0.0.1:3000")

	d.press("enter")
	assert.Equal(t, stopping, one.state)
	d.Update(stopped{one, nil})
	assert.Equal(t, idle, one.state)
	_, next = d.Update(sample{from: p})
	assert.Nil(t, next, "a demo that has ended is not sampled again")
}

func TestADemoThatCannotStartSaysWhy(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	one := d.demos[0]
	d.press("enter")
	d.Update(started{one, nil, errors.New("the port is taken")})
	assert.Contains(t, d.View(), "✗ failed")
	assert.Contains(t, d.View(), "the port is taken")
}

// TestAnErrorOfARunningDemoIsSeen: in whatever view the reader is, until the next key.
func TestAnErrorOfARunningDemoIsSeen(t *testing.T) {
	d := newDesk(t, lang.English, 120, 24)
	one := d.runs(0)
	d.Update(sample{from: one.probe, at: noon, log: []string{
		`time=x level=ERROR msg="cannot accept connections" advice="raise the limit with ulimit -n"`, "time=x level=INFO msg=hi",
	}})
	assert.Contains(t, d.View(), one.Name+`: "cannot accept connections" advice="raise the limit with ulimit -n"`)
	d.press("down")
	assert.NotContains(t, d.View(), "cannot accept")
	d.Update(sample{from: one.probe, at: noon, log: []string{"time=x level=WARN msg=slow"}})
	assert.NotContains(t, d.View(), "slow", "warnings are in the log")
}

func TestNamedDemosStartAndTheFirstIsShown(t *testing.T) {
	c := configured()
	c.Run = []string{"rooms", "broadcast"}
	m := newModel(c, newStage(c))
	require.NotNil(t, m.Init())
	assert.Equal(t, screen(m.demos[1].screen), m.at)
	assert.Equal(t, 2, m.home.selected)
	assert.Equal(t, []demoState{starting, starting}, []demoState{m.demos[0].state, m.demos[1].state})
}

func TestQuit(t *testing.T) {
	for _, k := range []string{"q", "ctrl+c"} {
		assert.IsType(t, tea.QuitMsg{}, newDesk(t, lang.English, 80, 24).press(k), k)
	}
	d := newDesk(t, lang.English, 80, 24)
	d.press("v", "/", "q")
	assert.Equal(t, "q", d.demos[0].screen.rows.filter.Value(), "q is text in the filter")
	assert.IsType(t, tea.QuitMsg{}, d.press("ctrl+c"))
}

func TestKeysThatComeTogetherAreOneAfterTheOther(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("v")
	d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/sio")})
	assert.Equal(t, "sio", d.demos[0].screen.rows.filter.Value())
	d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q?"), Paste: true})
	assert.Equal(t, "sioq?", d.demos[0].screen.rows.filter.Value())
	d.press("enter")
	_, cmd := d.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true})
	assert.Nil(t, cmd, "pasted text is no command")
	d.demos[0].screen.rows.add(chat(), 0)
	d.press("/", "esc", "enter")
	require.NotNil(t, d.demos[0].screen.anatomy)
	_, cmd = d.Update(tea.KeyMsg{Type: tea.KeyEsc, Alt: true})
	assert.Nil(t, d.demos[0].screen.anatomy, "the first Escape closes the anatomy")
	assert.NotNil(t, cmd, "the second goes back")
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
		d := newDesk(t, lang.English, 80, 24)
		l := d.demos[0].screen.rows
		l.filter.SetValue(filter)
		l.add(chat(), 0)
		var ids []uint64
		for _, r := range l.shown {
			ids = append(ids, r.ID)
		}
		assert.Equal(t, want, ids, filter)
	}
}

func TestQuietLayersAreShownWhenAskedFor(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("v")
	d.sampled(chat())
	assert.NotContains(t, d.View(), "tcp")
	d.press("a")
	assert.Contains(t, d.View(), "tcp")
}

func TestPauseHoldsRowsBack(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("v", "p")
	d.sampled(chat())
	assert.Contains(t, d.View(), "paused, 5 rows wait")
	assert.NotContains(t, d.View(), "the client emits")
	d.press("p")
	assert.Contains(t, d.View(), "the client emits")
	assert.Contains(t, d.View(), "live")
}

func TestTheSelectedRowStaysWhileOthersCome(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("v")
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
	l := newDesk(t, lang.English, 80, 24).demos[0].screen.rows
	l.add(chat(), 0)
	l.add(chat(), 0)
	assert.Len(t, l.all, 5)
}

func TestDroppedRowsAreCounted(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("v")
	d.sampled(chat())
	d.demos[0].screen.rows.add(nil, 750)
	assert.Contains(t, d.View(), "750 rows too fast to show")
}

func TestMouseChoosesAndOpens(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	click := func(y int) tea.Msg {
		return d.send(tea.MouseMsg{X: 4, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	}
	assert.Nil(t, click(4)) // the header, an empty line, the lesson, the first demo, the second
	assert.Equal(t, 2, d.home.selected)
	assert.Equal(t, toggle{d.demos[1]}, click(4))
	d.press("v")
	d.demos[1].screen.rows.add(chat(), 0)
	d.View()
	click(1 + runHead + 2)
	assert.Equal(t, uint64(4), d.demos[1].screen.anatomy.row.ID)
	click(runHead)
	assert.Equal(t, xrayPane, d.demos[1].screen.pane)
	d.send(tea.MouseMsg{X: 10, Y: runHead, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	assert.Equal(t, logPane, d.demos[1].screen.pane)
}

func TestTheLanguageChangesEverywhere(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
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

func TestRunningTestsEndWithTheStage(t *testing.T) {
	c := configured()
	said := make(chan struct{})
	c.Test = func(ctx context.Context, _ string, each func(gotest.Event)) error {
		each(gotest.Event{Action: "run", Package: "p", Test: "TestForever"})
		close(said)
		<-ctx.Done()
		return ctx.Err()
	}
	s := newStage(c)
	run := s.startTests("talk")
	<-said
	require.NoError(t, s.close())
	assert.ErrorIs(t, <-run.done, context.Canceled)
	assert.ErrorIs(t, <-s.startTests("talk").done, errClosing)
	_, err := s.start(c.Lessons[0], c.Lessons[0].Demos[0])
	assert.ErrorIs(t, err, errClosing)
}

func TestATestRunIsListedAndSummedUp(t *testing.T) {
	d := newDesk(t, lang.English, 80, 24)
	d.press("t")
	d.tested()
	assert.Contains(t, d.View(), "1 passed · 1 failed")
	d.press("f")
	assert.NotContains(t, d.View(), "TestAll")
	d.press("esc")
	assert.Contains(t, d.View(), "✗ 1 tests failed")
}

func TestReasonsSayWhatHelps(t *testing.T) {
	assert.Contains(t, Reason(gotest.ErrNoGo, lang.English), "Install Go")
	assert.Contains(t, Reason(gotest.ErrNoSource, lang.Chinese), "源代码")
}
