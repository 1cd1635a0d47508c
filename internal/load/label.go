package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// The fields of a message template. The server may move the text of labelField to any field of what
// it sends: the clients look for the label, and not for a field.
const (
	labelField = "{{id}}"
	roomField  = "{{room}}"
)

// A labeler writes labels, and finds them in what is received. A label is the mark of the run and
// the number of the message, in characters that JSON, HTML and MessagePack keep:
//
//	~k3x9q2.1f~
type labeler struct{ mark []byte }

func newLabeler() labeler {
	return labeler{fmt.Appendf(nil, "~%s.", strconv.FormatUint(rand.Uint64()>>24, 36))}
}

// label returns the label of a message, with filler up to a size.
func (l labeler) label(number, size int) string {
	b := append(strconv.AppendInt(append([]byte(nil), l.mark...), int64(number), 36), '~')
	for len(b) < size {
		b = append(b, " the quick brown fox jumps over the lazy dog"[:min(size-len(b), 44)]...)
	}
	return string(b)
}

// next returns the number of the first label in data, and what follows it. It is -1 without a
// label.
func (l labeler) next(data []byte) (number int, rest []byte) {
	for {
		at := bytes.Index(data, l.mark)
		if at < 0 {
			return -1, nil
		}
		data = data[at+len(l.mark):]
		end := bytes.IndexByte(data[:min(len(data), 12)], '~')
		if end < 0 {
			continue
		}
		if n, err := strconv.ParseUint(string(data[:end]), 36, 31); err == nil {
			return int(n), data[end+1:]
		}
	}
}

// defaultMessages returns the templates of what the servers of the lab's lessons take.
func (c *Config) defaultMessages() []string {
	switch {
	case c.As == SSE:
		return []string{`{"from":"load","text":"` + labelField + `"}`}
	case c.As == WebSocket:
		return []string{labelField}
	case c.profile.rooms:
		return []string{`"` + roomField + `"`, `"` + labelField + `"`}
	}
	return []string{`"` + labelField + `"`}
}

// text fills the templates of one message: the data of an event, or the message itself.
func (c *Config) text(l labeler, number int, room string) []byte {
	all := strings.Join(c.Messages, ",")
	if c.As == SocketIO {
		name, _ := json.Marshal(c.Event)
		all = "[" + string(name) + "," + all + "]"
	}
	all = strings.ReplaceAll(all, roomField, room)
	return []byte(strings.Replace(all, labelField, l.label(number, c.Size), 1))
}

func roomName(n int) string { return "room-" + strconv.Itoa(n) }
