// Package check reports what an exercise's check found: one idea that was missed, in both
// languages, and a comparison of the bytes field by field.
//
// It imports only the standard library, because it is copied into the folder where a student works
// and compiled there without a network.
package check

import (
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Source is this package, to be copied into the folder where a student works.
//
//go:embed *.go
var Source embed.FS

// FindingsVariable names the environment variable with the file to which Fail appends its findings,
// one line of JSON each. Without it findings are printed, as for `go test -tags exercise` by hand.
const FindingsVariable = "LAB_FINDINGS"

// LimitVariable names the environment variable with the time that a check may take, such as "5s".
const LimitVariable = "LAB_LIMIT"

func init() {
	if limit, err := time.ParseDuration(os.Getenv(LimitVariable)); err == nil {
		time.AfterFunc(limit, func() { timedOut(limit) })
	}
}

// timedOut prints where each goroutine is and ends the process. Package testing also prints the
// stacks, but it does not stop the goroutines first, and leaves out goroutines that run on another
// thread, such as one in an endless loop.
func timedOut(limit time.Duration) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	fmt.Fprintf(os.Stderr, "\npanic: test timed out after %v\n\n%s\n", limit, stacks)
	os.Exit(2)
}

// Finding is one thing that is still wrong.
type Finding struct {
	EN     string  `json:"en"`
	ZH     string  `json:"zh"`
	Fields []Field `json:"fields,omitempty"`
	Trace  string  `json:"trace,omitempty"` // the stack of a panic in the student's code
}

// Field is one field of the bytes on the wire, with its expected value.
type Field struct {
	Name  string `json:"name"`
	Yours string `json:"yours"`
	Want  string `json:"want"`
	OK    bool   `json:"ok"`
	Spec  string `json:"spec,omitempty"` // the section that defines the field
}

// T is the part of testing.TB that a check needs.
type T interface {
	Helper()
	FailNow()
	Log(args ...any)
}

// finder is a T that keeps its findings itself.
type finder interface{ Find(Finding) }

// Fail ends the check with the idea that was missed. Both texts are formats for the same arguments.
func Fail(t T, en, zh string, args ...any) {
	t.Helper()
	Found(t, Finding{EN: format(en, args), ZH: format(zh, args)})
}

// Panicked ends the check with the panic that a deferred function has recovered; cause is its
// value. Both texts are formats for the same arguments. It panics again with package testing's
// panic about os.Exit, which has a text of its own.
func Panicked(t T, cause any, en, zh string, args ...any) {
	t.Helper()
	if strings.HasPrefix(fmt.Sprint(cause), "unexpected call to os.Exit") {
		panic(cause)
	}
	Found(t, Finding{EN: format(en, args), ZH: format(zh, args), Trace: string(debug.Stack())})
}

func format(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Found ends the check with a finding. Like t.FailNow it must be called from the check's own
// goroutine.
func Found(t T, f Finding) {
	t.Helper()
	if keeper, ok := t.(finder); ok {
		keeper.Find(f)
	} else if path := os.Getenv(FindingsVariable); path == "" || appendTo(path, f) != nil {
		t.Log("\n" + f.String())
	}
	t.FailNow()
}

func appendTo(path string, f Finding) error {
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// String is the finding in both languages, with its table.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", f.EN, f.ZH)
	for _, field := range f.Fields {
		mark := "  "
		if !field.OK {
			mark = "! "
		}
		fmt.Fprintf(&b, "%s%s: yours %s, expected %s (%s)\n", mark, field.Name, field.Yours,
			field.Want, field.Spec)
	}
	return b.String()
}

// Value fails unless yours equals want, and shows both.
func Value[V comparable](t T, name string, yours, want V, en, zh string, args ...any) {
	t.Helper()
	if yours == want {
		return
	}
	Found(t, Finding{EN: format(en, args), ZH: format(zh, args),
		Fields: []Field{{Name: name, Yours: show(yours), Want: show(want)}}})
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return quote([]byte(s))
	}
	return fmt.Sprint(v)
}
