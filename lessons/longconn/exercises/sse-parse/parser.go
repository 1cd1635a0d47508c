// Package sseparse reads an event stream.
package sseparse

import "strings"

// Event is what a browser hands to the page.
type Event struct {
	ID   string // the last id that the stream has had so far
	Name string // "message" unless the stream says another
	Data string
}

// Parser reads one stream. The zero value is ready.
type Parser struct {
	id string
}

// Feed takes the next piece of the stream and returns the events that it completed, in order.
func (p *Parser) Feed(piece []byte) []Event {
	// TODO: pieces are cut anywhere, and lines are not all "data: …".
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
