package frame

import (
	"encoding/binary"
	"fmt"
)

// CloseCode is the number that says why a connection ends (section 7.4, and
// IANA's registry for the later ones).
type CloseCode uint16

// The close codes. The three marked "never sent" are what an endpoint reports to
// its own program; on the wire they are a violation.
const (
	NormalClosure   CloseCode = 1000
	GoingAway       CloseCode = 1001 // the server shuts down, or the page is left
	ProtocolError   CloseCode = 1002 // a frame breaks the RFC
	UnsupportedData CloseCode = 1003 // a kind of message that is not accepted here
	NoStatus        CloseCode = 1005 // never sent: the close frame had no code
	Abnormal        CloseCode = 1006 // never sent: the connection ended without a close frame
	InvalidPayload  CloseCode = 1007 // text that is not UTF-8
	PolicyViolation CloseCode = 1008
	MessageTooBig   CloseCode = 1009
	MissingExt      CloseCode = 1010 // from a client: the server did not agree to an extension
	InternalError   CloseCode = 1011
	ServiceRestart  CloseCode = 1012
	TryAgainLater   CloseCode = 1013
	BadGateway      CloseCode = 1014
	TLSHandshake    CloseCode = 1015 // never sent: TLS failed
)

var closeNames = map[CloseCode]string{
	NormalClosure: "normal closure", GoingAway: "going away", ProtocolError: "protocol error",
	UnsupportedData: "unsupported data", NoStatus: "no status received",
	Abnormal:       "abnormal closure",
	InvalidPayload: "invalid frame payload data", PolicyViolation: "policy violation",
	MessageTooBig: "message too big",
	MissingExt:    "mandatory extension", InternalError: "internal error",
	ServiceRestart: "service restart",
	TryAgainLater:  "try again later", BadGateway: "bad gateway", TLSHandshake: "TLS handshake",
}

// String is the number and its name, such as "1009 message too big".
func (c CloseCode) String() string {
	if name, ok := closeNames[c]; ok {
		return fmt.Sprintf("%d %s", uint16(c), name)
	}
	return fmt.Sprint(uint16(c))
}

// Sendable tells that the code may stand in a close frame: the registered ones,
// 3000 to 3999 for libraries, 4000 to 4999 for private use.
func (c CloseCode) Sendable() bool {
	switch {
	case c == 1004 || c == NoStatus || c == Abnormal || c == TLSHandshake:
		return false
	case c >= NormalClosure && c <= BadGateway:
		return true
	}
	return c >= 3000 && c <= 4999
}

// MaxReason is the most bytes of reason that fit beside the code.
const MaxReason = MaxControl - 2

// AppendClose appends the payload of a close frame: the code in two bytes and the reason, truncated
// to MaxReason bytes at a character's boundary. NoStatus appends nothing: an empty payload means
// "no code".
//
//	03 e8           1000
//	03 e9 62 79 65  1001 "bye"
func AppendClose(dst []byte, code CloseCode, reason string) []byte {
	if code == NoStatus {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, truncate(reason, MaxReason)...)
}

func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xC0 == 0x80 {
		limit--
	}
	return s[:limit]
}

// ParseClose reads the payload of a close frame. An empty one is NoStatus. The
// error is an *Error with its offset in payload: 1002 for a lone byte or a code
// that may not be sent, 1007 for a reason that is not UTF-8.
func ParseClose(payload []byte) (code CloseCode, reason string, err error) {
	switch len(payload) {
	case 0:
		return NoStatus, "", nil
	case 1:
		return 0, "", violation(0, "close code has one byte, not two")
	}
	code = CloseCode(binary.BigEndian.Uint16(payload))
	if !code.Sendable() {
		return 0, "", violation(0, "close code %d may not be sent", uint16(code))
	}
	if bad := invalidUTF8(payload[2:]); bad >= 0 {
		return 0, "", &Error{int64(2 + bad), InvalidPayload, "close reason is not UTF-8"}
	}
	return code, string(payload[2:]), nil
}
