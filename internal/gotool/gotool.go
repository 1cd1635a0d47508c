// Package gotool prepares the environment of the go command, so that what it builds does not depend
// on how this machine's Go is configured.
package gotool

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// kept lists the variables that say where Go finds and stores files. All others, such as GOOS,
// GOFLAGS and GOEXPERIMENT, change what is built.
var kept = []string{
	"GOCACHE", "GOMODCACHE", "GOPATH", "GOTMPDIR",
	"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
}

// queryTime bounds the query for the places of Go's files.
const queryTime = 10 * time.Second

// Environ returns the environment for a go command: this process's own, without the variables that
// change what is built, whether they are set in the environment or with go env -w.
func Environ(ctx context.Context) []string {
	env := append(Without(os.Environ()), "GOENV=off")
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	c := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, kept...)...)
	// so that the go command answers, whatever the other variables are
	c.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=")
	out, err := c.Output()
	var values map[string]string
	if err != nil || json.Unmarshal(out, &values) != nil {
		return env // the go command's own places
	}
	for _, name := range kept {
		if values[name] != "" {
			env = append(env, name+"="+values[name])
		}
	}
	return env
}

// Without returns env without the variables of the go command and of Go's runtime, such as GOOS,
// GODEBUG and CGO_ENABLED.
func Without(env []string) (rest []string) {
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		name = strings.ToUpper(name) // Windows does not tell them apart
		if strings.HasPrefix(name, "CGO_") ||
			strings.HasPrefix(name, "GO") && !strings.Contains(name, "_") {
			continue
		}
		rest = append(rest, entry)
	}
	return rest
}

// These are the messages of a Go command that is older than the go line of go.mod: since Go 1.21,
// and before.
var (
	tooOld     = regexp.MustCompile(`requires go >= ([0-9.]+\S*) \(running go ([0-9.]+\S*?)[;)]`)
	muchTooOld = regexp.MustCompile(`invalid go version '([0-9.]+)': must match format`)
)

// TooOld reports whether the go command's output says that it is older than a module needs, and
// which version that is.
func TooOld(output string) (needed string, yes bool) {
	for _, message := range []*regexp.Regexp{tooOld, muchTooOld} {
		if m := message.FindStringSubmatch(output); m != nil {
			return m[1], true
		}
	}
	return "", false
}
