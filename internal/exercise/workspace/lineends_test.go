package workspace_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
)

// TestEditorsOfWindows: a byte order mark and other line ends change nothing.
func TestEditorsOfWindows(t *testing.T) {
	w, some := desk(t, "predict-frames", "cursor")
	for _, e := range some {
		starter, err := e.Starter()
		require.NoError(t, err)
		for _, data := range starter {
			write(t, w, e, strings.ReplaceAll(string(data), "\n", "\r\n"))
		}
		assert.Equal(t, exercise.New, w.State(e), e.Name)
		diff, err := w.Diff(e)
		require.NoError(t, err)
		assert.Empty(t, diff, e.Name)
	}
	for _, e := range some {
		if e.Kind != exercise.Predict {
			continue
		}
		solution, err := e.Solution()
		require.NoError(t, err)
		answers := string(solution[exercise.AnswerFile])
		write(t, w, e, "\ufeff"+answers[strings.Index(answers, "["):]) // the first line is a name
		assert.True(t, check(t, w, e).Passed)
		write(t, w, e, strings.ReplaceAll(answers, "\n", "\r\n"))
		assert.True(t, check(t, w, e).Passed)
	}
}
