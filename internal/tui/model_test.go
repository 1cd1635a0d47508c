package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/check"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/gotest"
	"realtimelab/internal/labtest/golden"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// fixture is a model without a terminal. A test decides which of its commands run.
type fixture struct {
	*model
	t *testing.T
}

func newFixture(t *testing.T, language lang.Lang, width, height int) *fixture {
	c := configured()
	c.Lang = language
	d := &fixture{newModel(c, newBackground(c)), t}
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// send is one Update; it returns what the command answers, nil without one.
func (d *fixture) send(msg tea.Msg) tea.Msg {
	_, cmd := d.Update(msg)
	if cmd == nil {
		return nil
	}
	return cmd()
}

var named = map[string]tea.KeyType{
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"home": tea.KeyHome, "end": tea.KeyEnd,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "enter": tea.KeyEnter, "esc": tea.KeyEsc,
	"backspace": tea.KeyBackspace,
	"tab":       tea.KeyTab, "shift+tab": tea.KeyShiftTab, "ctrl+c": tea.KeyCtrlC,
	"ctrl+z": tea.KeyCtrlZ,
	"ctrl+l": tea.KeyCtrlL,
	"ctrl+u": tea.KeyCtrlU, "ctrl+d": tea.KeyCtrlD,
}

// pressed is a key by its name.
func pressed(k string) tea.KeyMsg {
	if t, ok := named[k]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

// show shows the screen of a demo without running it.
func (d *fixture) show(i int) { d.enter(d.demos[i].screen) }

// press sends keys, and each key's answer back to the model.
func (d *fixture) press(keys ...string) tea.Msg {
	var last tea.Msg
	for _, k := range keys {
		if last = d.send(pressed(k)); last != nil {
			d.send(last)
		}
	}
	return last
}

// runs puts a demo into the state of one that serves.
func (d *fixture) runs(i int) *demo {
	one := d.demos[i]
	one.state, one.monitor = running, &monitor{Served: Served{URL: "http://127.0.0.1:3000"}}
	one.wire = xray.New(tap.New(tap.Config{}), xray.Config{})
	d.t.Cleanup(one.wire.Close)
	return one
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local)

func row(id, parent uint64, dir tap.Direction, layer xray.Layer, data, en, zh string) *xray.Row {
	return &xray.Row{ID: id, Parent: parent, Conn: 3,
		Time: noon.Add(time.Duration(id) * time.Millisecond), Dir: dir, Layer: layer,
		Size: len(data), Data: []byte(data), Summary: xray.Text{EN: en, ZH: zh}}
}

func chat() []*xray.Row {
	return []*xray.Row{
		row(1, 0, tap.In, xray.TCP, "GET", "3 bytes", "3 字节"),
		row(2, 1, tap.In, xray.HTTP, "GET / HTTP/1.1\r\n\r\n", "GET /socket.io/ HTTP/1.1",
			"GET /socket.io/ HTTP/1.1"),
		row(3, 0, tap.In, xray.WS, "42[\"chat message\",\"你好\"]", "text frame, 28 bytes",
			"文本帧，28 字节"),
		row(4, 3, tap.In, xray.EIO, "2[\"chat message\"]", "message", "消息"),
		row(5, 4, tap.In, xray.Event, "",
			"the client emits \"chat message\" with \"你好\" \x1b[31m",
			"客户端发出 \"chat message\"，内容 \"你好\" \x1b[31m"),
	}
}

func (d *fixture) sampled(rows []*xray.Row) {
	one := d.runs(0)
	s := sample{from: one.monitor, at: noon, clients: 2, rows: rows,
		log: []string{"level=INFO msg=hi"}}
	s.counters.In, s.counters.Out, s.counters.Open, s.counters.Total, s.counters.Requests = 1300,
		2600, 2, 5, 7
	_, next := d.Update(s)
	require.NotNil(d.t, next, "a demo that serves is sampled again")
}

// views are the states of the golden files.
var views = map[string]func(*fixture){
	"home": func(d *fixture) {
		d.runs(0).clients = 2
		d.demos[1].err = errors.New("cannot listen on 127.0.0.1:3000")
	},
	"help": func(d *fixture) { d.press("?") },
	"help-run": func(d *fixture) {
		d.runs(0)
		d.show(0)
		d.press("?")
	},
	"run": func(d *fixture) {
		d.show(0)
		d.sampled(chat())
	},
	"anatomy": func(d *fixture) {
		d.show(0)
		d.sampled(chat())
		d.press("up", "enter")
	},
	"filter": func(d *fixture) {
		d.show(0)
		d.press("/", "s", "i", "o")
		d.sampled(chat())
	},
	"qr": func(d *fixture) {
		d.show(0)
		d.sampled(nil)
		d.demos[0].monitor.Classroom = []string{"http://192.0.2.7:3000"}
		d.press("5")
	},
	"port-taken": func(d *fixture) {
		d.show(0)
		d.sampled(nil)
		d.demos[0].monitor.Note = lang.Text{EN: "port 3000 is taken, so this one listens on 3001",
			ZH: "端口 3000 已被占用，改用 3001"}
	},
	"text":      func(d *fixture) { d.opened("i") },
	"exercises": func(d *fixture) { d.given() },
	"exercise": func(d *fixture) {
		d.given()
		d.reads(0)
	},
	"exercise-result": func(d *fixture) {
		d.given()
		d.reads(0)
		d.follow(d.exercises.take(workDone{document: result(exercise.Report{Name: "hold", Steps: 3,
			Passing: 1, Output: "\x1b[2Jdone\n", Problem: &exercise.Problem{
				Text: lang.Text{EN: "The poll is answered before anything is new.",
					ZH: "还没有新消息就回答了轮询。"},
				Fields: []check.Field{{Name: "status", Yours: "200", Want: "200", OK: true},
					{Name: "body", Yours: "[]", Want: "[{…}]", Spec: "RFC 9110 §15.3.1"}},
				Lines: []exercise.SourceLine{{File: "hold.go", Line: 7, Column: 2,
					Text: "\treturn nil", Message: "at once"}},
			}}, workspace.Advice{})}))
	},
	"exercise-confirm": func(d *fixture) {
		d.given()
		d.reads(0)
		d.press("R")
	},
	"compare": func(d *fixture) { d.press("3") },
	"compare-running": func(d *fixture) {
		d.press("3")
		d.measures.running = true
		d.measuring()
	},
	"compare-done": func(d *fixture) {
		d.press("3")
		d.measures.running = true
		d.measuring()
		d.send(comparisonTold{to: d.measures, job: d.measures.job,
			end: &outcome[*compare.Report]{result: measured()}})
		d.press("right", "right")
	},
	"connections": func(d *fixture) {
		d.show(0)
		d.sampled(chat())
		d.press("2")
	},
	"search": func(d *fixture) {
		d.opened("i")
		d.press("/", "o", "n", "e", "enter")
	},
	"network": func(d *fixture) {
		d.show(0)
		d.sampled(chat())
		d.press("w")
	},
	"xray": func(d *fixture) {
		d.xrayed()
		d.demos[2].screen.rows.add(chat(), 0)
	},
	"xray-url": func(d *fixture) { d.press("x") },
	"xray-refused": func(d *fixture) {
		d.press("x")
		d.write("localhost:8080")
		d.type_("enter")
	},
	"save": func(d *fixture) {
		d.show(0)
		d.sampled(chat())
		d.press("C")
	},
	"save-exists": func(d *fixture) {
		d.show(0)
		d.sampled(chat())
		d.press("E")
		d.send(saved{saveIt: saveIt{dialog: d.over.(*dialog), path: "broadcast.pcapng"},
			err: fs.ErrExist})
	},
	"question": func(d *fixture) {
		d.runs(0).clients = 12
		d.press("s")
	},
	"tests": func(d *fixture) {
		d.press("t")
		d.tested()
	},
	"failure": func(d *fixture) {
		d.press("t")
		d.tested()
		d.press("enter")
	},
}

// write replaces the text of a dialog.
func (d *fixture) write(text string) { d.over.(*dialog).input.SetValue(text) }

// xrayed starts an x-ray of a server.
func (d *fixture) xrayed() {
	d.t.Cleanup(func() { assert.NoError(d.t, d.background.close()) })
	d.press("x")
	d.write("http://127.0.0.1:8080")
	_, cmd := d.Update(pressed("enter"))
	_, cmd = d.Update(cmd())
	_, next := d.Update(cmd())
	require.NotNil(d.t, next, "it is sampled")
	require.Equal(d.t, running, d.demos[2].state)
}

// type_ presses a key and follows all that comes of it.
func (d *fixture) type_(k string) {
	_, cmd := d.Update(pressed(k))
	d.follow(cmd)
}

// opened presses a key that leads to a text, and lays the text out.
func (d *fixture) opened(k string) {
	d.press(k)
	d.follow(d.resized())
}

// follow runs a command, and the commands that its answers lead to.
func (d *fixture) follow(cmd tea.Cmd) {
	for cmd != nil {
		_, cmd = d.Update(cmd())
	}
}

// reads opens one of the exercises that were given.
func (d *fixture) reads(i int) {
	x := d.exercises
	x.opened, x.selected, x.paths = true, i, []string{"/home/ann/lab-exercises/talk/hold/hold.go"}
	x.turnTo(instructions(x.all[i]))
	d.follow(x.lay())
}

// given gives the exercises' screen two exercises, and a folder.
func (d *fixture) given() {
	x := d.exercises
	x.loading = true
	d.enter(x)
	x.take(workDone{all: []exercise.Exercise{
		{Name: "hold", Lesson: "talk", Kind: exercise.FillIn, Level: 1,
			Title: lang.Text{EN: "Hold the poll", ZH: "挂起轮询"},
			Text: lang.Text{
				EN: "# Hold the poll\n\nAnswer when there is something new, and no sooner.\n",
				ZH: "# 挂起轮询\n\n有了新消息再回答，不要提前。\n"}},
		{Name: "guess", Lesson: "talk", Kind: exercise.Predict, Level: 3,
			Title: lang.Text{EN: "Say the next bytes", ZH: "说出接下来的字节"}},
	}})
	x.workspace = &workspace.Workspace{Dir: "/home/ann/lab-exercises"}
	x.states = map[string]exercise.State{"hold": exercise.Started, "guess": exercise.Done}
}

// measured is a report of two transports, of which one lost a message.
func measured() *compare.Report {
	r := &compare.Report{Results: []compare.Result{
		{Transport: "short-polling", Runs: 2, Messages: 400, BytesPerMessage: 334,
			Latency: compare.Latency{P50: 504, P99: 991}, Lost: 1,
			Spread: compare.Spread{"latency_p50_ms": {Min: 490, Max: 510},
				"bytes_per_message": {Min: 334, Max: 334}}},
		{Transport: "websocket", Runs: 2, Messages: 400, BytesPerMessage: 181,
			Latency: compare.Latency{P50: 1.3, P99: 2.5},
			Spread: compare.Spread{"latency_p50_ms": {Min: 1.2, Max: 1.4},
				"bytes_per_message": {Min: 181, Max: 181}}},
	}}
	r.Config.Workload = compare.Feed
	return r
}

// measuring lets the comparison's screen see a run on its way.
func (d *fixture) measuring() {
	c := d.measures
	c.latencies = map[string][]float64{"short-polling": {500, 480, 700, 20}}
	c.job, c.measuring = &comparisonJob{}, c.config
	done := *measured()
	done.Results = done.Results[:1]
	for i := range 5 {
		d.Update(comparisonTold{to: c, job: c.job, news: []compare.Progress{{
			Step: compare.Step{Run: 1, Transport: "websocket"}, Done: 8, Of: 21,
			Left: 65 * time.Second, Report: &done,
			Live: &compare.Live{Elapsed: 2 * time.Second, Delivered: 120, Expected: 400, P50: 1.25,
				P99: 3, Recent: 1 + float64(i), Bytes: 21720},
		}}})
	}
}

// tested gives the tests' screen a run in which one failed.
func (d *fixture) tested() {
	screen := d.entries[0].tests
	screen.running = true
	d.send(testTold{to: screen, job: &testJob{}, end: &outcome[struct{}]{err: gotest.ErrFailed},
		news: []gotest.Event{
			{Action: "run", Package: "realtimelab/lessons/talk", Test: "TestAll"},
			{Action: "pass", Package: "realtimelab/lessons/talk", Test: "TestAll", Elapsed: 0.25},
			{Action: "run", Package: "realtimelab/lessons/talk", Test: "TestRooms"},
			{Action: "output", Package: "realtimelab/lessons/talk", Test: "TestRooms",
				Output: "    talk_test.go:7: want 1, got \x1b[2J2\n"},
			{Action: "fail", Package: "realtimelab/lessons/talk", Test: "TestRooms", Elapsed: 1.5},
		}})
}

func TestGoldenViews(t *testing.T) {
	for name, prepare := range views {
		for _, size := range golden.Sizes {
			for _, language := range []lang.Lang{lang.English, lang.Chinese} {
				file := fmt.Sprintf("%s-%dx%d-%s.txt", name, size[0], size[1], language)
				t.Run(file, func(t *testing.T) {
					d := newFixture(t, language, size[0], size[1])
					prepare(d)
					view := d.View()
					fits(t, view, size[0], size[1])
					golden.View(t, file, view)
				})
			}
		}
	}
}

// fits asserts that a view fills the window and no line is wider.
func fits(t *testing.T, view string, width, height int) {
	golden.Fits(t, view, width, height)
	lines := strings.Split(view, "\n")
	assert.Len(t, lines, height)
	for _, line := range lines {
		assert.NotContains(t, line, "\x1b[31m", "what crossed the wire may not steer the terminal")
		assert.NotContains(t, line, "\x1b[2J", "what a test printed may not steer the terminal")
	}
}

func TestEverySizeFitsOrSaysSo(t *testing.T) {
	for name, prepare := range views {
		for _, size := range [][2]int{{1, 1}, {20, 5}, {39, 30}, {40, 11}, {40, 12}, {41, 13},
			{79, 18}, {100, 30}, {149, 25}, {150, 25}, {200, 60}} {
			d := newFixture(t, lang.Chinese, 80, 24)
			prepare(d)
			d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			fits(t, d.View(), size[0], size[1])
			assert.NotEmpty(t, name)
		}
	}
	small := newFixture(t, lang.English, 39, 30)
	assert.Contains(t, small.View(), "The lab needs 40×12")
}
