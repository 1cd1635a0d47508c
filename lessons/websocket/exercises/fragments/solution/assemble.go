// Package fragments puts messages together.
package fragments

import "errors"

// The opcodes that matter here.
const (
	Continuation byte = 0x0
	Text         byte = 0x1
	Binary       byte = 0x2
	Ping         byte = 0x9
)

// Max is the most bytes that a message may have.
const Max = 1000

// The errors of Add.
var (
	ErrNotOver   = errors.New("a message begins before the last one is over")
	ErrNoMessage = errors.New("a continuation of no message")
	ErrControl   = errors.New("a control frame is cut up or too long")
	ErrTooLarge  = errors.New("the message is too large")
)

// Frame is one frame, unmasked.
type Frame struct {
	FIN     bool
	Opcode  byte
	Payload []byte
}

// Message is a whole message.
type Message struct {
	Opcode byte // Text or Binary
	Data   []byte
}

// Assembler puts the messages of one connection together. The zero value is ready.
type Assembler struct {
	open   bool // a message has begun and is not over
	opcode byte // of its first frame
	data   []byte
}

// Add takes the next frame. It returns a message if this frame was its last, else nil; control
// frames never make a message.
func (a *Assembler) Add(f Frame) (*Message, error) {
	switch {
	case f.Opcode&0x8 != 0:
		if !f.FIN || len(f.Payload) > 125 {
			return nil, ErrControl
		}
		return nil, nil
	case f.Opcode == Continuation && !a.open:
		return nil, ErrNoMessage
	case f.Opcode != Continuation && a.open:
		return nil, ErrNotOver
	case f.Opcode != Continuation:
		a.open, a.opcode, a.data = true, f.Opcode, nil
	}
	if len(a.data)+len(f.Payload) > Max {
		return nil, ErrTooLarge
	}
	a.data = append(a.data, f.Payload...)
	if !f.FIN {
		return nil, nil
	}
	a.open = false
	return &Message{Opcode: a.opcode, Data: a.data}, nil
}
