// Package origin decides which pages may open a WebSocket.
package origin

import (
	"net/http"
	"net/url"
	"strings"
)

// Allowed tells whether this handshake comes from a page of ours, or from no page at all.
func Allowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" { // no browser
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
