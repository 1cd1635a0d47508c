// Package class is the board of a class: who is where in the exercises. It lives in the teacher's process and in the room's
// network, and forgets everything when it ends, unless it was told a file to keep it in.
package class

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lesson"
)

// The bounds of a board.
const (
	MaxStudents = 200
	MaxName     = 24 // characters
)

// The errors of Join and Report; their texts are for the student.
var (
	ErrTaken   = errors.New("this name is taken: choose another one")
	ErrName    = fmt.Errorf("a name has 1 to %d printable characters", MaxName)
	ErrFull    = fmt.Errorf("the board is full: it has room for %d", MaxStudents)
	ErrUnknown = errors.New("the board does not know you: join again")
)

// Column is one exercise on the board.
type Column struct {
	Name   string      `json:"name"`
	Lesson string      `json:"lesson"`
	Title  lesson.Text `json:"title"`
}

// Columns are those of a catalogue.
func Columns(all []exercise.Exercise) []Column {
	columns := []Column{}
	for _, e := range all {
		columns = append(columns, Column{e.Name, e.Lesson, e.Title})
	}
	return columns
}

// Student is one row.
type Student struct {
	Name    string                    `json:"name"`
	States  map[string]exercise.State `json:"states"`  // of exercises that are not new
	Current string                    `json:"current"` // the exercise at hand
	Since   time.Time                 `json:"since"`   // at the current one, with no exercise solved in between
	Seen    time.Time                 `json:"seen"`    // when the student's program last spoke

	ticket string
}

// Board is safe for use by many goroutines.
type Board struct {
	columns []Column
	known   map[string]bool
	now     func() time.Time

	mu       sync.Mutex
	students []*Student // in the order in which they joined
	changed  chan struct{}
}

// NewBoard makes an empty board.
func NewBoard(columns []Column) *Board {
	b := &Board{columns: columns, known: map[string]bool{}, now: time.Now, changed: make(chan struct{})}
	for _, c := range columns {
		b.known[c.Name] = true
	}
	return b
}

// Join adds a student and returns the ticket that proves the name to be theirs. With the ticket a student may join again, after
// a restart of either program.
func (b *Board) Join(name, ticket string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if !validName(name) {
		return "", ErrName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.named(name); s != nil {
		if ticket == "" || s.ticket != ticket {
			return "", ErrTaken
		}
		s.Seen = b.now()
		b.wake()
		return ticket, nil
	}
	if len(b.students) == MaxStudents {
		return "", ErrFull
	}
	s := &Student{Name: name, States: map[string]exercise.State{}, Since: b.now(), Seen: b.now(), ticket: rand.Text()}
	b.students = append(b.students, s)
	b.wake()
	return s.ticket, nil
}

// named finds a student; names that differ in case alone are one. b.mu is held.
func (b *Board) named(name string) *Student {
	for _, s := range b.students {
		if strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return nil
}

func validName(name string) bool {
	if !utf8.ValidString(name) || name == "" || utf8.RuneCountInString(name) > MaxName {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Report sets where a student is. What is no exercise or no state is passed over.
func (b *Board) Report(ticket string, states map[string]exercise.State, current string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.students, func(s *Student) bool { return ticket != "" && s.ticket == ticket })
	if i < 0 {
		return ErrUnknown
	}
	s := b.students[i]
	solved := s.solved()
	s.States = map[string]exercise.State{}
	for name, state := range states {
		if b.known[name] && (state == exercise.Started || state == exercise.Done) {
			s.States[name] = state
		}
	}
	if !b.known[current] {
		current = ""
	}
	s.Seen = b.now()
	if current != s.Current || s.solved() != solved {
		s.Current, s.Since = current, b.now()
	}
	b.wake()
	return nil
}

func (s *Student) solved() (n int) {
	for _, state := range s.States {
		if state == exercise.Done {
			n++
		}
	}
	return n
}

// wake tells who waits for a change. b.mu is held.
func (b *Board) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Snapshot is the whole board at one moment.
type Snapshot struct {
	Columns  []Column  `json:"columns"`
	Students []Student `json:"students"`
	Now      time.Time `json:"now"`
}

// Snapshot returns the board as it is, and a channel that is closed at the next change.
func (b *Board) Snapshot() (Snapshot, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	shot := Snapshot{Columns: b.columns, Students: []Student{}, Now: b.now()}
	for _, s := range b.students {
		shot.Students = append(shot.Students, *s) // States is replaced by Report, never changed
	}
	return shot, b.changed
}
