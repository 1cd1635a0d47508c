// Package class is the board of a class: who is where in the exercises. It lives in the teacher's process and in the room's
// network, and forgets everything when it ends, unless it was told a file to keep it in.
package class

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// The bounds of a board.
const (
	MaxStudents = 200
	MaxName     = 24 // characters
)

// The errors of Join and Report; their texts are for the student.
var (
	ErrCode    = errors.New("this board has a join code, which the teacher shows you: add --code CODE")
	ErrRemoved = errors.New("the teacher removed you from the board; your work is untouched")

	ErrTaken   = errors.New("this name is taken: choose another one")
	ErrName    = fmt.Errorf("a name has 1 to %d printable characters", MaxName)
	ErrFull    = fmt.Errorf("the board is full: it has room for %d", MaxStudents)
	ErrUnknown = errors.New("the board does not know you: join again")
)

// Column is one exercise on the board.
type Column struct {
	Name   string    `json:"name"`
	Lesson string    `json:"lesson"`
	Title  lang.Text `json:"title"`
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
	code     string
	students []*Student      // in the order in which they joined
	removed  map[string]bool // tickets of students who were removed
	changed  chan struct{}
}

// maxRemoved bounds how many removed tickets a board remembers.
const maxRemoved = 10 * MaxStudents

// newCode returns a join code: six letters that are easy to read from a screen and to type, a choice of 148 million.
func newCode() string {
	const letters = "abcdefghjkmnpqrstuvwxyz"
	code := make([]byte, 6)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		code[i] = letters[n.Int64()]
	}
	return string(code)
}

// NewBoard makes an empty board.
func NewBoard(columns []Column) *Board {
	b := &Board{
		columns: columns, known: map[string]bool{}, now: time.Now,
		code: newCode(), removed: map[string]bool{}, changed: make(chan struct{}),
	}
	for _, c := range columns {
		b.known[c.Name] = true
	}
	return b
}

// Code returns what a student needs to join, besides a name.
func (b *Board) Code() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.code
}

// Join adds a student and returns the ticket that proves the name to be theirs. It takes the board's code, or the ticket of
// an earlier Join, with which a student may join again after a restart of either program.
func (b *Board) Join(name, ticket, code string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if !validName(name) {
		return "", ErrName
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.named(name)
	if s != nil && ticket != "" && s.ticket == ticket {
		s.Seen = b.now()
		b.wake()
		return ticket, nil
	}
	switch {
	case !strings.EqualFold(strings.TrimSpace(code), b.code):
		return "", ErrCode
	case s != nil:
		return "", ErrTaken
	case len(b.students) == MaxStudents:
		return "", ErrFull
	}
	s = &Student{Name: name, States: map[string]exercise.State{}, Since: b.now(), Seen: b.now(), ticket: rand.Text()}
	b.students = append(b.students, s)
	b.wake()
	return s.ticket, nil
}

// Remove takes students off the board: the one with this name or, if there is none, those whose names match it as a pattern
// such as "x*". Their programs are told and do not join again by themselves; the name is free. It returns the names.
func (b *Board) Remove(name string) (names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name = strings.Join(strings.Fields(name), " ")
	one := b.named(name)
	b.students = slices.DeleteFunc(b.students, func(s *Student) bool {
		matches, err := path.Match(strings.ToLower(name), strings.ToLower(s.Name))
		if s != one && (one != nil || err != nil || !matches) {
			return false
		}
		if len(b.removed) == maxRemoved {
			clear(b.removed)
		}
		b.removed[s.ticket] = true
		names = append(names, s.Name)
		return true
	})
	if len(names) > 0 {
		b.wake()
	}
	return names
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
		if b.removed[ticket] {
			return ErrRemoved
		}
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
