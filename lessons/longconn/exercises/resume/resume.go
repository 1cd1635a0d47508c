// Package resume decides where a stream continues.
package resume

import (
	"net/http"
	"strconv"
)

// Cursor returns the id after which the stream for this request begins. last is the last id of the
// log.
func Cursor(r *http.Request, last int64) (int64, error) {
	// TODO: a browser that reconnects says where it was in another place.
	return strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
}
