package exercise_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/lessons"
)

// TestLessonsNameTheirExercises: the text of a lesson names the exercises of its topic, in both
// languages.
func TestLessonsNameTheirExercises(t *testing.T) {
	for _, l := range lessons.All() {
		for _, e := range catalogue(t) {
			if e.Topic != l.Name {
				continue
			}
			for language, text := range map[string]string{"en": l.Body.EN, "zh": l.Body.ZH} {
				assert.True(t, strings.Contains(text, "`"+e.Name+"`"), "%s, %s: %s", l.Name,
					language, e.Name)
			}
		}
	}
}

// TestCourse: every exercise is in the course exactly once, and black boxes are homework.
func TestCourse(t *testing.T) {
	course, err := exercise.Course()
	require.NoError(t, err)
	times := map[string]int{}
	for _, entry := range course {
		times[entry.Name]++
	}
	all := catalogue(t)
	folders := map[string]string{} // by lesson
	for _, l := range lessons.All() {
		folders[l.Name] = l.Folder
	}
	for _, e := range all {
		assert.Equal(t, 1, times[e.Name],
			"internal/exercise/course.json must name the exercise %q once: put it where a "+
				"student can do it, with its set", e.Name)
		delete(times, e.Name)
		assert.Equal(t, folders[e.Lesson], folders[e.Topic],
			"%s: its topic is a lesson that shares the folder", e.Name)
		if e.Kind == exercise.BlackBox {
			assert.Equal(t, exercise.Homework, e.Set, e.Name)
		}
		assert.Equal(t, e.Reason.EN == "", e.Reason.ZH == "",
			"%s: the reason in both languages", e.Name)
		assert.NotRegexp(t, `\p{Han}`, e.Reason.EN, e.Name)
		if e.Reason.ZH != "" {
			assert.Regexp(t, `\p{Han}`, e.Reason.ZH, e.Name)
		}
	}
	assert.Empty(t, times, "internal/exercise/course.json names exercises that no lesson lists")
	sets := map[exercise.Set]int{}
	for i, entry := range course {
		if i < len(all) {
			assert.Equal(t, entry.Name, all[i].Name, "the catalogue is in the order of the course")
		}
		sets[entry.Set]++
	}
	assert.Len(t, sets, len(exercise.Sets), "every set has exercises")
}

func TestFilter(t *testing.T) {
	all := []exercise.Exercise{{Name: "a", Lesson: "x", Set: exercise.Core},
		{Name: "b", Lesson: "x", Set: exercise.Homework},
		{Name: "c", Lesson: "y", Set: exercise.Core}}
	names := func(f exercise.Filter) (names string) {
		for _, e := range f.Select(all) {
			names += e.Name
		}
		return names
	}
	assert.Equal(t, "abc", names(exercise.Filter{}))
	assert.Equal(t, "ab", names(exercise.Filter{Lesson: "x"}))
	assert.Equal(t, "ac", names(exercise.Filter{Set: exercise.Core}))
	assert.Equal(t, "c", names(exercise.Filter{Lesson: "y", Set: exercise.Core}))
	assert.Len(t, all, 3)
}
