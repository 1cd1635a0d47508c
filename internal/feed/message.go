package feed

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// Message is one line of the chat, on every wire the same JSON:
//
//	{"id":7,"from":"ann","text":"你好","at":"2026-11-23T08:00:00.123Z"}
type Message struct {
	ID   int64  `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
	At   Time   `json:"at"`
}

// A Time is a moment in UTC with millisecond precision.
type Time struct{ time.Time }

// String returns the time in the form used in a message's JSON.
func (t Time) String() string { return strings.Trim(string(t.appendJSON(nil)), `"`) }

func (t Time) appendJSON(dst []byte) []byte { return t.UTC().AppendFormat(dst, timeFormat) }

// timeFormat always has three digits of milliseconds, as JavaScript's toISOString does.
const timeFormat = `"2006-01-02T15:04:05.000Z"`

// MarshalJSON always writes three digits of milliseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.appendJSON(nil), nil
}

// UnmarshalJSON accepts any RFC 3339 time.
func (t *Time) UnmarshalJSON(data []byte) error {
	err := t.Time.UnmarshalJSON(data)
	t.Time = t.UTC()
	return err
}

func now() Time { return Time{time.Now().UTC().Truncate(time.Millisecond)} }

// An Entry is a message in the log with its JSON, which is encoded once for all readers. It must
// not be changed.
type Entry struct {
	Message
	JSON []byte
}

func newEntry(m Message) Entry {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		panic(err) // cannot fail: only strings, a number and a time
	}
	return Entry{m, bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}

// AppendArray appends the entries as a JSON array, which is the response to a poll.
func AppendArray(dst []byte, entries []Entry) []byte {
	dst = append(dst, '[')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, e.JSON...)
	}
	return append(dst, ']')
}
