package longpoll

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/lesson"
)

// TestDemos: a demo shows only code that is there, starts and ends.
func TestDemos(t *testing.T) {
	l := Lesson()
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
