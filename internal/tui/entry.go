package tui

import (
	"io"

	"realtimelab/internal/lesson"
)

// entry is one lesson with its screens and demos.
type entry struct {
	lesson.Lesson
	demos []*demo
	text  *textScreen
	tests *testScreen
}

func newEntry(u *ui, b *background, l lesson.Lesson) *entry {
	e := &entry{Lesson: l}
	e.text = &textScreen{ui: u, entry: e, pager: newPager(u, false)}
	e.tests = newTests(u, e, b)
	for _, d := range l.Demos {
		one := &demo{Demo: d, entry: e, line: b.config.Line}
		one.serve = func(line Line, log io.Writer) (Served, error) {
			return b.config.Start(l, d, line, log)
		}
		one.screen = newRunScreen(u, one)
		e.demos = append(e.demos, one)
	}
	return e
}
