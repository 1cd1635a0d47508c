//go:build !unix

package process

import "os/exec"

// ownGroup does nothing: this system has no process groups.
func ownGroup(*exec.Cmd) {}

// endFamily does nothing: the members of the family are unknown.
func (p *Program) endFamily() {}
