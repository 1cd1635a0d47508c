package main

import (
	"encoding/json"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVersionOf(t *testing.T) {
	machine := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	for _, c := range []struct {
		name, want string
		info       *debug.BuildInfo
	}{
		{"no information", "lab (devel) (unknown commit) " + machine, nil},
		{"go install", "lab v1.2.0 (unknown commit) " + machine,
			&debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}}},
		{"a clone", "lab (devel) (commit 0123456789ab) " + machine,
			&debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision",
				Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}}}},
		{"a changed clone", "lab (devel) (commit 0123, modified) " + machine,
			&debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123"},
				{Key: "vcs.modified", Value: "true"}}}},
	} {
		assert.Equal(t, c.want, versionOf(c.info).String(), c.name)
	}
}

// TestVersionCommands: the three forms say the same.
func TestVersionCommands(t *testing.T) {
	out := func(args ...string) string {
		text, err := exec.Command(binary, args...).Output()
		require.NoError(t, err)
		return string(text)
	}
	line := out("version")
	assert.Equal(t, line, out("--version"))
	var v version
	require.NoError(t, json.Unmarshal([]byte(out("version", "--json")), &v))
	assert.Equal(t, line, v.String()+"\n")
	assert.Equal(t, runtime.Version(), v.Go)
}
