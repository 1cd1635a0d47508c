package main

import (
	"fmt"
	"slices"
	"strings"

	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

// found is a demo together with its lesson.
type found struct {
	lesson lesson.Lesson
	demo   lesson.Demo
}

// findDemos returns the demos with the given names. The error for an unknown name lists the demos
// and suggests the most similar one.
func (o runOptions) findDemos(names []string) ([]found, error) {
	var known []string
	byName := map[string]found{}
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			known = append(known, d.Name)
			byName[d.Name] = found{l, d}
		}
	}
	var demos []found
	for _, name := range names {
		f, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("no demo %q; did you mean %q? The demos are: %s", name, nearest(name, known), strings.Join(known, ", "))
		}
		demos = append(demos, f)
	}
	return demos, nil
}

// nearest returns the known name with the smallest edit distance to name.
func nearest(name string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

// distance returns the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
