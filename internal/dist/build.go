package dist

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"realtimelab/internal/draft"
	"realtimelab/internal/gotool"
)

// SumsFile lists the SHA-256 of every binary, in the format of sha256sum.
const SumsFile = "SHA256SUMS"

// Build builds cmd/lab of the module in the folder source for each target, and writes the binaries
// and SumsFile to the folder to. The same source and the same version of Go give the same bytes in
// any folder and on any machine. In a clone, the binaries know their commit.
func Build(ctx context.Context, source, to string, targets []Target) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	environ := gotool.Environ(ctx)
	var sums []string
	for _, t := range targets {
		path := filepath.Join(to, t.File())
		c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w -buildid=", "-o",
			path, "./cmd/lab")
		c.Dir = source
		c.Env = append(slices.Clone(environ), "CGO_ENABLED=0", "GOOS="+t.OS, "GOARCH="+t.Arch)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", t.File(), err, out)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(data), t.File()))
	}
	return draft.Write(filepath.Join(to, SumsFile), []byte(strings.Join(sums, "")), 0o644)
}
