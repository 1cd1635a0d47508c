package tui

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/check"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/gotest"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// hostile is text of a client that a terminal would obey: the clipboard, clearing the screen by
// ESC and by C1, a carriage return, a bidi override.
const hostile = "\x1b]52;c;aGk=\x07\x1b[2J\u009b2J\rover\u202eright"

// hostileViews put hostile text wherever a view shows text that the lab did not write.
var hostileViews = map[string]func(*desk){
	"summary of a row": func(d *desk) { d.press("v"); d.sampled([]*xray.Row{hostileRow(hostile, "")}) },
	"problem of a row": func(d *desk) { d.press("v"); d.sampled([]*xray.Row{hostileRow("", hostile)}) },
	"summary taken apart": func(d *desk) {
		d.press("v")
		d.sampled([]*xray.Row{hostileRow(hostile, "")})
		d.press("up", "enter")
	},
	"problem taken apart": func(d *desk) {
		d.press("v")
		d.sampled([]*xray.Row{hostileRow("over", hostile)})
		d.press("up", "enter")
	},
	"a step taken apart": func(d *desk) {
		r := hostileRow("", "")
		r.Steps = []xray.Step{{Value: hostile}}
		d.press("v")
		d.sampled([]*xray.Row{r})
		d.press("up", "enter")
	},
	"a view taken apart": func(d *desk) {
		r := hostileRow("", "")
		r.Views = []xray.View{{Data: []byte(hostile)}}
		d.press("v")
		d.sampled([]*xray.Row{r})
		d.press("up", "enter")
	},
	"an error at home":        func(d *desk) { d.demos[0].err = errors.New(hostile) },
	"an error of a demo":      func(d *desk) { d.press("v"); d.demos[0].err = errors.New(hostile) },
	"a note":                  func(d *desk) { d.press("v"); d.sampled(nil); d.demos[0].probe.Note = lang.Text{EN: hostile} },
	"a notice":                func(d *desk) { d.notice = hostile },
	"an error of the figures": func(d *desk) { d.press("m"); d.measures.err = errors.New(hostile) },
	"the log": func(d *desk) {
		var ring logRing
		_, err := io.WriteString(&ring, hostile+"\n")
		require.NoError(d.t, err)
		one := d.runs(0)
		d.press("v")
		d.Update(sample{from: one.probe, at: noon, log: ring.lines})
		d.press("tab")
	},
	"output of a test": func(d *desk) {
		d.press("t")
		d.courses[0].tests.running = true
		d.send(testBatch{to: d.courses[0].tests, run: &testRun{}, ended: true, err: gotest.ErrFailed, events: []gotest.Event{
			{Action: "run", Package: "p", Test: "TestRooms"},
			{Action: "output", Package: "p", Test: "TestRooms", Output: hostile + "\n"},
			{Action: "fail", Package: "p", Test: "TestRooms"},
		}})
		d.press("enter")
	},
	"output of an exercise": func(d *desk) { d.resultOf(exercise.Report{Name: "hold", Output: hostile}) },
	"an exercise's problem": func(d *desk) {
		d.resultOf(exercise.Report{Name: "hold", Problem: &exercise.Problem{
			Text:   lang.Text{EN: hostile},
			Fields: []check.Field{{Name: "body", Yours: hostile, Want: hostile}},
			Lines:  []exercise.SourceLine{{File: "a.go", Line: 1, Text: hostile, Message: hostile}},
		}})
	},
}

func hostileRow(summary, problem string) *xray.Row {
	r := row(1, 0, tap.In, xray.Event, hostile, summary, summary)
	if problem != "" {
		r.Problem = &xray.Text{EN: problem, ZH: problem}
	}
	return r
}

// resultOf shows the report of a checked exercise.
func (d *desk) resultOf(r exercise.Report) {
	d.given()
	d.reads(0)
	d.follow(d.exercises.take(workDone{sheet: result(r, workspace.Advice{})}))
}

func TestHostileTextIsHarmlessInEveryView(t *testing.T) {
	for name, prepare := range hostileViews {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, lang.English, 160, 60)
			prepare(d)
			view := d.View()
			assert.Contains(t, view, `\u009b2J\rover\u202eright`, "it is shown, escaped")
			for _, r := range strings.ReplaceAll(view, "\x1b[0m", "") {
				require.True(t, r == '\n' || unicode.IsPrint(r), "%U is raw", r)
			}
		})
	}
	assert.NotContains(t, Reason(errors.New(hostile), lang.English), "\x1b")
}
