package direction

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	counted = regexp.MustCompile(`\bCounted\([^"\n]*"(?:\w+ )*(\w+)"\)`)
	// limit matches a number that is a bound, or a size that is never one.
	limit = regexp.MustCompile(`(?:more than|longer than|at most|at least|exceeds|fall|needs|to) %d|… \(%d|<%d bytes>`)
)

// TestACountHasOneWordForOne: a noun that lang.Counted counts in one place has no fixed plural
// after a %d in another.
func TestACountHasOneWordForOne(t *testing.T) {
	texts := map[string][]string{} // literals by file
	nouns := map[string]bool{}
	eachGoFile(t, func(name string, source []byte) {
		if strings.HasSuffix(name, "_test.go") || isIn(name, "testdata") ||
			isIn(name, "exercises") {
			return
		}
		for _, m := range counted.FindAllStringSubmatch(string(source), -1) {
			nouns[m[1]] = true
		}
		texts[name] = literals(source)
	})
	require.True(t, nouns["byte"] && nouns["connection"] && nouns["row"], "%v", nouns)
	var all []string
	for noun := range nouns {
		all = append(all, noun)
	}
	plural := regexp.MustCompile(`%(?:\[\d\])?d (?:more |old )?(?:` + strings.Join(all, "|") +
		`)s\b`)
	for name, literals := range texts {
		for _, text := range literals {
			assert.NotRegexp(t, plural, limit.ReplaceAllString(text, ""),
				"%s: write lang.Counted(n, noun) with %%s", name)
		}
	}
}

// literals returns the string literals of a file of Go, joined texts as one.
func literals(source []byte) (all []string) {
	file := token.NewFileSet().AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	joins := false
	for {
		switch _, kind, literal := s.Scan(); {
		case kind == token.EOF:
			return all
		case kind == token.STRING && joins:
			all[len(all)-1] = strings.TrimSuffix(all[len(all)-1], `"`) + literal[1:]
			joins = false
		case kind == token.STRING:
			all = append(all, literal)
		default:
			joins = kind == token.ADD && len(all) > 0
		}
	}
}
