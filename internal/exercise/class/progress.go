package class

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
)

// work records a student's progress.
type work struct {
	States  map[string]exercise.State `json:"states"`  // of exercises that are not new
	Current string                    `json:"current"` // the exercise at hand
	// start at the current one, or of the last solved one
	Since time.Time        `json:"since"`
	Tries map[string]int   `json:"tries,omitempty"`
	Hints map[string]int   `json:"hints,omitempty"`
	Last  map[string]Check `json:"last,omitempty"` // the last check of each exercise
}

func newWork(now time.Time) work {
	return work{States: map[string]exercise.State{}, Since: now, Tries: map[string]int{},
		Hints: map[string]int{}, Last: map[string]Check{}}
}

// A Progress is a report from a student's device.
type Progress struct {
	// of the exercises that this device knows
	States  map[string]exercise.State `json:"states,omitempty"`
	Current string                    `json:"current,omitempty"`
	Hints   map[string]int            `json:"hints,omitempty"`
	Check   *Check                    `json:"check,omitempty"` // a check that was just made
}

// A Check is the result of checking one exercise.
type Check struct {
	Exercise string    `json:"exercise"`
	Passed   bool      `json:"passed"`
	Step     int       `json:"step,omitempty"`  // steps that passed
	Steps    int       `json:"steps,omitempty"` // of the check
	Message  lang.Text `json:"message,omitzero"`
	Tries    int       `json:"tries,omitempty"` // on this device, if it counts them
}

const (
	maxMessage = 300 // characters of a message
	maxCount   = 999 // of tries, hints and steps
)

// Report updates a student's progress. Progress is never taken back, because a student's phone and
// laptop report different exercises. Unknown exercises and states are ignored.
func (r *Room) Report(ticket string, p Progress) error {
	return r.change(func() error {
		one, err := r.student(ticket)
		switch {
		case err != nil:
			return err
		case r.closed:
			return ErrClosed
		}
		_, known := r.column(p.Current)
		if !known {
			p.Current = ""
		}
		if p.Check != nil {
			if _, known = r.column(p.Check.Exercise); !known {
				p.Check = nil
			}
		}
		maps.DeleteFunc(p.States, func(name string, _ exercise.State) bool {
			_, known := r.column(name)
			return !known
		})
		maps.DeleteFunc(p.Hints, func(name string, _ int) bool {
			_, known := r.column(name)
			return !known
		})
		one.work.update(p, r.now())
		return nil
	})
}

// update applies a report about known exercises.
func (w *work) update(p Progress, now time.Time) {
	solved := w.solved()
	for name, state := range p.States {
		if rank(state) > rank(w.States[name]) {
			w.States[name] = state
		}
	}
	for name, n := range p.Hints {
		w.Hints[name] = max(w.Hints[name], min(n, maxCount))
	}
	current := p.Current
	if c := p.Check; c != nil {
		w.check(*c)
		current = cmp.Or(current, c.Exercise)
	}
	if current != "" && current != w.Current || w.solved() != solved {
		w.Since = now
	}
	w.Current = cmp.Or(current, w.Current)
	if p.Current == "" && p.Check == nil && len(p.States) > 0 {
		w.Current = "" // a device without an exercise at hand: all are solved
	}
}

func (w *work) check(c Check) {
	c.Step, c.Steps = clamp(c.Step), clamp(c.Steps)
	c.Message.EN, c.Message.ZH = truncate(c.Message.EN), truncate(c.Message.ZH)
	w.Tries[c.Exercise] = min(max(w.Tries[c.Exercise]+1, c.Tries), maxCount)
	c.Tries = 0
	if c.Passed {
		c.Message = lang.Text{}
		w.States[c.Exercise] = exercise.Done
	} else if w.States[c.Exercise] == "" {
		w.States[c.Exercise] = exercise.Started
	}
	w.Last[c.Exercise] = c
}

func clamp(n int) int { return max(0, min(n, maxCount)) }

// truncate shortens a message, and replaces what cannot be printed.
func truncate(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return text
}

func rank(s exercise.State) int {
	return slices.Index([]exercise.State{exercise.Started, exercise.Done}, s) // -1 for any other
}

func (w *work) solved() (n int) {
	for _, state := range w.States {
		if state == exercise.Done {
			n++
		}
	}
	return n
}

// failing returns the last check of the current exercise, if it failed.
func (w *work) failing() (Check, bool) {
	c, ok := w.Last[w.Current]
	return c, ok && !c.Passed
}

// A Mistake is one that an exercise's check recognises, from the exercise's wrong solutions.
type Mistake struct {
	Exercise string
	Phrase   string // part of the check's message, in English
	ZH       string // the same in Chinese, if it is known
	Name     string // of the misconception
	Code     string // what students write who have it
}

// A Failure is a message that several students see now.
type Failure struct {
	Exercise      string    `json:"exercise"`
	Message       lang.Text `json:"message"`
	Students      int       `json:"students"`
	Misconception string    `json:"misconception,omitempty"`
	Code          string    `json:"code,omitempty"`
}

var anyNumber = regexp.MustCompile(`[0-9]+`)

// failures returns the most frequent messages of exercises that are not solved now, at most n. Two
// messages that differ in numbers only count as one.
func failures(all []*student, mistakes []Mistake, n int) []Failure {
	type key struct{ exercise, message string }
	found := map[key]*Failure{}
	for _, one := range all {
		c, ok := one.failing()
		if !ok || c.Message == (lang.Text{}) {
			continue
		}
		k := key{c.Exercise, anyNumber.ReplaceAllString(c.Message.EN, "#")}
		mistake := recognise(c, mistakes)
		if mistake.Name != "" {
			k.message = mistake.Name
		}
		if found[k] == nil {
			found[k] = &Failure{Exercise: c.Exercise, Message: c.Message,
				Misconception: mistake.Name, Code: mistake.Code}
		}
		found[k].Students++
	}
	list := []Failure{}
	for _, f := range found {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(b.Students-a.Students, cmp.Compare(a.Exercise, b.Exercise),
			cmp.Compare(a.Message.EN, b.Message.EN))
	})
	return list[:min(n, len(list))]
}

// recognise returns the mistake whose phrase is in the check's message: the longest phrase, if
// several are.
func recognise(c Check, mistakes []Mistake) (best Mistake) {
	for _, m := range mistakes {
		said := m.Phrase != "" && strings.Contains(c.Message.EN, m.Phrase) ||
			m.ZH != "" && strings.Contains(c.Message.ZH, m.ZH)
		if m.Exercise == c.Exercise && said && len(m.Phrase) > len(best.Phrase) {
			best = m
		}
	}
	return best
}
