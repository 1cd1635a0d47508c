package exercise

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"realtimelab/internal/draft"
	"realtimelab/internal/lesson"
)

// State is how far a student is with an exercise.
type State string

// The states.
const (
	New     State = "new"     // as given
	Started State = "started" // edited, not solved
	Done    State = "done"    // its check has passed
)

// Note is something the student should know, in both languages.
type Note = lesson.Text

// progressFile holds what cannot be seen from the exercises themselves.
const progressFile = "progress.json"

type progress struct {
	Version int                  `json:"version"`
	Done    map[string]time.Time `json:"done"`             // when it was solved
	Hints   map[string]int       `json:"hints,omitempty"`  // how many were asked for
	Target  map[string]string    `json:"target,omitempty"` // the server that a black box was last pointed at
	Tickets map[string]string    `json:"tickets,omitempty"`
}

const progressVersion = 1

func (p *progress) fill() {
	p.Version = progressVersion
	if p.Done == nil {
		p.Done = map[string]time.Time{}
	}
	if p.Hints == nil {
		p.Hints = map[string]int{}
	}
	if p.Target == nil {
		p.Target = map[string]string{}
	}
	if p.Tickets == nil {
		p.Tickets = map[string]string{}
	}
}

func (w *Workspace) progressPath() string { return filepath.Join(w.Dir, progressFile) }

// loadProgress reads the file. One that is broken is kept beside, and Rebuild is due.
func (w *Workspace) loadProgress() error {
	data, err := os.ReadFile(w.progressPath())
	if err == nil {
		var p progress
		if json.Unmarshal(data, &p) == nil && p.Version == progressVersion {
			p.fill()
			w.progress = p
			return nil
		}
		kept := w.progressPath() + ".broken"
		if err := os.Rename(w.progressPath(), kept); err != nil {
			return err
		}
		w.Notes = append(w.Notes, Note{
			EN: "The progress file could not be read; it is kept as " + kept + ".",
			ZH: "进度文件读不出来，原样保存在 " + kept + "。",
		})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.progress.fill()
	w.broken = len(w.started()) > 0
	if w.broken {
		return nil // Rebuild writes the file when it is whole
	}
	return w.save()
}

// NeedsRebuild tells that the progress was lost though there is work: Rebuild finds out again what is solved.
func (w *Workspace) NeedsRebuild() bool { return w.broken }

// started are the exercises that were edited and are not known to be solved: what Rebuild checks.
func (w *Workspace) started() []Exercise {
	var all []Exercise
	for _, e := range w.Catalogue {
		if w.State(e) == Started {
			all = append(all, e)
		}
	}
	return all
}

func (w *Workspace) save() error {
	data, err := json.MarshalIndent(w.progress, "", "  ")
	if err != nil {
		return err
	}
	return draft.Write(w.progressPath(), append(data, '\n'))
}

// change edits the progress as it is on disk now: another command may have changed it since.
func (w *Workspace) change(edit func(*progress)) error {
	if data, err := os.ReadFile(w.progressPath()); err == nil {
		var p progress
		if json.Unmarshal(data, &p) == nil && p.Version == progressVersion {
			p.fill()
			w.progress = p
		}
	}
	edit(&w.progress)
	return w.save()
}

// State tells how far the student is with the exercise.
func (w *Workspace) State(e Exercise) State {
	switch {
	case !w.progress.Done[e.Name].IsZero():
		return Done
	case w.edited(e):
		return Started
	}
	return New
}

// Next is the first exercise that is not solved, in the catalogue's order; false if all are.
func (w *Workspace) Next() (Exercise, bool) {
	for _, e := range w.Catalogue {
		if w.State(e) != Done {
			return e, true
		}
	}
	return Exercise{}, false
}

// Hint returns the next hint of the exercise and its number from 1, and the last one again when there is no further.
func (w *Workspace) Hint(e Exercise) (hint lesson.Text, number int, err error) {
	err = w.change(func(p *progress) {
		p.Hints[e.Name] = max(1, min(p.Hints[e.Name]+1, len(e.Hints)))
		number = p.Hints[e.Name]
	})
	return e.Hints[number-1], number, err
}

// Ticket is what a class board gave this student, so that the name stays theirs; empty if none.
func (w *Workspace) Ticket(board, name string) string { return w.progress.Tickets[board+" "+name] }

// KeepTicket remembers it.
func (w *Workspace) KeepTicket(board, name, ticket string) error {
	return w.change(func(p *progress) {
		if len(p.Tickets) >= 50 { // boards of other lessons
			clear(p.Tickets)
		}
		p.Tickets[board+" "+name] = ticket
	})
}
