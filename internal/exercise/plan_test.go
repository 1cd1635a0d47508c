package exercise_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
)

var exerciseName = regexp.MustCompile("`([a-z0-9-]+)`")

// TestThePlanFollowsTheCourse: the plan of 90 minutes has the exercises of the core and quick sets,
// in the order of the course.
func TestThePlanFollowsTheCourse(t *testing.T) {
	course, err := exercise.Course()
	require.NoError(t, err)
	want := map[exercise.Set][]string{}
	for _, entry := range course {
		want[entry.Set] = append(want[entry.Set], entry.Name)
	}
	for file, heading := range map[string]string{"class.md": "\n## 90 minutes",
		"class.zh.md": "\n## 90 分钟"} {
		data, err := os.ReadFile("../../docs/" + file)
		require.NoError(t, err)
		_, plan, found := strings.Cut(string(data), heading)
		require.True(t, found, file)
		plan, _, _ = strings.Cut(plan, "\n## ")
		got := map[exercise.Set][]string{}
		for line := range strings.Lines(plan) {
			cells := strings.Split(strings.TrimSpace(line), "|")
			if len(cells) != 7 { // five columns, and nothing on either side
				continue
			}
			for set, cell := range map[exercise.Set]string{exercise.Core: cells[4],
				exercise.Quick: cells[5]} {
				for _, name := range exerciseName.FindAllStringSubmatch(cell, -1) {
					got[set] = append(got[set], name[1])
				}
			}
		}
		assert.Equal(t, want[exercise.Core], got[exercise.Core], "%s, core", file)
		assert.Equal(t, want[exercise.Quick], got[exercise.Quick], "%s, quick", file)
	}
}
