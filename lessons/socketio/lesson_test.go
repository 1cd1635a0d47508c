package socketio

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
)

// TestLesson: the texts and the demos show only code that is there, and each demo starts and ends.
func TestLesson(t *testing.T) {
	l := Lesson()
	for _, lang := range []lesson.Lang{lesson.English, lesson.Chinese} {
		text, err := l.Expand(lang)
		require.NoError(t, err)
		require.NotContains(t, text, "{{")
	}
	for _, d := range l.Demos {
		for _, ref := range d.Source {
			_, err := lesson.Region(l.Source, ref)
			require.NoError(t, err)
		}
		running, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		require.Zero(t, running.Clients())
		require.NoError(t, running.Close(t.Context()))
	}
}
