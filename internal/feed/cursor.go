package feed

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Cursor is the reader's place after this message, as it may be written on the
// wire: 7@2026-11-23T08:00:00.123Z. The bare id, 7, is a cursor too. The time
// tells a log from the one before the server's restart, which had other messages
// under the same ids.
func (m Message) Cursor() string {
	return strconv.FormatInt(m.ID, 10) + "@" + m.At.String()
}

// After reads the cursor of a query, ?after=7, and returns the id to read on from.
// Without one it is 0: from the beginning. The error's text is for the client.
func (f *Feed) After(query url.Values) (int64, error) {
	if !query.Has("after") {
		return 0, nil
	}
	return f.ParseCursor("after", query.Get("after"))
}

// ParseCursor reads a cursor that stands under name, and returns the id to read on
// from: 0 if the cursor's time shows that it belongs to another log.
func (f *Feed) ParseCursor(name, text string) (int64, error) {
	digits, at, timed := strings.Cut(text, "@")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s must be the id of a message, a whole number from 0 up, not %q", name, text)
	}
	if !timed {
		return int64(n), nil
	}
	read, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return 0, fmt.Errorf("after its @, %s must have the time of that message, such as 2026-11-23T08:00:00.123Z, not %q", name, at)
	}
	if !f.wrote(int64(n), read) {
		return 0, nil
	}
	return int64(n), nil
}

// wrote tells whether the message with that id and time may be of this log. Of one
// that is no longer kept it is enough that it is not older than the log.
func (f *Feed) wrote(id int64, at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.Before(f.began.Time) || id > f.last {
		return false
	}
	first := f.last - int64(len(f.log)) + 1
	return id < first || f.log[id-first].At.Equal(at)
}

// Began is when this log began: a message older than that is of another.
func (f *Feed) Began() Time { return f.began }
