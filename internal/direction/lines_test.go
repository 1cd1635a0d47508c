package direction

import (
	"go/scanner"
	"go/token"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
)

const (
	// columns is the longest line of Go, with tabs of four.
	columns = 100
	// unbreakable is the number of bytes of a line's literals from which on it may be longer.
	unbreakable = 40
)

// TestLinesFit: a line of Go keeps to 100 columns, unless literals make most of it, or a comment
// that is laid out.
func TestLinesFit(t *testing.T) {
	read := 0
	eachGoFile(t, func(name string, source []byte) {
		if isIn(name, "testdata") {
			return
		}
		read++
		for _, n := range tooLong(source) {
			assert.Fail(t, "this line has more than 100 columns", "%s:%d", name, n)
		}
	})
	assert.Greater(t, read, 500)
}

// tooLong returns the numbers of the lines that could be wrapped.
func tooLong(source []byte) []int {
	literals := map[int]int{} // bytes by line
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, scanner.ScanComments)
	for {
		at, kind, literal := s.Scan()
		if kind == token.EOF {
			break
		}
		if kind == token.STRING ||
			strings.HasPrefix(literal, "//\t") || strings.HasPrefix(literal, "/*") {
			for n, text := range strings.Split(literal, "\n") {
				literals[file.Line(at)+n] += len(text)
			}
		}
	}
	var long []int
	for n, line := range strings.Split(string(source), "\n") {
		width := ansi.StringWidth(strings.ReplaceAll(line, "\t", "    "))
		if width > columns && literals[n+1] < unbreakable {
			long = append(long, n+1)
		}
	}
	return long
}

func TestLinesThatAreTooLongAreSeen(t *testing.T) {
	words := strings.Repeat("word ", 25)
	for source, want := range map[string][]int{
		"package x\n\n// " + words + "\n":                   {3},
		"package x\n\n//\t" + words + "\n":                  nil,
		"package x\n\nvar a = `\n" + words + "`\n":          nil,
		"package x\n\nvar a = \"" + words + "\"\n":          nil,
		"package x\n\nvar a = f(" + words + ")\n":           {3},
		"package x\n\n// " + strings.Repeat("字", 49) + "\n": {3},
	} {
		assert.Equal(t, want, tooLong([]byte(source)), source)
	}
}
