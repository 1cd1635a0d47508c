package xray

import (
	"bytes"
	"strconv"
	"strings"

	"realtimelab/internal/tap"
)

// Omit returns a tap.Config.Omit that leaves out the HTTP exchanges whose path begins with prefix,
// both request and response. Other exchanges on the same connection are recorded. If a response
// switches protocols, the rest of its connection is treated like that response.
//
// Over HTTP/2, the header frames of an omitted exchange are recorded, because HPACK decodes the
// later ones with them. The recording, and an export for Wireshark, therefore contains the cookies
// of omitted requests, including the key. Config.Omitted hides their rows.
func Omit(prefix string) func() tap.Omitter {
	return func() tap.Omitter { return &omitter{prefix: prefix} }
}

// omitter follows only the HTTP framing of one connection (RFC 9112).
type omitter struct {
	prefix string
	sides  [2]framing
	asked  []question // requests without a final response

	http2 *http2Omitter // nil before the preface of HTTP/2
}

// question holds the properties of a request that its response depends on.
type question struct {
	omit bool
	head bool // the method is HEAD, so the response has no body
}

// framing is the position in one direction.
type framing struct {
	at   position
	omit bool   // the current message is omitted
	line []byte // the incomplete line
	left int64  // bytes still to come of the body, or of a chunk and its line end

	// Of the current head.
	length  int64 // -1: no Content-Length
	chunked bool
	status  int // of a response
}

type position uint8

const (
	between    position = iota // before a message, or in a request line that is not decided yet
	inHead                     // in a start line or a field line
	inBody                     // left bytes remain
	inSize                     // in the size line of a chunk
	inChunk                    // left bytes remain
	inTrailers                 // after the last chunk
	untilClose                 // in a body that ends when the connection closes
	switched                   // after the head of a 101
	noHTTP
)

// maxLine bounds the length of a line.
const maxLine = 64 << 10

// Next implements tap.Omitter.
func (o *omitter) Next(dir tap.Direction, p []byte) (n int, v tap.Verdict) {
	if o.http2 != nil {
		return o.http2.next(dir, p)
	}
	f := &o.sides[dir]
	if f.at == between {
		if n = o.begin(dir, p); f.at == between {
			return n, tap.Wait
		}
	}
	for n < len(p) && o.http2 == nil && f.at != between && f.at < switched {
		n += o.pass(dir, p[n:])
	}
	switch {
	case o.http2 != nil && n < len(p): // with the rest of the preface
		more, v := o.http2.next(dir, p[n:])
		return n + more, v
	case f.at == noHTTP:
		return len(p), tap.RecordRest
	case f.at == switched && f.omit:
		return n, tap.OmitRest
	case f.at == switched:
		return n, tap.RecordRest
	case f.omit:
		return n, tap.Omit
	}
	return n, tap.Record
}

// begin starts a message and returns the number of bytes of p that it consumed. A response gets the
// verdict of its request. A request gets its own once enough of its first line has arrived.
func (o *omitter) begin(dir tap.Direction, p []byte) int {
	f := &o.sides[dir]
	if dir == tap.Out {
		*f = framing{at: inHead, length: -1, omit: len(o.asked) > 0 && o.asked[0].omit}
		return 0
	}
	for i, b := range p {
		f.line = append(f.line, b)
		if omit, decided := judge(f.line, o.prefix); decided {
			o.asked = append(o.asked, question{omit, bytes.HasPrefix(f.line, []byte("HEAD "))})
			*f = framing{at: inHead, length: -1, omit: omit, line: f.line}
			if b == '\n' {
				f.at = noHTTP
			}
			return i + 1
		}
	}
	return len(p)
}

// maxMethod bounds the method of a request that may be omitted.
const maxMethod = 16

// judge reports whether the path in a request line begins with prefix. decided is false if line is
// too short to tell.
func judge(line []byte, prefix string) (begins, decided bool) {
	method, target, found := bytes.Cut(line, []byte(" "))
	switch {
	case !found:
		return false, len(method) > maxMethod || bytes.IndexByte(method, '\n') >= 0
	case len(target) >= len(prefix):
		return bytes.HasPrefix(target, []byte(prefix)), true
	}
	return false, !bytes.HasPrefix([]byte(prefix), target)
}

// pass consumes bytes of the current message and returns their number.
func (o *omitter) pass(dir tap.Direction, p []byte) int {
	f := &o.sides[dir]
	switch f.at {
	case untilClose:
		return len(p)
	case inBody, inChunk:
		n := min(f.left, int64(len(p)))
		if f.left -= n; f.left == 0 && f.at == inChunk {
			f.at = inSize
		} else if f.left == 0 {
			o.end(dir)
		}
		return int(n)
	}
	n := bytes.IndexByte(p, '\n') + 1
	if n == 0 {
		if f.line = append(f.line, p...); len(f.line) > maxLine {
			f.at = noHTTP
		}
		return len(p)
	}
	line := bytes.TrimRight(append(f.line, p[:n]...), "\r\n")
	f.line = nil
	o.line(dir, string(line))
	return n
}

// line processes a line of a head, of a chunk's size, or of the trailers.
func (o *omitter) line(dir tap.Direction, line string) {
	f := &o.sides[dir]
	switch {
	case f.at == inTrailers && line == "":
		o.end(dir)
	case f.at == inTrailers:
	case f.at == inSize:
		size, ok := chunkSize([]byte(line))
		switch {
		case !ok:
			f.at = noHTTP
		case size == 0:
			f.at = inTrailers
		default:
			f.at, f.left = inChunk, size+2
		}
	case line == "":
		o.endHead(dir)
	case line == prefaceLine && dir == tap.In:
		o.http2 = newHTTP2Omitter(o.prefix)
	default:
		f.field(line)
	}
}

// field reads from a start line or field line how the message ends.
func (f *framing) field(line string) {
	h := head{start: line}
	if f.status == 0 {
		f.status = h.status()
	}
	name, value, _ := strings.Cut(line, ":")
	value = strings.ToLower(strings.TrimSpace(value))
	switch strings.ToLower(name) {
	case "content-length":
		n, err := strconv.ParseInt(value, 10, 63)
		if err != nil || n < 0 {
			f.at = noHTTP
		}
		f.length = n
	case "transfer-encoding":
		f.chunked = f.chunked || strings.Contains(value, "chunked")
	}
}

// endHead continues after a head, with the body if there is one.
func (o *omitter) endHead(dir tap.Direction) {
	f := &o.sides[dir]
	response := dir == tap.Out
	bodiless := f.status/100 == 1 || f.status == 204 || f.status == 304 ||
		response && len(o.asked) > 0 && o.asked[0].head
	switch {
	case response && f.status == 101:
		f.at = switched
	case response && bodiless:
		o.end(dir)
	case f.chunked:
		f.at = inSize
	case f.length > 0:
		f.at, f.left = inBody, f.length
	case f.length < 0 && response:
		f.at = untilClose
	default:
		o.end(dir)
	}
}

// end continues after a message.
func (o *omitter) end(dir tap.Direction) {
	f := &o.sides[dir]
	if dir == tap.Out && f.status/100 != 1 && len(o.asked) > 0 {
		o.asked = o.asked[1:]
	}
	f.at, f.line = between, nil
}
