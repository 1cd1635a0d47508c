// Package noquery keeps Bubble Tea from asking the terminal for its background color while the
// program initializes: a terminal that does not answer delays each command by 5 s.
//
// Bubble Tea asks in its init function, through termenv, which does not ask where CI is set. So
// this package sets CI, and End takes it back. Go initializes a package as soon as its imports are,
// in the order of import paths. This one imports syscall only, so it comes before time, and
// Bubble Tea, which imports time, comes later.
package noquery

import "syscall"

var (
	before, found = syscall.Getenv("CI")
	set           = before == "" && syscall.Setenv("CI", "true") == nil
)

// End restores the environment.
func End() {
	switch {
	case !set:
	case found:
		_ = syscall.Setenv("CI", before)
	default:
		_ = syscall.Unsetenv("CI")
	}
	set = false
}
