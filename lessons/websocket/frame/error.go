package frame

import (
	"errors"
	"fmt"
)

// ErrIncomplete says that the bytes so far are right and that more are needed.
var ErrIncomplete = errors.New("frame: incomplete")

// Error is a violation of RFC 6455.
type Error struct {
	// of the first byte at fault, counted from the first byte given to the parser or Decoder
	Offset int64
	Code   CloseCode // what the connection is to be closed with
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("frame: %s at byte %d (close %d)", e.Reason, e.Offset, e.Code)
}

// violation is the plain case: close code 1002.
func violation(offset int64, format string, args ...any) *Error {
	return &Error{Offset: offset, Code: ProtocolError, Reason: fmt.Sprintf(format, args...)}
}
