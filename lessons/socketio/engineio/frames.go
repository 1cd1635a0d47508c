package engineio

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"
)

// frameReader reads a client's messages: RFC 6455 section 5, from the server's
// side, and RFC 7692 where it was agreed on. A connection on which nothing
// arrives holds no buffer.
type frameReader struct {
	in      byteReader
	limit   int64 // of a message's length
	inflate bool

	onPing func(data []byte) error
}

// closeError is the reason to close a WebSocket: the client's close frame, or
// what it did wrong.
type closeError struct {
	code   int
	reason []byte // the client's
	err    error  // nil if the client closed
}

func (e *closeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("engineio: WebSocket closed by the client with %d", e.code)
	}
	return e.err.Error()
}

func (e *closeError) Unwrap() error { return e.err }

// Close codes: RFC 6455 section 7.4.1.
const (
	closeProtocolError = 1002
	closeNoStatus      = 1005 // never sent: stands for a close frame without a code
	closeNotUTF8       = 1007
	closeTooBig        = 1009
)

func violation(format string, args ...any) error {
	return &closeError{code: closeProtocolError, err: fmt.Errorf("engineio: WebSocket: "+format, args...)}
}

var errTooBig = &closeError{code: closeTooBig, err: errors.New("engineio: message over MaxPayload")}

// frameHeader is the fixed part of a frame.
type frameHeader struct {
	fin, rsv1 bool
	opcode    byte
	length    int64
	mask      [4]byte
}

func (h frameHeader) control() bool { return h.opcode >= opClose }

// next returns the next message, whose data is not shared. Control frames
// before it are taken care of. At its end the error is io.EOF, a *closeError, or
// the connection's.
func (f *frameReader) next() (opcode byte, data []byte, err error) {
	defer f.in.release()
	compressed := false
	for {
		h, err := f.header()
		if err != nil {
			return 0, nil, err
		}
		if h.control() {
			if err := f.control(h); err != nil {
				return 0, nil, err
			}
			continue
		}
		switch first := opcode == 0; {
		case first == (h.opcode == opContinuation):
			return 0, nil, violation("fragment out of place")
		case h.rsv1 && !(first && f.inflate):
			return 0, nil, violation("RSV1 set")
		case first:
			opcode, compressed = h.opcode, h.rsv1
		}
		if data, err = f.payload(h, data); err != nil {
			return 0, nil, err
		}
		if h.fin {
			data, err = f.whole(opcode, data, compressed)
			return opcode, data, err
		}
	}
}

func (f *frameReader) header() (h frameHeader, err error) {
	head, err := f.in.next(2)
	if err != nil {
		return h, err
	}
	h.fin, h.rsv1, h.opcode = head[0]&finBit != 0, head[0]&rsv1Bit != 0, head[0]&0xf
	masked, length := head[1]&0x80 != 0, head[1]&0x7f
	switch {
	case head[0]&0x30 != 0:
		return h, violation("RSV2 or RSV3 set")
	case h.opcode > opBinary && h.opcode < opClose || h.opcode > opPong:
		return h, violation("unknown opcode %d", h.opcode)
	case !masked:
		return h, violation("frame without a mask")
	case h.control() && (!h.fin || h.rsv1 || length > 125):
		return h, violation("control frame that is fragmented, compressed or too long")
	}
	return h, f.lengthAndMask(&h, length)
}

func (f *frameReader) lengthAndMask(h *frameHeader, length byte) error {
	if err := f.length(h, length); err != nil {
		return err
	}
	mask, err := f.in.next(4)
	if err == nil {
		copy(h.mask[:], mask)
	}
	return err
}

// length reads what follows the seven bits of a length.
func (f *frameReader) length(h *frameHeader, length byte) error {
	switch length {
	case 126:
		more, err := f.in.next(2)
		if err != nil {
			return err
		}
		h.length = int64(binary.BigEndian.Uint16(more))
	case 127:
		more, err := f.in.next(8)
		if err != nil {
			return err
		}
		n := binary.BigEndian.Uint64(more)
		if n > 1<<63-1 {
			return violation("length with its highest bit set")
		}
		h.length = int64(n)
	default:
		h.length = int64(length)
	}
	return nil
}

// payload appends a frame's payload to what came before.
func (f *frameReader) payload(h frameHeader, data []byte) ([]byte, error) {
	if !h.control() && h.length > f.limit-int64(len(data)) {
		return nil, errTooBig
	}
	start, left := len(data), int(h.length)
	if data == nil {
		data = make([]byte, 0, min(left, max(f.in.buffered(), firstRead))) // no more on trust
	}
	for left > 0 {
		part, err := f.in.upTo(left)
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
		left -= len(part)
	}
	unmask(data[start:], h.mask)
	return data, nil
}

// firstRead is what a message may claim to be and get at once.
const firstRead = 4096

// whole is a message when all its fragments are there.
func (f *frameReader) whole(opcode byte, data []byte, compressed bool) ([]byte, error) {
	if compressed {
		var err error
		if data, err = inflate(data, f.limit); err != nil {
			return nil, err
		}
	}
	if opcode == opText && !utf8.Valid(data) {
		return nil, &closeError{code: closeNotUTF8, err: ErrNotUTF8}
	}
	return data, nil
}

// control takes a control frame. A close frame is the error that it stands for.
func (f *frameReader) control(h frameHeader) error {
	data, err := f.payload(h, make([]byte, 0, h.length))
	switch {
	case err != nil:
		return err
	case h.opcode == opPing:
		return f.onPing(data)
	case h.opcode == opPong:
		return nil
	case len(data) == 0:
		return &closeError{code: closeNoStatus}
	case len(data) == 1:
		return violation("close frame with half a code")
	}
	code, reason := int(binary.BigEndian.Uint16(data)), data[2:]
	switch {
	case !validCloseCode(code):
		return violation("close frame with code %d", code)
	case !utf8.Valid(reason):
		return &closeError{code: closeNotUTF8, err: ErrNotUTF8}
	}
	return &closeError{code: code, reason: reason}
}

// validCloseCode: RFC 6455 section 7.4, and the registry that it set up.
func validCloseCode(code int) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// unmask is RFC 6455 section 5.3, eight bytes at a time.
func unmask(data []byte, mask [4]byte) {
	four := uint64(binary.LittleEndian.Uint32(mask[:]))
	eight := four<<32 | four
	for len(data) >= 8 {
		binary.LittleEndian.PutUint64(data, binary.LittleEndian.Uint64(data)^eight)
		data = data[8:]
	}
	for i := range data {
		data[i] ^= mask[i&3]
	}
}

// deflateTail is what the sender left out (RFC 7692 section 7.2.2), and an empty
// last block, so that the end is not unexpected.
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

func inflate(data []byte, limit int64) ([]byte, error) {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	r.(flate.Resetter).Reset(io.MultiReader(bytes.NewReader(data), bytes.NewReader([]byte(deflateTail))), nil)
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, &closeError{code: closeNotUTF8, err: fmt.Errorf("engineio: message that does not inflate: %w", err)}
	case int64(len(out)) > limit:
		return nil, errTooBig
	}
	return out, nil
}
