// Package nearest finds the known name that is most like a mistyped one.
package nearest

import "strings"

// To returns the known name that is most like name: at most every third letter differs, where two
// swapped letters count as one, or one name is a part of the other. Without such a name it returns
// "".
func To(name string, known []string) string {
	const part = 3 // minimum length of a name that may be part of another
	near := ""
	for _, k := range known {
		if d := distance(name, k); d <= max(1, len(name)/3) &&
			(near == "" || d < distance(name, near)) {
			near = k
		}
	}
	for _, k := range known {
		if near == "" && min(len(name), len(k)) >= part &&
			(strings.Contains(k, name) || strings.Contains(name, k)) {
			near = k
		}
	}
	return near
}

// distance returns the number of bytes to insert, delete, replace, or swap with their neighbours,
// to turn a into b.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			change := row[j]
			if a[i] != b[j] {
				change++
			}
			next[j+1] = min(change, next[j]+1, row[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
