// Package acceptkey answers the WebSocket handshake.
package acceptkey

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
)

// Magic is the text that RFC 6455 appends to the key.
const Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Answer returns the status and the headers of the answer to a handshake.
func Answer(r *http.Request) (status int, header http.Header) {
	header = http.Header{}
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" {
		return http.StatusBadRequest, header
	}
	if r.Header.Get("Sec-WebSocket-Version") != "13" {
		header.Set("Sec-WebSocket-Version", "13")
		return http.StatusUpgradeRequired, header
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + Magic))
	header.Set("Upgrade", "websocket")
	header.Set("Connection", "Upgrade")
	header.Set("Sec-WebSocket-Accept", base64.URLEncoding.EncodeToString(sum[:]))
	return http.StatusSwitchingProtocols, header
}
