package main

import (
	"os/exec"
	"syscall"
)

// detach keeps the console's Ctrl-C from reaching the command.
func detach(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
