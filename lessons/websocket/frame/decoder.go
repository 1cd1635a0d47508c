package frame

// Sender is the side whose frames are read: it decides about masking.
type Sender int

// The senders. A server must close on a frame that is not masked, a client on
// one that is (section 5.1).
const (
	EitherSide Sender = iota
	FromClient
	FromServer
)

// Rules are the terms that a connection's two sides agreed on. The zero value takes frames of
// either side, of any size, without extensions.
type Rules struct {
	From    Sender
	Deflate bool // permessage-deflate was agreed on: a message's first frame may have RSV1
	// bytes of payload in one message, all its fragments together; 0 means no limit
	MaxMessage int64
}

// Decoder reads what one side of a connection says, in whatever pieces its bytes
// come, and holds it to the rules that reach beyond one frame: masking, reserved
// bits, the order of fragments (section 5.4), size, UTF-8 across fragments, close
// codes, silence after close. Text that is compressed is not checked for UTF-8:
// that is to be done after inflating it. The zero value is ready; Rules are set
// before the first Write.
type Decoder struct {
	Rules Rules

	buf    []byte
	offset int64 // of buf[0] in the stream
	err    error // the first violation, forever

	message Opcode // of the message whose fragments are coming; Continuation if none is
	deflate bool   // that message has RSV1
	size    int64  // bytes of it so far
	text    UTF8
	closed  bool // a close frame has come
}

// Write gives the Decoder the next bytes of the stream; it keeps a copy.
func (d *Decoder) Write(p []byte) { d.buf = append(d.buf, p...) }

// Offset returns the position in the stream at which the next frame starts.
func (d *Decoder) Offset() int64 { return d.offset }

// Next reads the next frame. The error is ErrIncomplete until all its bytes were
// written, or an *Error, with its Offset counted from the start of the stream,
// which every later call returns again. A frame that breaks a rule by its header
// alone is refused before its payload has come.
func (d *Decoder) Next() (Frame, error) {
	if d.err != nil {
		return Frame{}, d.err
	}
	f, n, err := d.next()
	if err == nil {
		d.buf = d.buf[n:]
		d.offset += int64(n)
		return f, nil
	}
	if violation, ok := err.(*Error); ok {
		violation.Offset += d.offset
		d.err = violation
	}
	return Frame{}, err
}

// next reads a frame with offsets counted from its first byte.
func (d *Decoder) next() (Frame, int, error) {
	h, start, err := ParseHeader(d.buf)
	if err != nil {
		return Frame{}, 0, err
	}
	if err := d.checkHeader(h); err != nil {
		return Frame{}, 0, err
	}
	f, n, err := Parse(d.buf)
	if err != nil {
		return Frame{}, 0, err
	}
	if !f.Masked { // Parse shares the buffer, which the next Write may move or overwrite
		f.Payload = append([]byte(nil), f.Payload...)
	}
	if err := d.take(f); err != nil {
		err.Offset += int64(start)
		return Frame{}, 0, err
	}
	return f, n, nil
}

// checkHeader judges what a header alone shows. It changes nothing: it may see the same header
// again.
func (d *Decoder) checkHeader(h Header) error {
	switch {
	case d.closed:
		return violation(0, "%s frame after a close frame", h.Opcode)
	case d.Rules.From == FromClient && !h.Masked:
		return violation(1, "frame from a client is not masked")
	case d.Rules.From == FromServer && h.Masked:
		return violation(1, "frame from a server is masked")
	case h.RSV != 0 && !d.mayCompress(h):
		return violation(0, "reserved bits %03b are set", h.RSV)
	case h.Opcode == Continuation && d.message == Continuation:
		return violation(0, "continuation frame without a message to continue")
	case (h.Opcode == Text || h.Opcode == Binary) && d.message != Continuation:
		return violation(0, "%s frame inside a fragmented %s message", h.Opcode, d.message)
	case !h.Opcode.Control() && d.tooBig(h):
		return &Error{1, MessageTooBig, "message is larger than the limit"}
	}
	return nil
}

func (d *Decoder) mayCompress(h Header) bool {
	return h.RSV == RSV1 && d.Rules.Deflate && (h.Opcode == Text || h.Opcode == Binary)
}

func (d *Decoder) tooBig(h Header) bool {
	limit := d.Rules.MaxMessage
	return limit > 0 && h.Length > limit-d.size
}

// take advances the message by a whole frame. Offsets are counted from the payload.
func (d *Decoder) take(f Frame) *Error {
	switch f.Opcode {
	case Ping, Pong:
		return nil
	case Close:
		d.closed = true
		_, _, err := ParseClose(f.Payload)
		bad, _ := err.(*Error)
		return bad
	case Text, Binary:
		d.message, d.deflate = f.Opcode, f.RSV&RSV1 != 0
	}
	d.size += f.Length
	if d.message == Text && !d.deflate {
		if bad := d.checkText(f); bad != nil {
			return bad
		}
	}
	if f.Fin {
		d.message, d.size, d.text = Continuation, 0, UTF8{}
	}
	return nil
}

func (d *Decoder) checkText(f Frame) *Error {
	n, ok := d.text.Write(f.Payload)
	if !ok || f.Fin && !d.text.Complete() {
		return &Error{int64(n), InvalidPayload, "text is not UTF-8"}
	}
	return nil
}
