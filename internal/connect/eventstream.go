package connect

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// An eventStream reads text/event-stream (the HTML standard, section 9.2):
//
//	id: 7                 the last event id, from this event on
//	event: news           its name; without it, message
//	data: one             its data: the lines, joined by line feeds
//	data: two
//	                      the empty line ends the event
//	: heartbeat           a comment
//	retry: 2000           the pause before a reconnect, in milliseconds
type eventStream struct {
	in      io.Reader
	lastID  string        // of the last complete event, or as it was set
	retry   time.Duration // 0: the server has not said
	comment func(text string)

	buffer  []byte
	skipLF  bool // the last line ended with CR
	started bool
}

// maxEvent bounds one line, and the data of one event, in bytes.
const maxEvent = 16 << 20

var errLongEvent = errors.New("the event stream holds an event of more than 16 MiB")

// streamEvent is an event as EventSource delivers it.
type streamEvent struct {
	name, data, id string
}

// next waits for the next event with data.
func (s *eventStream) next() (e streamEvent, err error) {
	var data strings.Builder
	var hasData bool
	id := s.lastID
	for {
		line, err := s.line()
		if err != nil {
			return streamEvent{}, err // an event without its empty line is not delivered
		}
		if line == "" {
			s.lastID = id
			if hasData {
				return streamEvent{orMessage(e.name), strings.TrimSuffix(data.String(), "\n"),
					id}, nil
			}
			e.name = ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "":
			s.comment(value)
		case "event":
			e.name = value
		case "data":
			hasData = true
			data.WriteString(value)
			data.WriteByte('\n')
			if data.Len() > maxEvent {
				return streamEvent{}, errLongEvent
			}
		case "id":
			if !strings.Contains(value, "\x00") {
				id = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				s.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

func orMessage(name string) string {
	if name == "" {
		return "message"
	}
	return name
}

// line reads a line that ends with LF, CR LF or CR.
func (s *eventStream) line() (string, error) {
	for searched := 0; ; {
		if s.skipLF && len(s.buffer) > 0 {
			s.skipLF = false
			s.buffer = bytes.TrimPrefix(s.buffer, []byte("\n"))
		}
		if end := bytes.IndexAny(s.buffer[searched:], "\r\n"); end >= 0 {
			end += searched
			line := string(s.buffer[:end])
			s.skipLF = s.buffer[end] == '\r'
			s.buffer = s.buffer[end+1:]
			if !s.started {
				s.started = true
				line = strings.TrimPrefix(line, "\ufeff")
			}
			return strings.ToValidUTF8(line, "\uFFFD"), nil
		}
		searched = len(s.buffer)
		if searched > maxEvent {
			return "", errLongEvent
		}
		if err := s.more(); err != nil {
			return "", err
		}
	}
}

// more reads the next bytes.
func (s *eventStream) more() error {
	piece := make([]byte, 4096)
	for range 100 { // a Reader should not return nothing without an error more often
		n, err := s.in.Read(piece)
		if n > 0 {
			s.buffer = append(s.buffer, piece[:n]...)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}
