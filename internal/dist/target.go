// Package dist builds the lab for several systems, and hands the files out to a class.
package dist

import (
	"strings"
)

// A Target is a system that the lab is built for, as GOOS and GOARCH.
type Target struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
}

// Targets lists the systems of `make dist`.
var Targets = []Target{
	{"windows", "amd64"}, {"windows", "arm64"},
	{"darwin", "arm64"}, {"darwin", "amd64"},
	{"linux", "amd64"}, {"linux", "arm64"},
}

// File returns the name of the target's binary, such as lab-windows-amd64.exe.
func (t Target) File() string {
	name := "lab-" + t.OS + "-" + t.Arch
	if t.OS == "windows" {
		name += ".exe"
	}
	return name
}

var systems = map[string]string{"windows": "Windows", "darwin": "macOS", "linux": "Linux"}

var machines = map[Target]string{
	{"windows", "amd64"}: "Intel/AMD", {"windows", "arm64"}: "ARM",
	{"darwin", "amd64"}: "Intel", {"darwin", "arm64"}: "Apple silicon",
	{"linux", "amd64"}: "x86-64", {"linux", "arm64"}: "ARM",
}

// Title returns the target's name for a reader, such as "macOS (Apple silicon)".
func (t Target) Title() string { return systems[t.OS] + " (" + machines[t] + ")" }

// ofFile returns the target whose binary has this name.
func ofFile(name string) (Target, bool) {
	for _, t := range Targets {
		if t.File() == name {
			return t, true
		}
	}
	return Target{}, false
}

// Guess returns the target that a browser's User-Agent header names. It reports false for a phone,
// a tablet and anything unknown. Browsers on macOS claim an Intel processor on every Mac, and
// Windows on ARM claims x64: the guess is the usual machine of today, and the visitor may choose
// another.
func Guess(userAgent string) (Target, bool) {
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(userAgent, word) {
				return true
			}
		}
		return false
	}
	switch {
	case has("Android", "iPhone", "iPad", "Mobile", "CrOS"):
		return Target{}, false
	case has("Windows"):
		if has("ARM64") {
			return Target{"windows", "arm64"}, true
		}
		return Target{"windows", "amd64"}, true
	case has("Macintosh", "Darwin"):
		return Target{"darwin", "arm64"}, true
	case has("Linux", "X11"):
		if has("aarch64", "arm64") {
			return Target{"linux", "arm64"}, true
		}
		return Target{"linux", "amd64"}, true
	}
	return Target{}, false
}
