// Package sseparse reads an event stream.
package sseparse

import (
	"bytes"
	"strings"
)

// An Event is one event as a browser delivers it to the page.
type Event struct {
	ID   string // the latest id of the stream, "" before the first
	Name string // "message" unless the event has a name
	Data string
}

// A Parser reads one stream. The zero value is ready.
type Parser struct {
	rest []byte // an unfinished line

	data []string // nil until the event has a data field
	name string
	id   string
}

// Feed takes the next piece of the stream and returns the events that it completes, in order. The
// caller reuses the memory of piece afterwards.
func (p *Parser) Feed(piece []byte) []Event {
	var events []Event
	p.rest = append(p.rest, piece...)
	for {
		line, rest, ended := bytes.Cut(p.rest, []byte("\n"))
		if !ended {
			return events
		}
		if e, complete := p.line(strings.TrimSuffix(string(line), "\r")); complete {
			events = append(events, e)
		}
		p.rest = rest
	}
}

// line takes one line and returns the event if the line ends one.
func (p *Parser) line(line string) (e Event, complete bool) {
	if line == "" {
		return p.deliver()
	}
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch name { // a comment has the empty name
	case "data":
		p.data = append(p.data, value)
	case "event":
		p.name = value
	case "id":
		p.id = value
	}
	return Event{}, false
}

func (p *Parser) deliver() (e Event, complete bool) {
	e = Event{ID: p.id, Name: p.name, Data: strings.Join(p.data, "\n")}
	complete = p.data != nil
	if e.Name == "" {
		e.Name = "message"
	}
	p.data, p.name = nil, ""
	return e, complete
}
