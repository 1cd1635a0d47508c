// Package origin decides which pages may open a WebSocket.
package origin

import (
	"net/http"
	"net/url"
	"strings"
)

// Allowed reports whether a handshake may be accepted.
func Allowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" { // not a browser
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return u.User == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
