// Package resume finds out where a stream goes on.
package resume

import (
	"net/http"
	"strconv"
)

// Cursor returns the id after which the stream for this request begins; last is the last id of the log.
func Cursor(r *http.Request, last int64) (int64, error) {
	// TODO: the browser tells where it was, but not here.
	return strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
}
