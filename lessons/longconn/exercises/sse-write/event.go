// Package ssewrite writes server-sent events.
package ssewrite

// An Event is one event. An empty ID or Name is left out.
type Event struct{ ID, Name, Data string }

// Append appends the event to the stream (HTML standard, section 9.2.5).
func Append(dst []byte, e Event) []byte {
	// TODO: the id, the name, each line of the data, and the end of the event.
	return append(dst, "data: "+e.Data+"\n"...)
}
