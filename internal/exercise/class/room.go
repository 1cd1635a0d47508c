// Package class runs a class: the students' seats and progress, what the teacher shows them, and
// the questions that they vote on. The room lives in the teacher's process. Its state is lost when
// the process ends, unless Save has written it to a file.
package class

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// Limits of a room.
const (
	MaxStudents = 200
	MaxName     = 24 // characters
)

// Refusals. Students and teachers read their texts.
var (
	ErrCode     = errors.New("wrong join code: the teacher's screen shows it")
	ErrRemoved  = errors.New("the teacher removed you from the class; your work is untouched")
	ErrTaken    = errors.New("this name is taken: choose another one")
	ErrName     = fmt.Errorf("a name has 1 to %d printable characters", MaxName)
	ErrFull     = fmt.Errorf("the class is full: it has room for %d", MaxStudents)
	ErrUnknown  = errors.New("the class does not know you: join again")
	ErrClosed   = errors.New("the teacher has closed the class; your work is untouched")
	ErrSeatCode = errors.New("no student has this seat code: your own class page shows yours")
	ErrClaims   = errors.New(
		"too many ask for a seat that is taken: choose another name, or wait for the teacher")
	ErrNoVote = errors.New("this vote is over, or has not begun")
	ErrAction = errors.New("this is not possible now")
)

// A Column is one exercise on the board.
type Column struct {
	Name   string        `json:"name"`
	Lesson string        `json:"lesson"`
	Kind   exercise.Kind `json:"kind"`
	Set    exercise.Set  `json:"set"`
	Title  lang.Text     `json:"title"`
}

// Columns returns the columns for a catalogue.
func Columns(all []exercise.Exercise) []Column {
	columns := []Column{}
	for _, e := range all {
		columns = append(columns, Column{e.Name, e.Lesson, e.Kind, e.Set, e.Title})
	}
	return columns
}

// A Config describes a Room.
type Config struct {
	Columns   []Column
	Questions []Question
	Mistakes  []Mistake // that the exercises' checks recognise
	Places    []Place   // pages that the teacher can show
	Rehearsal bool      // the students are simulated
}

// A Room is one class. Several goroutines may use it at the same time.
type Room struct {
	Config
	now func() time.Time

	mu         sync.Mutex // guards the fields below
	code       string
	teacherKey string // saved with the room, never sent; or ""
	closed     bool   // the teacher has closed the class
	anonymous  bool   // the wall shows aliases instead of names
	groups     int    // number of groups; 0 means none
	seats      seats
	lead       lead
	poll       *poll // the open question, or nil
	changed    chan struct{}
}

// NewRoom returns an empty room.
func NewRoom(c Config) *Room {
	return &Room{Config: c, now: time.Now, code: newCode(), seats: newSeats(),
		changed: make(chan struct{})}
}

// Code returns the join code.
func (r *Room) Code() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.code
}

// Changed returns a channel that is closed at the next change of the room.
func (r *Room) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// change runs f, and announces a change unless f refuses.
func (r *Room) change(f func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := f(); err != nil {
		return err
	}
	r.announce()
	return nil
}

// announce wakes everyone who waits for a change. The caller holds r.mu.
func (r *Room) announce() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// column returns the column of an exercise.
func (r *Room) column(name string) (Column, bool) {
	i := slices.IndexFunc(r.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return r.Columns[i], true
}
