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
var hostileViews = map[string]func(*fixture){
	"summary of a row": func(d *fixture) {
		d.show(0)
		d.sampled([]*xray.Row{hostileRow(hostile, "")})
	},
	"problem of a row": func(d *fixture) {
		d.show(0)
		d.sampled([]*xray.Row{hostileRow("", hostile)})
	},
	"summary taken apart": func(d *fixture) {
		d.show(0)
		d.sampled([]*xray.Row{hostileRow(hostile, "")})
		d.press("up", "enter")
	},
	"problem taken apart": func(d *fixture) {
		d.show(0)
		d.sampled([]*xray.Row{hostileRow("over", hostile)})
		d.press("up", "enter")
	},
	"a step taken apart": func(d *fixture) {
		r := hostileRow("", "")
		r.Steps = []xray.Step{{Value: hostile}}
		d.show(0)
		d.sampled([]*xray.Row{r})
		d.press("up", "enter")
	},
	"a view taken apart": func(d *fixture) {
		r := hostileRow("", "")
		r.Views = []xray.View{{Data: []byte(hostile)}}
		d.show(0)
		d.sampled([]*xray.Row{r})
		d.press("up", "enter")
	},
	"an error at home":   func(d *fixture) { d.demos[0].err = errors.New(hostile) },
	"an error of a demo": func(d *fixture) { d.show(0); d.demos[0].err = errors.New(hostile) },
	"a note": func(d *fixture) {
		d.show(0)
		d.sampled(nil)
		d.demos[0].monitor.Note = lang.Text{EN: hostile}
	},
	"a notice":   func(d *fixture) { d.notice = hostile },
	"a question": func(d *fixture) { d.confirm(hostile, nil) },
	"an option": func(d *fixture) {
		d.ui.choose("", []option{{"x", hostile}}, 0, nil)
	},
	"an error of the figures": func(d *fixture) {
		d.press("3")
		d.measures.err = errors.New(hostile)
	},
	"the log": func(d *fixture) {
		var ring logRing
		_, err := io.WriteString(&ring, hostile+"\n")
		require.NoError(d.t, err)
		one := d.runs(0)
		d.show(0)
		d.Update(sample{from: one.monitor, at: noon, log: ring.lines})
		d.press("3")
	},
	"output of a test": func(d *fixture) {
		d.press("t")
		d.entries[0].tests.running = true
		d.send(testTold{to: d.entries[0].tests, job: &testJob{},
			end: &outcome[struct{}]{err: gotest.ErrFailed}, news: []gotest.Event{
				{Action: "run", Package: "p", Test: "TestRooms"},
				{Action: "output", Package: "p", Test: "TestRooms", Output: hostile + "\n"},
				{Action: "fail", Package: "p", Test: "TestRooms"},
			}})
		d.press("enter")
	},
	"output of an exercise": func(d *fixture) {
		d.resultOf(exercise.Report{Name: "hold", Output: hostile})
	},
	"an exercise's problem": func(d *fixture) {
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
func (d *fixture) resultOf(r exercise.Report) {
	d.given()
	d.reads(0)
	d.follow(d.exercises.take(workDone{document: result(r, workspace.Advice{})}))
}

func TestHostileTextIsHarmlessInEveryView(t *testing.T) {
	for name, prepare := range hostileViews {
		t.Run(name, func(t *testing.T) {
			d := newFixture(t, lang.English, 160, 60)
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
