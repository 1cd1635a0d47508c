package class

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"realtimelab/internal/draft"
	"realtimelab/internal/exercise"
)

// kept is the form of the file.
type kept struct {
	Version  int           `json:"version"`
	Code     string        `json:"code,omitempty"` // so that the students' commands still work
	Students []keptStudent `json:"students"`
}

type keptStudent struct {
	Student
	Ticket string `json:"ticket"`
}

const keptVersion = 1

// Load fills the board from a file that Save wrote. A file that is not there is an empty board.
func (b *Board) Load(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil || k.Version != keptVersion {
		return fmt.Errorf("%s is no board of a class: move it away, or name another file", path)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if k.Code != "" {
		b.code = k.Code
	}
	for _, s := range k.Students {
		if !validName(s.Name) || b.named(s.Name) != nil || len(b.students) == MaxStudents {
			continue
		}
		student := s.Student
		student.ticket = s.Ticket
		if student.States == nil {
			student.States = map[string]exercise.State{}
		}
		b.students = append(b.students, &student)
	}
	b.wake()
	return nil
}

// Save writes the board to the file, whole or not at all. The file lets its students join again, so only its owner reads it.
func (b *Board) Save(path string) error {
	k := kept{Version: keptVersion, Students: []keptStudent{}}
	b.mu.Lock()
	k.Code = b.code
	for _, s := range b.students {
		k.Students = append(k.Students, keptStudent{*s, s.ticket})
	}
	b.mu.Unlock()
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return draft.Write(path, append(data, '\n'), 0o600)
}
