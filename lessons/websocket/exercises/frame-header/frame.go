// Package frameheader writes the frames of a WebSocket server.
package frameheader

// Append appends one frame: fin says that it is the last frame of its message.
func Append(dst []byte, fin bool, opcode byte, payload []byte) []byte {
	// TODO: FIN, and lengths above 125.
	dst = append(dst, opcode, byte(len(payload)))
	return append(dst, payload...)
}
