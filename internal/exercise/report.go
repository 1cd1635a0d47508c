package exercise

import (
	"encoding/json"
	"time"

	"realtimelab/internal/exercise/check"
	"realtimelab/internal/lang"
)

// Cause says what kind of problem a check found.
type Cause string

// The causes.
const (
	Idea      Cause = "idea"      // it runs, and does not do what it should
	Compile   Cause = "compile"   // it is no Go program, or no JavaScript
	Time      Cause = "time"      // it did not come to an end
	Panic     Cause = "panic"     // it crashed, or ended before the check did
	Memory    Cause = "memory"    // it used too much of it
	Toolchain Cause = "toolchain" // there is no Go to compile it with, or no browser to run it in
	Target    Cause = "target"    // the server to check does not answer
	File      Cause = "file"      // the student's file cannot be read as it should be
)

// State is how far a student is with an exercise.
type State string

// The states.
const (
	New     State = "new"     // as given
	Started State = "started" // edited, not solved
	Done    State = "done"    // its check has passed
)

// SourceLine is a line of the student's own.
type SourceLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"`
	Text    string `json:"text"`
	Message string `json:"message,omitempty"`
}

// Problem is the first thing that is not yet right: one at a time.
type Problem struct {
	Cause  Cause         `json:"cause"`
	Text   lang.Text     `json:"text"`
	Fields []check.Field `json:"fields,omitempty"`
	Lines  []SourceLine  `json:"lines,omitempty"`

	// Of a prediction: the slot, whether this was a wrong answer (not a missing or an unreadable one),
	// and the right answer once it is revealed. Until then the fields have no right values.
	Slot   string `json:"slot,omitempty"`
	Counts bool   `json:"-"`
	Answer string `json:"answer,omitempty"`
}

// NewProblem returns a problem of that cause, in both languages.
func NewProblem(cause Cause, en, zh string) *Problem {
	return &Problem{Cause: cause, Text: lang.Text{EN: en, ZH: zh}}
}

// Found returns the problem that a check found.
func Found(f check.Finding) *Problem {
	return &Problem{Cause: Idea, Text: lang.Text{EN: f.EN, ZH: f.ZH}, Fields: f.Fields}
}

// NewReport returns the report of a check with that many steps, none of which has passed.
func NewReport(e Exercise, steps int) Report {
	return Report{Name: e.Name, Lesson: e.Lesson, Kind: e.Kind, Steps: steps}
}

// A Report is the result of one check.
type Report struct {
	Name    string
	Lesson  string
	Kind    Kind
	Passed  bool
	Steps   int       // of the check
	Passing int       // steps that passed before the first that did not
	Step    lang.Text // title of that step, if it has one
	Problem *Problem
	Output  string // what the student's program printed, the first part of it
	Target  string // the remembered server of a black box, "" if the check named one or started the student's own
	Took    time.Duration
}

// MarshalJSON is the form of `lab exercise check --json`.
func (r Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name    string    `json:"name"`
		Lesson  string    `json:"lesson"`
		Kind    Kind      `json:"kind"`
		Passed  bool      `json:"passed"`
		Steps   int       `json:"steps"`
		Passing int       `json:"passing"`
		Step    lang.Text `json:"step,omitzero"`
		Problem *Problem  `json:"problem,omitempty"`
		Output  string    `json:"output,omitempty"`
		Target  string    `json:"target,omitempty"`
		Took    int64     `json:"took_ms"`
	}{r.Name, r.Lesson, r.Kind, r.Passed, r.Steps, r.Passing, r.Step, r.Problem, r.Output, r.Target, r.Took.Milliseconds()})
}
