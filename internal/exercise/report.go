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
	Idea      Cause = "idea"      // it runs, but does the wrong thing
	Compile   Cause = "compile"   // it does not compile, or is not valid JavaScript
	Time      Cause = "time"      // it did not end in time
	Panic     Cause = "panic"     // it crashed, or ended before the check did
	Memory    Cause = "memory"    // it used too much memory
	Toolchain Cause = "toolchain" // the machine has no Go to compile it, or no browser to run it
	Target    Cause = "target"    // the server to check does not answer
	File      Cause = "file"      // the student's file cannot be read
)

// State is a student's progress in an exercise.
type State string

// The states.
const (
	New     State = "new"     // as given
	Started State = "started" // edited, not solved
	Done    State = "done"    // its check has passed
)

// SourceLine is a line of the student's code.
type SourceLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"`
	Text    string `json:"text"`
	Message string `json:"message,omitempty"`
}

// Problem is the first thing that is wrong. A report has one at a time.
type Problem struct {
	Cause  Cause         `json:"cause"`
	Text   lang.Text     `json:"text"`
	Fields []check.Field `json:"fields,omitempty"`
	Lines  []SourceLine  `json:"lines,omitempty"`

	// For a prediction: the slot, whether this counts as a wrong answer (a missing or unreadable
	// one does not), and the right answer once it is revealed. Until then the fields have no right
	// values.
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

// NewReport returns the report of a check with that many steps, of which none has passed yet.
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
	Step    lang.Text // title of the step that did not
	Problem *Problem
	Output  string // the first part of the student's program's output
	// the remembered server of a black box, "" if the check named one or started the student's own
	Target string
	Took   time.Duration
}

// MarshalJSON returns the output of `lab exercise check --json`.
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
	}{r.Name, r.Lesson, r.Kind, r.Passed, r.Steps, r.Passing, r.Step, r.Problem, r.Output, r.Target,
		r.Took.Milliseconds()})
}
