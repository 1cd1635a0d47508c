// Package eiopayload writes and reads the bodies of Engine.IO polling.
package eiopayload

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// Message is the type of the packets that carry what the application sends.
const Message = 4

// Packet is one Engine.IO packet.
type Packet struct {
	Type   int    // 0 to 6
	Binary bool   // only messages can be binary
	Data   string // bytes, if Binary
}

const separator = "\x1e"

// Encode writes the packets into one body.
func Encode(packets []Packet) string {
	var texts []string
	for _, p := range packets {
		text := strconv.Itoa(p.Type) + p.Data
		if p.Binary {
			text = "b" + base64.StdEncoding.EncodeToString([]byte(p.Data))
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, separator)
}

// Decode reads a body.
func Decode(body string) ([]Packet, error) {
	var packets []Packet
	for text := range strings.SplitSeq(body, separator) {
		p, err := one(text)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

func one(text string) (Packet, error) {
	switch {
	case text == "":
		return Packet{}, errors.New("a packet is empty")
	case text[0] == 'b':
		data, err := base64.StdEncoding.DecodeString(text[1:])
		return Packet{Type: Message, Binary: true, Data: string(data)}, err
	case text[0] < '0' || text[0] > '6':
		return Packet{}, errors.New("no such type")
	}
	return Packet{Type: int(text[0] - '0'), Data: text[1:]}, nil
}
