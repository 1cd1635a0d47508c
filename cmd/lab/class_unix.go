//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// allowBackground lets the program run in the background of a shell: reading the terminal then
// fails instead of stopping it.
func allowBackground() { signal.Ignore(syscall.SIGTTIN) }
