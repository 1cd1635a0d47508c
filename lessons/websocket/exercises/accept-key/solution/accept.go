// Package acceptkey answers the WebSocket handshake.
package acceptkey

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
)

// Magic is the text that RFC 6455 appends to the key.
const Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Answer returns the status and the headers of the answer to a handshake.
func Answer(r *http.Request) (status int, header http.Header) {
	header = http.Header{}
	if !lists(r.Header["Upgrade"], "websocket") || !lists(r.Header["Connection"], "upgrade") {
		return http.StatusBadRequest, header
	}
	if r.Header.Get("Sec-WebSocket-Version") != "13" {
		header.Set("Sec-WebSocket-Version", "13")
		return http.StatusUpgradeRequired, header
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + Magic))
	header.Set("Upgrade", "websocket")
	header.Set("Connection", "Upgrade")
	header.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	return http.StatusSwitchingProtocols, header
}

// lists reports whether a header that is a list has the entry, in upper or lower case.
func lists(lines []string, entry string) bool {
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if strings.EqualFold(strings.TrimSpace(part), entry) {
			return true
		}
	}
	return false
}
