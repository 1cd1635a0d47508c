// Package sseparse reads an event stream.
package sseparse

import "strings"

// An Event is one event as a browser delivers it to the page.
type Event struct {
	ID   string // the latest id of the stream, "" before the first
	Name string // "message" unless the event has a name
	Data string
}

// A Parser reads one stream. The zero value is ready.
type Parser struct {
	id string
}

// Feed takes the next piece of the stream and returns the events that it completes, in order. The
// caller reuses the memory of piece afterwards.
func (p *Parser) Feed(piece []byte) []Event {
	// TODO: a piece may end anywhere, and the lines follow more rules than these.
	e := Event{Name: "message"}
	for line := range strings.SplitSeq(string(piece), "\n") {
		if value, ok := strings.CutPrefix(line, "data: "); ok {
			e.Data = value
		}
		if value, ok := strings.CutPrefix(line, "id: "); ok {
			p.id = value
		}
	}
	e.ID = p.id
	return []Event{e}
}
