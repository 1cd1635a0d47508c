// Package acceptkey answers the WebSocket handshake.
package acceptkey

// Magic is the text that RFC 6455 appends to the key.
const Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept returns the Sec-WebSocket-Accept for a Sec-WebSocket-Key.
func Accept(key string) string {
	// TODO: prove that you have read the RFC.
	return key
}
