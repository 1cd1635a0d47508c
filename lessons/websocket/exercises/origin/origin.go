// Package origin decides which pages may open a WebSocket.
package origin

import (
	"net/http"
	"strings"
)

// Allowed reports whether a handshake may be accepted.
func Allowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return true
	}
	return strings.HasPrefix(origin, "http://"+r.Host) ||
		strings.HasPrefix(origin, "https://"+r.Host)
}
