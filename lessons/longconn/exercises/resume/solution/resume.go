// Package resume decides where a stream continues.
package resume

import (
	"fmt"
	"net/http"
	"strconv"
)

// Cursor returns the id after which the stream for this request begins. last is the last id of the
// log.
func Cursor(r *http.Request, last int64) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseInt(text, 10, 64)
	if err != nil || after < 0 {
		return 0, fmt.Errorf("the cursor must be a number from 0, not %q", text)
	}
	if after > last { // the log has restarted
		return 0, nil
	}
	return after, nil
}
