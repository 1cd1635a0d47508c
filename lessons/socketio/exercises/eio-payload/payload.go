// Package eiopayload writes and reads the bodies of Engine.IO polling.
package eiopayload

import (
	"errors"
	"fmt"
)

// Message is the type of the packets that carry what the application sends.
const Message = 4

// Packet is one Engine.IO packet.
type Packet struct {
	Type   int    // 0 to 6
	Binary bool   // only messages can be binary
	Data   string // bytes, if Binary
}

// Encode writes the packets into one body.
func Encode(packets []Packet) string {
	body := ""
	for _, p := range packets {
		// TODO: what stands between packets, and binary messages.
		body += fmt.Sprint(p.Type) + p.Data
	}
	return body
}

// Decode reads a body.
func Decode(body string) ([]Packet, error) {
	// TODO
	return nil, errors.New("cannot read payloads yet")
}
