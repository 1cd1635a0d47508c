//go:build !unix

package exercise

import "os/exec"

func ownGroup(*exec.Cmd) {}

func (p *program) endFamily() {}
