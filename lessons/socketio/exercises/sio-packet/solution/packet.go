// Package siopacket writes and reads Socket.IO packets without attachments.
package siopacket

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// The types that must carry JSON.
const (
	Event = 2
	Ack   = 3
)

// Packet is one packet.
type Packet struct {
	Type      int
	Namespace string  // "/" is the main one
	ID        *uint64 // nil if no answer is wanted
	Data      string  // JSON, may be empty
}

// Encode writes the packet.
func Encode(p Packet) string {
	text := strconv.Itoa(p.Type)
	if p.Namespace != "/" {
		text += p.Namespace + ","
	}
	if p.ID != nil {
		text += strconv.FormatUint(*p.ID, 10)
	}
	return text + p.Data
}

// Decode reads a packet; its namespace is never empty.
func Decode(text string) (Packet, error) {
	if text == "" || text[0] < '0' || text[0] > '6' {
		return Packet{}, errors.New("no such type")
	}
	p := Packet{Type: int(text[0] - '0'), Namespace: "/"}
	rest := text[1:]
	if strings.HasPrefix(rest, "/") {
		var comma bool
		if p.Namespace, rest, comma = strings.Cut(rest, ","); !comma {
			return Packet{}, errors.New("the namespace has no comma")
		}
	}
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(rest)
	}
	if digits > 0 {
		id, err := strconv.ParseUint(rest[:digits], 10, 64)
		if err != nil {
			return Packet{}, err
		}
		p.ID = &id
	}
	p.Data = rest[digits:]
	if (p.Data != "" || p.Type == Event || p.Type == Ack) && !json.Valid([]byte(p.Data)) {
		return Packet{}, errors.New("the data is no JSON")
	}
	return p, nil
}
