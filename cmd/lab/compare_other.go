//go:build !unix && !windows

package main

import "os/exec"

// detach does nothing: the system has no process groups.
func detach(*exec.Cmd) {}
