package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/lessons"
)

// student is a fixture with the lab's own lessons, and a folder for the exercises.
func student(t *testing.T) (*fixture, string) {
	folder := filepath.Join(t.TempDir(), "work")
	return studentIn(t, folder), folder
}

func studentIn(t *testing.T, folder string) *fixture {
	c := configured()
	c.Lessons, c.ExerciseFolder = lessons.All(), folder
	s := newBackground(c)
	t.Cleanup(func() { assert.NoError(t, s.close()) })
	d := &fixture{newModel(c, s), t}
	d.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	d.type_("2")
	return d
}

// openFirst opens the first exercise of a kind.
func (d *fixture) openFirst(kind exercise.Kind) exercise.Exercise {
	for i, e := range d.exercises.all {
		if e.Kind == kind {
			d.exercises.selected = i
			d.type_("enter")
			return e
		}
	}
	d.t.Fatal("no such exercise")
	return exercise.Exercise{}
}

// solve puts our solution in the place of the student's files.
func (d *fixture) solve(e exercise.Exercise) {
	files, err := e.Solution()
	require.NoError(d.t, err)
	for name, data := range files {
		require.NoError(d.t, os.WriteFile(filepath.Join(d.exercises.workspace.Folder(e), name),
			data, 0o644))
	}
}

func TestNothingIsWrittenBeforeAnExerciseIsOpened(t *testing.T) {
	d, folder := student(t)
	assert.Contains(t, d.View(), "cursor")
	assert.NoDirExists(t, folder)
	d.type_("enter")
	assert.DirExists(t, folder)
	assert.Contains(t, d.View(), d.exercises.files(d.exercises.all[0])[0])
}

func TestAnExerciseFromItsTaskToItsSolution(t *testing.T) {
	d, _ := student(t)
	e := d.openFirst(exercise.Predict)
	d.type_("S")
	assert.Contains(t, d.View(), "See the solution all the same?")
	d.type_("n")
	assert.Equal(t, theTask, d.exercises.document.kind)
	d.type_("r")
	assert.Contains(t, d.View(), "✗ "+e.Name)
	assert.Contains(t, d.View(), "Stuck?")
	d.type_("H")
	assert.Contains(t, d.View(), "Hint 1 of 3")
	d.type_("H")
	assert.Contains(t, d.View(), "Hint 2 of 3")
	d.type_("d")
	assert.Contains(t, d.View(), "you have changed nothing yet")

	d.solve(e)
	d.type_("d")
	assert.Equal(t, theDiff, d.exercises.document.kind)
	d.type_("r")
	assert.Contains(t, d.View(), "solved")
	assert.Equal(t, exercise.Done, d.exercises.states[e.Name])
	assert.NotEqual(t, d.exercises.index(e.Name), d.exercises.next())
	d.type_("L")
	assert.Contains(t, d.View(), "通过")
	d.type_("L")
	d.type_("S")
	assert.Equal(t, theSolution, d.exercises.document.kind)

	d.type_("R")
	d.type_("y")
	assert.Contains(t, d.View(), "what you had is in")
	assert.Equal(t, exercise.New, d.exercises.states[e.Name])
	d.type_("esc")
	d.type_("u")
	assert.True(t, d.exercises.opened)
	assert.Equal(t, d.exercises.next(), d.exercises.selected)
}

func TestEditedExercisesAreCheckedTogether(t *testing.T) {
	d, _ := student(t)
	d.solve(d.openFirst(exercise.Predict))
	d.type_("esc")
	d.type_("A")
	assert.Contains(t, d.View(), "checked 1, solved 1")
	d.type_("esc")
	assert.Contains(t, d.View(), fmt.Sprintf("Exercises 1/%d", len(d.exercises.all)), "in the tab")
}

func TestASavedExerciseIsChecked(t *testing.T) {
	d, _ := student(t)
	e := d.openFirst(exercise.Predict)
	_, cmd := d.Update(pressed("W"))
	said := make(chan tea.Msg, 1)
	begun := make(chan struct{})
	_, cmd = d.Update(cmd()) // it has begun
	go func() { close(begun); said <- cmd() }()
	<-begun
	// The watch begins on that goroutine: the file is saved until it has been seen,
	// with rests, for a file is checked when it is at rest.
	var msg tea.Msg
	for i := 0; msg == nil; i++ {
		require.NoError(t, os.WriteFile(d.exercises.files(e)[0], []byte{byte('a' + i%26)}, 0o644))
		select {
		case msg = <-said:
		case <-time.After(time.Second):
			require.Less(t, i, 30, "not seen")
		}
	}
	assert.Equal(t, e.Name, msg.(watchTold).news[0])
	d.exercises.turnTo(instructions(e))
	_, cmd = d.Update(msg)
	batch, ok := cmd().(tea.BatchMsg)
	require.True(t, ok)
	d.follow(batch[1])
	assert.Equal(t, theResult, d.exercises.document.kind)
	d.type_("W")
	assert.False(t, d.exercises.watching)
	for { // what was saved meanwhile, then the end
		if last := batch[0]().(watchTold); last.end != nil {
			d.send(last)
			break
		}
	}
	assert.NoError(t, d.exercises.err)
}

func TestEscapeEndsACheck(t *testing.T) {
	d, _ := student(t)
	d.openFirst(exercise.FillIn)
	_, check := d.Update(pressed("r"))
	assert.Contains(t, d.View(), "checking")
	d.type_("H")
	assert.Contains(t, d.View(), "one thing at a time")
	d.type_("esc")
	d.follow(check)
	assert.Contains(t, d.View(), "Stopped.")
	assert.True(t, d.exercises.opened)
}

func TestABrokenFolderIsOneLine(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.mod"),
		[]byte("module else\n"), 0o644))
	d := studentIn(t, folder)
	assert.Contains(t, d.View(), "is a Go module of its own")
	d.type_("enter")
	assert.Contains(t, d.View(), "is a Go module of its own")
	assert.False(t, d.exercises.opened)
}
