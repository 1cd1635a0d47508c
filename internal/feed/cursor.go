package feed

import (
	"fmt"
	"net/url"
	"strconv"
)

// After reads the cursor of a query, ?after=7. Without one it is 0: from the
// beginning. The error's text is for the client.
func After(query url.Values) (int64, error) {
	if !query.Has("after") {
		return 0, nil
	}
	return ParseCursor("after", query.Get("after"))
}

// ParseCursor reads a cursor that stands under name: digits, nothing else.
func ParseCursor(name, text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s must be the id of a message, a whole number from 0 up, not %q", name, text)
	}
	return int64(n), nil
}
