package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise/class"
)

// TestAFailedSaveIsTriedAgain: what could not be written is written when it can be, and each turn is said once.
func TestAFailedSaveIsTriedAgain(t *testing.T) {
	board := class.NewBoard(nil)
	var log strings.Builder
	dir := filepath.Join(t.TempDir(), "away")
	k := keeper{board: board, path: filepath.Join(dir, "board.json"), log: &log}
	_, k.changed = board.Snapshot()
	k.save()
	assert.Empty(t, log.String(), "nothing has changed")
	_, err := board.Join("Ann", "", board.Code())
	require.NoError(t, err)
	k.save()
	k.save()
	assert.Equal(t, 1, strings.Count(log.String(), "cannot keep the board"), log.String())
	require.NoError(t, os.Mkdir(dir, 0o755))
	k.save()
	k.save()
	assert.Equal(t, 1, strings.Count(log.String(), "kept again"), log.String())
	again := class.NewBoard(nil)
	require.NoError(t, again.Load(k.path))
	shot, _ := again.Snapshot()
	require.Len(t, shot.Students, 1)
}

func TestTheTeachersCommands(t *testing.T) {
	board := class.NewBoard(nil)
	for _, name := range []string{"Ann", "Bob the second"} {
		_, err := board.Join(name, "", board.Code())
		require.NoError(t, err)
	}
	var out strings.Builder
	obey(strings.NewReader("\nhelp\nremove\nremove Cid\x1b\nremove bob the  second\n"), board, &out)
	assert.Equal(t, strings.Repeat("lab: the only command is: remove NAME\n", 2)+`lab: the board has no name "Cid\x1b"`+"\nremoved: Bob the second\n", out.String())
}
