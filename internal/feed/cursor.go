package feed

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Cursor returns a reader's position after this message in the form used on the wire:
// 7@2026-11-23T08:00:00.123Z. The bare id, 7, is a cursor too. The time tells this log from the one
// before a restart, whose ids were the same.
func (m Message) Cursor() string {
	return strconv.FormatInt(m.ID, 10) + "@" + m.At.String()
}

// After parses the cursor in a query, ?after=7, and returns the id after which to read. Without a
// cursor it returns 0, the beginning. The error's text is meant for the client.
func (f *Feed) After(query url.Values) (int64, error) {
	if !query.Has("after") {
		return 0, nil
	}
	return f.ParseCursor("after", query.Get("after"))
}

// ParseCursor parses a cursor and returns the id after which to read. It returns 0 if the cursor's
// time shows that it belongs to another log. Errors call the cursor name.
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

// wrote reports whether a message with that id and time can be from this log. If the message is no
// longer kept, it only checks that the time is not before the log's start.
func (f *Feed) wrote(id int64, at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.Before(f.began.Time) || id > f.last {
		return false
	}
	first := f.last - int64(len(f.log)) + 1
	return id < first || f.log[id-first].At.Equal(at)
}
