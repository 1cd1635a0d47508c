// Package ssewrite writes server-sent events.
package ssewrite

import "strings"

// An Event is one event. An empty ID or Name is left out.
type Event struct{ ID, Name, Data string }

// Append appends the event to the stream (HTML standard, section 9.2.5).
func Append(dst []byte, e Event) []byte {
	if id := firstLine(e.ID); id != "" {
		dst = append(dst, "id: "+id+"\n"...)
	}
	if name := firstLine(e.Name); name != "" {
		dst = append(dst, "event: "+name+"\n"...)
	}
	data := strings.ReplaceAll(strings.ReplaceAll(e.Data, "\r\n", "\n"), "\r", "\n")
	for _, line := range strings.Split(data, "\n") {
		dst = append(dst, "data: "+line+"\n"...)
	}
	return append(dst, '\n')
}

// firstLine returns s up to its first line end, so that an id or a name cannot bring fields of its
// own.
func firstLine(s string) string {
	if end := strings.IndexAny(s, "\r\n"); end >= 0 {
		return s[:end]
	}
	return s
}
