package siopacket

import (
	"errors"
	"fmt"
)

// DefaultMaxAttachments is the largest number of attachments of one packet, unless
// Decoder.MaxAttachments says otherwise.
const DefaultMaxAttachments = 10

// Errors of a Decoder: a message came out of order, or a packet announced too many attachments.
var (
	ErrTextInsteadOfAttachment = errors.New("siopacket: text where an attachment was due")
	ErrUnexpectedAttachment    = errors.New(
		"siopacket: attachment without a packet that announced it")
	ErrTooManyAttachments = errors.New("siopacket: too many attachments")
)

// Decoder joins the text of a packet with the attachments that follow it. The
// zero value is ready to use. It is not safe for concurrent use, and after an
// error it must not be used again: the connection it reads is to be closed.
type Decoder struct {
	// MaxAttachments of one packet; 0 means DefaultMaxAttachments.
	MaxAttachments int

	waiting *Packet
	missing int
}

// AddText takes the data of a text message. It reports whether p is a whole
// packet; if not, attachments must follow.
func (d *Decoder) AddText(text []byte) (p Packet, complete bool, err error) {
	if d.waiting != nil {
		return Packet{}, false, ErrTextInsteadOfAttachment
	}
	p, n, err := ParseText(text)
	if err != nil {
		return Packet{}, false, err
	}
	if n == 0 {
		return p, true, nil
	}
	limit := d.MaxAttachments
	if limit == 0 {
		limit = DefaultMaxAttachments
	}
	if n > limit {
		return Packet{}, false, fmt.Errorf("%w: %d, at most %d", ErrTooManyAttachments, n, limit)
	}
	switch p.Type {
	case BinaryEvent:
		p.Type = Event
	case BinaryAck:
		p.Type = Ack
	}
	waiting := p
	d.waiting, d.missing = &waiting, n
	return Packet{}, false, nil
}

// AddBinary takes the data of a binary message: the next attachment. It
// reports whether p is now whole.
func (d *Decoder) AddBinary(data []byte) (p Packet, complete bool, err error) {
	if d.waiting == nil {
		return Packet{}, false, ErrUnexpectedAttachment
	}
	d.waiting.Attachments = append(d.waiting.Attachments, data)
	if d.missing--; d.missing > 0 {
		return Packet{}, false, nil
	}
	p, d.waiting = *d.waiting, nil
	return p, true, checkPlaceholders(p)
}
