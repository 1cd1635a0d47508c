// Package wire is the HTTP side of the feed for the server of any transport: routes, refusals, the
// cursor, and the handler that publishes.
package wire

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/feed"
)

// Cursor returns a reader's position after a message in the form used on the wire:
// 7@2026-11-23T08:00:00.123Z. The bare id, 7, is a cursor too. The time tells this log from the one
// before a restart, whose ids were the same.
func Cursor(m feed.Message) string {
	return strconv.FormatInt(m.ID, 10) + "@" + m.At.String()
}

// After parses the cursor in a query, ?after=7, and returns the id after which to read. Without a
// cursor it returns 0, the beginning. The error's text is meant for the client.
func After(f *feed.Feed, query url.Values) (int64, error) {
	if !query.Has("after") {
		return 0, nil
	}
	return ParseCursor(f, "after", query.Get("after"))
}

// ParseCursor parses a cursor and returns the id after which to read. It returns 0 if the cursor's
// time shows that it belongs to another log. Errors call the cursor name.
func ParseCursor(f *feed.Feed, name, text string) (int64, error) {
	digits, at, timed := strings.Cut(text, "@")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s must be the id of a message, a whole number from 0 up, not %q",
			name, text)
	}
	if !timed {
		return int64(n), nil
	}
	read, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return 0, fmt.Errorf(
			"after its @, %s must have the time of that message, such as "+
				"2026-11-23T08:00:00.123Z, not %q", name, at)
	}
	if !f.Wrote(int64(n), read) {
		return 0, nil
	}
	return int64(n), nil
}
