package websocket

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"realtimelab/internal/feed/wire"
)

// magic is the GUID of RFC 6455, section 1.3. A server that answers with it understands WebSocket:
// a cache or a misled web server does not know it.
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
// reports that it did: 426 if it is not an upgrade to WebSocket 13, 400 for a bad key,
// 403 for a page of an origin that is not allowed. HTTP/1.0 has no upgrade (RFC 9110 §7.8).
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
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) ||
		!hasToken(h, "Connection", "upgrade") || !hasToken(h, "Upgrade", "websocket"):
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		wire.Refuse(w, http.StatusUpgradeRequired,
			"this is a WebSocket endpoint: the request must be an upgrade")
	case h.Get("Sec-WebSocket-Version") != "13":
		w.Header().Set("Sec-WebSocket-Version", "13")
		wire.Refuse(w, http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13")
	case !validKey(h.Get("Sec-WebSocket-Key")):
		wire.Refuse(w, http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
	case !originAllowed(r, origins):
		wire.Refuse(w, http.StatusForbidden, "pages of another origin may not connect here")
	default:
		return false
	}
	return true
}

// hasToken reports whether a list header contains the token, ignoring case.
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

// originAllowed keeps pages of other origins out: the
// same-origin policy does not cover WebSockets, so browsers let every page connect
// and only name the page's origin. Other programs send no Origin and have no
// user's cookies to abuse.
func originAllowed(r *http.Request, origins []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(origins, "*") || slices.Contains(origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
