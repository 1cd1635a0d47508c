package eiopacket

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Over a stream of WebTransport, each packet has a header of 1, 3 or 9 bytes before it, which is
// that of a WebSocket frame without its first byte: the length, and in the highest bit whether the
// packet is binary.
//
//	06 4hello          text, 6 bytes
//	83 01 02 03        binary, 3 bytes
//	7e 01 00 4xx…      text, 256 bytes
//
// No packet has the length 0, so a binary packet without bytes is sent as the text "b", base64 of
// none.

// AppendStream appends the packet and its header.
func (p Packet) AppendStream(dst []byte) []byte {
	n, binaryBit := p.TextLen(), byte(0)
	if p.Binary && len(p.Data) > 0 {
		n, binaryBit = len(p.Data), 0x80
	}
	switch {
	case n < 126:
		dst = append(dst, byte(n)|binaryBit)
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, 126|binaryBit), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127|binaryBit), uint64(n))
	}
	if binaryBit != 0 {
		return append(dst, p.Data...)
	}
	return p.AppendText(dst)
}

// A StreamReader is the source of ReadStream, such as a *bufio.Reader.
type StreamReader interface {
	io.Reader
	io.ByteReader
}

// ReadStream reads the next packet. Its data is not shared. A packet of more than limit bytes is an
// error, and costs no memory before its bytes have come. Text that is not UTF-8 is made so. The
// error is a *SyntaxError, or r's.
func ReadStream(r StreamReader, limit int) (Packet, error) {
	first, err := r.ReadByte()
	if err != nil {
		return Packet{}, err
	}
	var head [8]byte
	length := uint64(first & 0x7f)
	switch length {
	case 126:
		_, err = io.ReadFull(r, head[:2])
		length = uint64(binary.BigEndian.Uint16(head[:]))
	case 127:
		_, err = io.ReadFull(r, head[:8])
		length = binary.BigEndian.Uint64(head[:])
	}
	switch {
	case err != nil:
		return Packet{}, err
	case length == 0 || length > uint64(limit):
		return Packet{}, &SyntaxError{0, "packet that is empty, or too large"}
	}
	var data bytes.Buffer
	if _, err := io.CopyN(&data, r, int64(length)); err != nil {
		return Packet{}, err
	}
	if first&0x80 != 0 {
		return ParseBinary(data.Bytes()), nil
	}
	return ParseText(bytes.ToValidUTF8(data.Bytes(), []byte("\ufffd")))
}
