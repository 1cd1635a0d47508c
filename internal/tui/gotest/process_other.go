//go:build !unix

package gotest

import (
	"os/exec"
	"time"
)

// ownGroup bounds how long a killed command may take; this system has no process groups.
func ownGroup(c *exec.Cmd) { c.WaitDelay = time.Second }

func endGroup(*exec.Cmd) {}
