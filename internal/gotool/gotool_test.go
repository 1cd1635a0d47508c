package gotool_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/gotool"
)

func TestEnviron(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(file,
		[]byte("GOARCH=mips\nGOPROXY=http://127.0.0.1:1\nGOFLAGS=-race\n"), 0o600))
	t.Setenv("GOENV", file)
	for name, value := range map[string]string{
		"GOOS": "plan9", "GOFLAGS": "nonsense", "GOWORK": "/none", "GOEXPERIMENT": "none",
		"GODEBUG": "x=1", "GOAMD64": "v9", "CGO_ENABLED": "1", "CGO_CFLAGS": "-x",
		"GOTOOLCHAIN": "go1.99",
		// as if it was not set; the environment has priority over the file
		"GOOGLE_PROJECT": "mine", "GOCACHE": t.TempDir(), "GOPROXY": "",
	} {
		t.Setenv(name, value)
	}
	env := gotool.Environ(t.Context())
	assert.Contains(t, env, "GOOGLE_PROJECT=mine")
	assert.Contains(t, env, "GOPROXY=http://127.0.0.1:1", "go env -w says where modules come from")
	assert.Contains(t, env, "GOCACHE="+os.Getenv("GOCACHE"))
	c := exec.Command("go", "env", "GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT", "CGO_CFLAGS",
		"GOTOOLCHAIN")
	c.Env = env
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NotContains(t, string(out), "plan9")
	assert.NotContains(t, string(out), "mips")
	assert.NotContains(t, string(out), "nonsense")
	assert.NotContains(t, string(out), "-race")
	assert.NotContains(t, string(out), "-x")
	assert.NotContains(t, string(out), "go1.99")
}

// TestTooOld asks the go command itself about a module of the future. The second message is that of
// Go 1.20.
func TestTooOld(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"),
		[]byte("module m\n\ngo 1.999.0\n"), 0o600))
	c := exec.Command("go", "build", "./...")
	c.Dir = dir
	c.Env = append(gotool.Environ(t.Context()), "GOTOOLCHAIN=local")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	needed, yes := gotool.TooOld(string(out))
	assert.True(t, yes, "%s", out)
	assert.Equal(t, "1.999.0", needed)
	needed, yes = gotool.TooOld(
		"go: errors parsing go.mod:\n/m/go.mod:3: invalid go version " +
			"'1.26.0': must match format 1.23\n")
	assert.True(t, yes)
	assert.Equal(t, "1.26.0", needed)
	_, yes = gotool.TooOld("./a.go:1:1: undefined: x\n")
	assert.False(t, yes)
}
