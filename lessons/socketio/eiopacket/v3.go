package eiopacket

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Revision 3 of the protocol has the same packets with another encoding:
//
//	b4AQID                     binary in text: "b", the type digit, base64
//	04 01 02 03                binary on a WebSocket: the type, then the bytes
//	6:4hello2:4€               a payload: length ":" packet; lengths in UTF-16 code units
//	00 06 ff 4hello            a binary payload: 0 for text, decimal digits as bytes, ff, packet;
//	01 04 ff 04 01 02 03       1 for binary; lengths in bytes

// AppendTextV3 is AppendText for revision 3.
func (p Packet) AppendTextV3(dst []byte) []byte {
	if p.Binary {
		dst = append(dst, 'b', byte(p.Type))
		return base64.StdEncoding.AppendEncode(dst, p.Data)
	}
	return p.AppendText(dst)
}

// AppendBinaryV3 appends what a binary frame of revision 3 holds. The packet is
// binary.
func (p Packet) AppendBinaryV3(dst []byte) []byte {
	dst = append(dst, byte(p.Type-Open))
	return append(dst, p.Data...)
}

// ParseTextV3 is ParseText for revision 3.
func ParseTextV3(text []byte) (Packet, error) {
	if len(text) == 0 || text[0] != 'b' {
		return ParseText(text)
	}
	if len(text) == 1 || Type(text[1]) != Message {
		return Packet{}, &SyntaxError{1, "binary packet that is not a message"}
	}
	p, err := parseBase64(text[1:])
	return p, shift(err, 1)
}

// ParseBinaryV3 reads what a binary frame of revision 3 holds. Data shares
// memory with frame.
func ParseBinaryV3(frame []byte) (Packet, error) {
	if len(frame) == 0 {
		return Packet{}, &SyntaxError{0, "empty packet"}
	}
	if t := Type(frame[0]) + Open; t != Message {
		return Packet{}, &SyntaxError{0, "binary packet that is not a message"}
	}
	return ParseBinary(frame[1:]), nil
}

// AppendPayloadV3 appends the packets as a payload of text.
func AppendPayloadV3(dst []byte, packets ...Packet) []byte {
	for _, p := range packets {
		units := 1 + utf16Len(p.Data)
		if p.Binary {
			units = 2 + base64.StdEncoding.EncodedLen(len(p.Data))
		}
		dst = strconv.AppendInt(dst, int64(units), 10)
		dst = append(dst, ':')
		dst = p.AppendTextV3(dst)
	}
	return dst
}

// ParsePayloadV3 is ParsePayload for a payload of text of revision 3.
func ParsePayloadV3(body []byte) ([]Packet, error) {
	if len(body) == 0 {
		return nil, &SyntaxError{0, "empty payload"}
	}
	var packets []Packet
	for offset := 0; offset < len(body); {
		head, n, err := SplitPayloadV3(body[offset:])
		if err != nil {
			return packets, shift(err, offset)
		}
		offset += head
		if n == 0 {
			continue // as the official parser
		}
		p, err := ParseTextV3(body[offset : offset+n])
		if err != nil {
			return packets, shift(err, offset)
		}
		packets = append(packets, p)
		offset += n
	}
	return packets, nil
}

// SplitPayloadV3 finds the first packet of a payload of text: head bytes of length and colon, and n
// bytes of packet behind them, which may be none.
func SplitPayloadV3(body []byte) (head, n int, err error) {
	colon := bytes.IndexByte(body, ':')
	if colon < 0 {
		return 0, 0, &SyntaxError{len(body), "length without a colon"}
	}
	units, err := parseLength(body[:colon], '0')
	if err != nil {
		return 0, 0, err
	}
	head = colon + 1
	n, ok := prefixOfUTF16(body[head:], units)
	if !ok {
		return 0, 0, &SyntaxError{head, fmt.Sprintf("packet is not as long as it says: %d", units)}
	}
	return head, n, nil
}

// Bytes of a binary payload.
const (
	textMark   = 0
	binaryMark = 1
	lengthEnd  = 0xff
)

// AppendBinaryPayloadV3 appends the packets as a binary payload.
func AppendBinaryPayloadV3(dst []byte, packets ...Packet) []byte {
	for _, p := range packets {
		mark := byte(textMark)
		if p.Binary {
			mark = binaryMark
		}
		dst = append(dst, mark)
		for _, digit := range strconv.Itoa(1 + len(p.Data)) {
			dst = append(dst, byte(digit-'0'))
		}
		dst = append(dst, lengthEnd)
		if p.Binary {
			dst = p.AppendBinaryV3(dst)
		} else {
			dst = p.AppendText(dst)
		}
	}
	return dst
}

// ParseBinaryPayloadV3 is ParsePayload for a binary payload of revision 3.
func ParseBinaryPayloadV3(body []byte) ([]Packet, error) {
	if len(body) == 0 {
		return nil, &SyntaxError{0, "empty payload"}
	}
	var packets []Packet
	for offset := 0; offset < len(body); {
		binary, head, n, err := SplitBinaryPayloadV3(body[offset:])
		if err != nil {
			return packets, shift(err, offset)
		}
		offset += head
		parse := ParseTextV3
		if binary {
			parse = ParseBinaryV3
		} else if !utf8.Valid(body[offset : offset+n]) {
			return packets, &SyntaxError{offset, "text that is not UTF-8"}
		}
		p, err := parse(body[offset : offset+n])
		if err != nil {
			return packets, shift(err, offset)
		}
		packets = append(packets, p)
		offset += n
	}
	return packets, nil
}

// SplitBinaryPayloadV3 finds the first packet of a binary payload: head bytes of mark, length and
// its end, and n bytes of packet behind them. n may be 0. binary reports whether these bytes are
// the content of a binary frame.
func SplitBinaryPayloadV3(body []byte) (binary bool, head, n int, err error) {
	if len(body) == 0 || body[0] != textMark && body[0] != binaryMark {
		return false, 0, 0, &SyntaxError{0, "neither text nor binary"}
	}
	end := bytes.IndexByte(body[1:], lengthEnd)
	if end < 0 {
		return false, 0, 0, &SyntaxError{len(body), "length without an end"}
	}
	n, err = parseLength(body[1:1+end], 0)
	if err != nil {
		return false, 0, 0, shift(err, 1)
	}
	head = 1 + end + 1
	if n > len(body)-head {
		return false, 0, 0, &SyntaxError{head,
			fmt.Sprintf("packet is not as long as it says: %d", n)}
	}
	return body[0] == binaryMark, head, n, nil
}

// maxDigits of a length: more than any message has.
const maxDigits = 10

// parseLength reads decimal digits, the first of which is zero.
func parseLength(digits []byte, zero byte) (int, error) {
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, &SyntaxError{0, "length of no or too many digits"}
	}
	n := 0
	for i, d := range digits {
		if d < zero || d > zero+9 {
			return 0, &SyntaxError{i, "length with a byte that is not a digit"}
		}
		n = n*10 + int(d-zero)
	}
	return n, nil
}

// utf16Len counts the code units of text in UTF-16, as JavaScript does.
func utf16Len(text []byte) int {
	units := 0
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		units += unitsOf(r)
		text = text[n:]
	}
	return units
}

// prefixOfUTF16 returns how many bytes of text are so many code units. It
// reports false if text is shorter, or the end falls into a character.
func prefixOfUTF16(text []byte, units int) (int, bool) {
	at := 0
	for units > 0 && at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		units -= unitsOf(r)
		at += n
	}
	return at, units == 0
}

func unitsOf(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
