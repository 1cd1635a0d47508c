package frame

import "encoding/binary"

// Mask masks data in place, or unmasks it: XOR with the key undoes itself (section 5.3). pos is the
// position of data in its payload, so that a payload can be masked in pieces. The result is the pos
// of the next piece.
//
// The key is not a secret: it is sent in front of the payload. It is random so that a page cannot
// choose the bytes on the wire. An old proxy could be tricked into reading such bytes as HTTP.
func Mask(key [4]byte, pos int, data []byte) int {
	next := pos + len(data)
	var turned [8]byte // the key twice, from where data starts in it
	for i := range turned {
		turned[i] = key[(pos+i)&3]
	}
	word := binary.LittleEndian.Uint64(turned[:])
	for len(data) >= 8 {
		binary.LittleEndian.PutUint64(data, binary.LittleEndian.Uint64(data)^word)
		data = data[8:]
	}
	for i := range data {
		data[i] ^= turned[i]
	}
	return next
}
