package websocket

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"realtimelab/internal/feed"
)

// magic is the GUID of RFC 6455, section 1.3. It means nothing: it only makes sure
// that who answers with it has read the RFC and is no cache or misled web server.
const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept is the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (section
// 4.2.2). The example of the RFC:
//
//	dGhlIHNhbXBsZSBub25jZQ== → s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + magic))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// refuseHandshake judges an upgrade request (section 4.2.1), answers a bad one and
// tells that it did: 426 to what is no upgrade to WebSocket 13, 400 to a bad key,
// 403 to a page of an origin that is not welcome.
//
// A good one looks like this, and from the empty line of the answer on, the same
// TCP connection carries frames:
//
//	GET /ws?after=0 HTTP/1.1                    HTTP/1.1 101 Switching Protocols
//	Host: 127.0.0.1:3000                        Upgrade: websocket
//	Origin: http://127.0.0.1:3000               Connection: Upgrade
//	Connection: Upgrade                         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//	Upgrade: websocket
//	Sec-WebSocket-Version: 13
//	Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
func refuseHandshake(w http.ResponseWriter, r *http.Request, origins []string) bool {
	h := r.Header
	switch {
	case r.Method != http.MethodGet || !hasToken(h, "Connection", "upgrade") || !hasToken(h, "Upgrade", "websocket"):
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		feed.Refuse(w, http.StatusUpgradeRequired, "this is a WebSocket endpoint: the request must be an upgrade")
	case h.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		feed.Refuse(w, http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13")
	case !validKey(h.Get("Sec-WebSocket-Key")):
		feed.Refuse(w, http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
	case !originAllowed(r, origins):
		feed.Refuse(w, http.StatusForbidden, "pages of another origin may not connect here")
	default:
		return false
	}
	return true
}

// hasToken tells whether a header that is a list has the token, in whatever case.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

func validKey(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(nonce) == 16
}

// originAllowed is what stands between this server and any page on the web: the
// same-origin policy does not cover WebSockets, so browsers let every page connect
// and only say which page it is. What is no browser sends no Origin and has no
// user's cookies to abuse.
func originAllowed(r *http.Request, origins []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(origins, "*") || slices.Contains(origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
