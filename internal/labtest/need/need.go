// Package need declares what a test needs beyond the go command and a few seconds. Tool and Time
// skip the test under -short, which `make quick` sets. No other code skips a test.
package need

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Chromium holds the names of Chromium and Chrome, for Tool.
var Chromium = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Tool returns the path of the first of the names that is installed. Without any, it skips
// the test, or fails it where CI=true: CI installs every tool.
func Tool(t testing.TB, names ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs %s: not under -short", names[0])
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing := strings.Join(names, " or ") + " is not installed"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing + "; CI must have it: see .ci/setup")
	}
	t.Skip(missing)
	return ""
}

// Time skips under -short a test that takes more than a second or two.
func Time(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs time: not under -short")
	}
}
