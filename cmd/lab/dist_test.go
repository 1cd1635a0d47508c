package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/dist"
	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// TestTheZipNeedsNoNetwork: a student who unpacks the exercises of a class can check them, without
// the lab's source, a module proxy or a cache of modules.
func TestTheZipNeedsNoNetwork(t *testing.T) {
	need.Time(t)
	folder := t.TempDir()
	program := []byte("a program")
	file := dist.Targets[0].File()
	require.NoError(t, os.WriteFile(filepath.Join(folder, file), program, 0o644))
	sums := fmt.Sprintf("%x  %s\n", sha256.Sum256(program), file)
	require.NoError(t, os.WriteFile(filepath.Join(folder, dist.SumsFile), []byte(sums), 0o644))
	var zips [2][]byte
	for i := range zips {
		h, err := handouts(folder)
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.Handler(func(*http.Request) lang.Lang {
			return lang.English
		}).ServeHTTP(w, httptest.NewRequest("GET", "/dist/exercises.zip", nil))
		require.Equal(t, 200, w.Code)
		zips[i] = w.Body.Bytes()
	}
	assert.True(t, bytes.Equal(zips[0], zips[1]), "the zip is the same each time")

	unpacked := t.TempDir()
	archive, err := zip.NewReader(bytes.NewReader(zips[0]), int64(len(zips[0])))
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(unpacked, archive))
	dir := filepath.Join(unpacked, "lab-exercises")
	check := func(name string) (string, error) {
		c := exec.CommandContext(t.Context(), binary, "exercise", "check", name)
		c.Dir = dir
		c.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOMODCACHE="+t.TempDir(),
			"LANG=C")
		out, err := c.CombinedOutput()
		return string(out), err
	}
	out, err := check("cursor")
	assert.Error(t, err, "the starter is not the solution: %s", out)
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	for _, e := range all {
		if e.Name != "cursor" && e.Name != "predict-poll" {
			continue
		}
		files, err := e.Solution()
		require.NoError(t, err)
		for name, data := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, e.Lesson, e.Name, name),
				data, 0o644))
		}
		out, err := check(e.Name)
		assert.NoError(t, err, out)
	}
}

func TestSolutionForTeachers(t *testing.T) {
	show := func(args ...string) string {
		c := exec.CommandContext(t.Context(), binary,
			append([]string{"exercise", "solution", "--dir", t.TempDir()}, args...)...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	out := show("accept-key", "--teacher", "--lang", "en")
	assert.Contains(t, out, "func Answer(r *http.Request)")
	assert.Contains(t, out, "Why it is right")
	assert.Contains(t, out, "standard base64")
	assert.Contains(t, out, "decoded: “The key was decoded first”")
	assert.Contains(t, out, "  - ")
	assert.Contains(t, show("predict-frames", "--teacher", "--lang", "zh"), "为什么这样是对的")
	assert.Error(t, exec.CommandContext(t.Context(), binary, "exercise", "solution", "accept-key",
		"--dir", t.TempDir()).Run(), "without the flag, the student solves it first")
}
