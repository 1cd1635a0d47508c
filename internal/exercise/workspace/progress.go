package workspace

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"realtimelab/internal/draft"
	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// Note is a message for the student, in both languages.
type Note = lang.Text

// progressFile holds the progress that the exercises' files do not show.
const progressFile = "progress.json"

type progress struct {
	Version int                  `json:"version"`
	Done    map[string]time.Time `json:"done"` // when it was solved
	// checked without success, so the files may be unchanged
	Begun   map[string]bool `json:"begun,omitempty"`
	Current string          `json:"current,omitempty"` // the exercise that the student chose
	Hints   map[string]int  `json:"hints,omitempty"`   // number of hints taken
	// the last target of a black box
	Target  map[string]string `json:"target,omitempty"`
	Tickets map[string]string `json:"tickets,omitempty"`
	// wrong predictions, by exercise and slot with a space between
	Tries map[string]tries `json:"tries,omitempty"`
}

// tries counts the wrong answers to a slot. The same answer checked again does not count.
type tries struct {
	Count int    `json:"count"`
	Last  string `json:"last"`
}

// before returns the number of wrong answers before this one.
func (t tries) before(answer string) int {
	if t.Count > 0 && t.Last == answer {
		return t.Count - 1
	}
	return t.Count
}

const progressVersion = 1

func (p *progress) fill() {
	p.Version = progressVersion
	if p.Done == nil {
		p.Done = map[string]time.Time{}
	}
	if p.Begun == nil {
		p.Begun = map[string]bool{}
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
	if p.Tries == nil {
		p.Tries = map[string]tries{}
	}
}

func (w *Workspace) progressPath() string { return filepath.Join(w.Dir, progressFile) }

// readProgress reads the progress file. If the file is lost although exercises were edited,
// NeedsRebuild will report it. It writes nothing.
func (w *Workspace) readProgress() error {
	w.progress.fill()
	data, err := os.ReadFile(w.progressPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var p progress
	if err == nil && json.Unmarshal(data, &p) == nil && p.Version == progressVersion {
		p.fill()
		w.progress = p
		return nil
	}
	w.broken = err == nil || len(w.started()) > 0
	return nil
}

// loadProgress reads the progress file, or writes a new one. An unreadable file is kept under
// another name.
func (w *Workspace) loadProgress() error {
	if err := w.readProgress(); err != nil {
		return err
	}
	kept := w.progressPath() + ".broken"
	if w.broken {
		switch err := os.Rename(w.progressPath(), kept); {
		case err == nil:
			w.Notes = append(w.Notes, Note{
				EN: "The progress file could not be read. It is kept as " + kept + ".",
				ZH: "进度文件读不出来，原样保存在 " + kept + "。",
			})
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if len(w.started()) > 0 {
			return nil // Rebuild writes the file
		}
		w.broken = false
	}
	if _, err := os.Stat(w.progressPath()); err == nil {
		return nil
	}
	return w.save()
}

// NeedsRebuild reports whether the progress was lost although exercises were edited. Rebuild finds
// out again what is solved.
func (w *Workspace) NeedsRebuild() bool { return w.broken }

// started returns the exercises that were edited and are not known to be solved. Rebuild checks
// them.
func (w *Workspace) started() []exercise.Exercise {
	var all []exercise.Exercise
	for _, e := range w.Catalogue {
		if w.State(e) == exercise.Started {
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
	return draft.Write(w.progressPath(), append(data, '\n'), 0o600) // it holds the tickets
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

// State returns the student's progress in the exercise.
func (w *Workspace) State(e exercise.Exercise) exercise.State {
	switch {
	case !w.progress.Done[e.Name].IsZero():
		return exercise.Done
	case w.progress.Begun[e.Name], w.edited(e):
		return exercise.Started
	}
	return exercise.New
}

// Next returns the exercise to do next: the one that the student chose, until it is solved, else
// the first of the course that is not solved. It considers the exercises that f selects, and
// returns false if all of them are solved.
func (w *Workspace) Next(f exercise.Filter) (exercise.Exercise, bool) {
	var next *exercise.Exercise
	for _, e := range f.Select(w.Catalogue) {
		if w.State(e) == exercise.Done {
			continue
		}
		if e.Name == w.progress.Current {
			return e, true
		}
		if next == nil {
			next = &e
		}
	}
	if next == nil {
		return exercise.Exercise{}, false
	}
	return *next, true
}

// Choose makes e the next exercise until it is solved.
func (w *Workspace) Choose(e exercise.Exercise) error {
	return w.change(func(p *progress) { p.Current = e.Name })
}

// Target returns the server that the last check of a black box attacked, "" if it was the student's
// own main.go.
func (w *Workspace) Target(e exercise.Exercise) string { return w.progress.Target[e.Name] }

// Hint returns the next hint of the exercise and its number from 1. After the last hint it returns
// the last one again.
func (w *Workspace) Hint(e exercise.Exercise) (hint lang.Text, number int, err error) {
	err = w.change(func(p *progress) {
		p.Hints[e.Name] = max(1, min(p.Hints[e.Name]+1, len(e.Hints)))
		number = p.Hints[e.Name]
	})
	return e.Hints[number-1], number, err
}

// countTry records a wrong answer to a slot.
func (w *Workspace) countTry(slot, answer string) error {
	if known := w.progress.Tries[slot]; known.before(answer) < known.Count {
		return nil
	}
	return w.change(func(p *progress) { p.Tries[slot] = tries{p.Tries[slot].Count + 1, answer} })
}

// Ticket returns the ticket that a class gave this student, which keeps the name theirs; empty
// without one.
func (w *Workspace) Ticket(board, name string) string { return w.progress.Tickets[board+" "+name] }

// KeepTicket stores the ticket of a class.
func (w *Workspace) KeepTicket(board, name, ticket string) error {
	return w.change(func(p *progress) {
		if len(p.Tickets) >= 50 { // boards of other lessons
			clear(p.Tickets)
		}
		p.Tickets[board+" "+name] = ticket
	})
}

// HintsTaken returns how many hints the student has asked for, by exercise.
func (w *Workspace) HintsTaken() map[string]int { return maps.Clone(w.progress.Hints) }
