package connect

import (
	"strings"

	"realtimelab/internal/lang"
)

// A Code is the exit status that a failure gives the program.
type Code int

// The exit statuses of `lab connect`. 0 means that everything was done.
const (
	Unreachable Code = 1 // no connection: the network, TLS, or a server that speaks something else
	// a wrong command line, a wrong line of a script, or a fault of this machine
	Wrong        Code = 2
	Refused      Code = 3 // the server refused the namespace
	TimedOut     Code = 4 // what a command waited for did not come in time
	Unexpected   Code = 5 // what came was not what the script expects
	Disconnected Code = 6 // the connection ended before the commands did
)

// A Failure is an error with its exit status, and what may help.
type Failure struct {
	Code Code
	Err  error
	Hint lang.Text // may be empty
}

// Error returns the error and the hint in English.
func (f *Failure) Error() string { return f.In(lang.English) }

// In returns the error and the hint in a language.
func (f *Failure) In(l lang.Lang) string {
	if f.Hint == (lang.Text{}) {
		return words(f.Err, l)
	}
	return words(f.Err, l) + l.Say(". Hint: ", "。提示：") + f.Hint.In(l)
}

// words returns an error without the name of the package that it comes from.
func words(err error, l lang.Lang) string {
	return strings.ReplaceAll(lang.Message(err, l), "sioclient: ", "")
}

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

// ExitStatus returns the exit status.
func (f *Failure) ExitStatus() int { return int(f.Code) }

// failf returns a failure, see lang.Errorf.
func failf(code Code, en, zh string, args ...any) *Failure {
	return &Failure{Code: code, Err: lang.Errorf(en, zh, args...)}
}
