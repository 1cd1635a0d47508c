package eiopacket

import (
	"bytes"
	"errors"
)

// Separator stands between the packets of a polling payload: the ASCII record
// separator, which JSON text never contains unescaped.
const Separator = 0x1e

// AppendPayload appends the packets as the body of one polling request or
// response, e.g.
//
//	4hello␞2␞bAQIDBA==
func AppendPayload(dst []byte, packets ...Packet) []byte {
	for i, p := range packets {
		if i > 0 {
			dst = append(dst, Separator)
		}
		dst = p.AppendText(dst)
	}
	return dst
}

// ParsePayload reads a polling body. It returns the packets before the first
// bad one together with the error, a *SyntaxError whose offset counts from the
// start of the body. Data shares memory with body, as in ParseText.
func ParsePayload(body []byte) ([]Packet, error) {
	packets := make([]Packet, 0, 1+bytes.Count(body, []byte{Separator}))
	for offset := 0; ; {
		text := body[offset:]
		end := bytes.IndexByte(text, Separator)
		if end >= 0 {
			text = text[:end]
		}
		p, err := ParseText(text)
		if err != nil {
			return packets, shift(err, offset)
		}
		packets = append(packets, p)
		if end < 0 {
			return packets, nil
		}
		offset += end + 1
	}
}

func shift(err error, by int) error {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return &SyntaxError{syntax.Offset + by, syntax.Reason}
	}
	return err
}
