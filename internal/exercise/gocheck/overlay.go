package gocheck

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"realtimelab/internal/draft"
)

// evidenceFile holds the last step of every check. It sorts after check_test.go, so it runs after
// all other steps.
const evidenceFile = "zzz_evidence_test.go"

// evidenceStep is its name.
const evidenceStep = "TestLabEvidence"

// evidence is the last step: it prints a number that only this run knows, which proves that the
// check came to its end.
const evidence = `//go:build exercise

package %s

import "testing"

var labNonce string // set by the linker

func ` + evidenceStep + `(t *testing.T) { t.Log(labNonce) }
`

var packageClause = regexp.MustCompile(`(?m)^package (\w+)`)

// overlay makes the go command compile the student's files with our check, regardless of other
// files in the folder: it replaces our files and hides test files that are not ours. It returns the
// file for the flag -overlay, which it writes to tmp.
func (p Package) overlay(tmp string) (string, error) {
	ours, err := Module(p.Module)
	if err != nil {
		return "", err
	}
	given, err := p.Given()
	if err != nil {
		return "", err
	}
	for name, data := range given {
		ours[filepath.Join(p.Folder(), name)] = data
	}
	if clause := packageClause.FindSubmatch(given[checkFile]); clause != nil {
		ours[filepath.Join(p.Folder(), evidenceFile)] = fmt.Appendf(nil, evidence, clause[1])
	}
	replace := map[string]string{}
	for _, path := range append(goFiles(p.Folder()),
		goFiles(filepath.Join(p.Module, checkFolder))...) {
		if ours[path] == nil && !p.mayAdd(path) {
			replace[path] = "" // hidden
		}
	}
	for path, data := range ours {
		copied := filepath.Join(tmp, fmt.Sprintf("%d-%s", len(replace), filepath.Base(path)))
		if err := draft.Write(copied, data, 0o600); err != nil {
			return "", err
		}
		replace[path] = copied
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(tmp, "overlay.json")
	return list, os.WriteFile(list, data, 0o600)
}

// mayAdd reports whether a student may add the file to the exercise: tests are ours.
func (p Package) mayAdd(path string) bool {
	return filepath.Base(filepath.Dir(path)) == p.Name && !strings.HasSuffix(path, "_test.go")
}

func goFiles(dir string) (paths []string) {
	entries, _ := os.ReadDir(dir) // the compiler reports a folder that cannot be read
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".go" && entry.Type()&fs.ModeDir == 0 {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}
