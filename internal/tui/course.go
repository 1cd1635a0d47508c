package tui

import "realtimelab/internal/lesson"

// course is one lesson: its text, its demos, its tests.
type course struct {
	lesson.Lesson
	demos []*demo
	text  *textScreen
	tests *testScreen
}

func newCourse(u *ui, s *stage, l lesson.Lesson) *course {
	c := &course{Lesson: l}
	c.text = &textScreen{ui: u, course: c, pager: newPager(false)}
	c.tests = &testScreen{ui: u, course: c, stage: s, open: -1}
	return c
}
