package tui

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/golden"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

func TestOneKeyHasOneMeaning(t *testing.T) {
	meaning := map[string]string{}
	for _, a := range actions {
		for _, k := range a.keys {
			assert.NotContains(t, meaning, k, "%s means %q", k, a.help.EN)
			meaning[k] = a.help.EN
		}
	}
}

// busyViews are states in which keys work that do not in the golden views.
var busyViews = map[string]func(*fixture){
	"a filtered home":   func(d *fixture) { d.home.filter.set("broadcast") },
	"a running demo":    func(d *fixture) { d.show(0); d.runs(0) },
	"work on exercises": func(d *fixture) { d.given(); d.exercises.cancel = func() {} },
	"watched exercises": func(d *fixture) { d.given(); d.reads(0); d.exercises.watching = true },
	"all layers":        func(d *fixture) { d.show(0); d.sampled(chat()); d.press("a", "p") },
}

// everyState calls test with each state of each screen.
func everyState(t *testing.T, test func(t *testing.T, fresh func(*testing.T) *fixture)) {
	for _, states := range []map[string]func(*fixture){views, busyViews} {
		for name, prepare := range states {
			t.Run(name, func(t *testing.T) {
				test(t, func(t *testing.T) *fixture {
					d := newFixture(t, lang.English, 80, 24)
					prepare(d)
					d.View()
					return d
				})
			})
		}
	}
}

// TestEveryKeyOfTheHelpWorks presses each key of each screen, without running the commands that
// work off the screen.
func TestEveryKeyOfTheHelpWorks(t *testing.T) {
	used := map[*action]bool{}
	everyState(t, func(t *testing.T, fresh func(*testing.T) *fixture) {
		seen := map[string]bool{}
		for _, c := range fresh(t).commands() {
			used[c.action] = true
			for _, k := range c.keys {
				require.False(t, seen[k], "two commands have the key %s", k)
				seen[k] = true
				require.Equal(t, k, pressed(k).String(), "the test presses the key")
				if len(fresh(t).exercises.all) > 0 &&
					(c.action == actOpen || c.action == actUpNext) {
					// they read the files of an exercise, and this lab has none: see
					// exercises_test.go
					continue
				}
				d := fresh(t)
				require.True(t, d.typing() || d.question != nil || works(d, k), k)
				d.Update(pressed(k))
				fits(t, d.View(), 80, 24)
			}
		}
	})
	for _, a := range actions {
		assert.True(t, used[a], "no screen has %q", a.help.EN)
	}
}

// works reports whether a key has a command, without running it.
func works(d *fixture, key string) bool {
	return slices.ContainsFunc(d.commands(), func(c command) bool { return c.has(key) })
}

// TestTheHelpListsEveryKey reads the help to its end.
func TestTheHelpListsEveryKey(t *testing.T) {
	everyState(t, func(t *testing.T, fresh func(*testing.T) *fixture) {
		d := fresh(t)
		d.question, d.over = nil, nil
		if p := d.at.search(); p != nil {
			p.input.Blur()
		}
		all := d.commands()
		d.press("?")
		shown := ""
		for range 10 {
			shown += ansi.Strip(d.View())
			d.press("pgdown")
		}
		for _, c := range all {
			assert.Contains(t, shown, c.names())
			assert.Contains(t, shown, c.label.EN)
		}
		assert.NotContains(t, shown, "? more", "the bar says how to leave")
		d.press("?")
		assert.Nil(t, d.over)
	})
}

func TestTheKeyBarEndsInMore(t *testing.T) {
	everyState(t, func(t *testing.T, fresh func(*testing.T) *fixture) {
		d := fresh(t)
		if d.question != nil || d.over != nil || d.typing() {
			return
		}
		for _, width := range []int{40, 80, 160} {
			d.send(tea.WindowSizeMsg{Width: width, Height: 24})
			bar := ansi.Strip(d.bar())
			assert.True(t, strings.HasSuffix(strings.TrimRight(bar, " "), "… ? more"), bar)
			assert.LessOrEqual(t, cells(bar), width)
		}
	})
}

// TestEveryRowOfHomeIsReached goes through a list that is longer than a small screen, and sees the
// mark that there is more.
func TestEveryRowOfHomeIsReached(t *testing.T) {
	for _, size := range golden.Sizes {
		c := configured()
		for range 5 {
			c.Lessons = append(c.Lessons, c.Lessons[0])
		}
		d := &fixture{newModel(c, newBackground(c)), t}
		d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		d.press("g")
		count := d.home.count()
		require.Equal(t, 18, count)
		if size[1] < 20 {
			assert.Regexp(t, `↓ \d+ more`, d.View())
		}
		for range count {
			at, found := d.home.selected()
			require.True(t, found)
			name := at.entry.Title.EN
			if at.demo != nil {
				name = at.demo.Name
			}
			assert.Regexp(t, `▸ +`+name, d.View())
			d.press("down")
		}
	}
}

func TestTabsAreReachedByNumberTabAndMouse(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.press("2")
	assert.Equal(t, screen(d.exercises), d.at)
	d.press("tab")
	assert.Equal(t, screen(d.measures), d.at)
	d.press("tab")
	assert.Equal(t, screen(d.home), d.at)
	d.press("shift+tab")
	assert.Equal(t, screen(d.measures), d.at)
	d.press("esc")
	assert.Equal(t, screen(d.home), d.at)
	x := strings.Index(ansi.Strip(d.View()), "Exercises")
	d.send(tea.MouseMsg{X: x, Y: 0, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	assert.Equal(t, screen(d.exercises), d.at)
	d.show(0)
	run := d.demos[0].screen
	for key, want := range map[string]pane{"2": connPane, "5": qrPane, "1": xrayPane,
		"9": xrayPane} {
		run.pane = xrayPane
		d.press(key)
		assert.Equal(t, want, run.pane, key)
	}
	run.pane = xrayPane
	d.press("right", "l", "h")
	assert.Equal(t, connPane, run.pane)
}

func TestAListMovesByHalfPages(t *testing.T) {
	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	rows := d.demos[0].screen.rows
	for id := uint64(1); id <= 100; id++ {
		rows.add([]*xray.Row{row(id, 0, tap.Out, xray.WS, "x", "text frame", "文本帧")}, 0)
	}
	d.View()
	page := rows.cursor.page()
	require.Greater(t, page, 8)
	d.press("g")
	assert.Equal(t, uint64(1), rows.current().ID)
	d.press("ctrl+d")
	assert.Equal(t, uint64(1+page/2), rows.current().ID)
	d.press("pgdown")
	assert.Equal(t, uint64(1+page/2+page), rows.current().ID)
	d.press("ctrl+u", "b")
	assert.Equal(t, uint64(1), rows.current().ID)
	d.press("j", "k", "G")
	assert.Equal(t, uint64(100), rows.current().ID)
	assert.Contains(t, d.View(), "live")
}
