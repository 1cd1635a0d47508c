package xray

import (
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"realtimelab/internal/tap"
)

// prefaceLine is the first line of the preface.
const prefaceLine = "PRI * HTTP/2.0"

// http2Omitter leaves out the frames of the streams whose path begins with prefix, except those
// with headers. It decodes the headers of requests to find these streams.
type http2Omitter struct {
	prefix string
	hpack  *hpack.Decoder // nil once it has failed
	begins bool           // the path in the current header block begins with prefix

	omitted map[uint32]bool
	order   []uint32 // of omitted, oldest first
	sides   [2]http2Framing
}

// http2Framing is the position in one direction.
type http2Framing struct {
	head   []byte // of the current frame, possibly incomplete
	left   int    // bytes of its payload still to come
	omit   bool
	header http2.FrameHeader
	block  []byte // the payload so far of a request's header frame
}

// maxOmitted bounds the streams of one connection that are known to be omitted. A stream that is
// forgotten while its frames still come is recorded.
const maxOmitted = 1000

func newHTTP2Omitter(prefix string) *http2Omitter {
	o := &http2Omitter{prefix: prefix, omitted: map[uint32]bool{}}
	o.hpack = newHPACK(func(f hpack.HeaderField) {
		if f.Name == ":path" {
			o.begins = strings.HasPrefix(f.Value, prefix)
		}
	})
	o.sides[tap.In].left = len(preface) - len(prefaceLine) - len("\r\n")
	return o
}

// next is tap.Omitter's Next. It judges frames together that have the same verdict.
func (o *http2Omitter) next(dir tap.Direction, p []byte) (n int, v tap.Verdict) {
	n, v = o.frame(dir, p)
	for o.sides[dir].left == 0 && v != tap.Hold && len(p)-n >= frameHead && o.verdict(p[n:]) == v {
		more, _ := o.frame(dir, p[n:])
		n += more
	}
	return n, v
}

// verdict judges a frame by its header.
func (o *http2Omitter) verdict(p []byte) tap.Verdict {
	h, _ := http2.ReadFrameHeader(strings.NewReader(string(p[:frameHead])))
	if o.omitted[h.StreamID] && !hasHeaders(h.Type) {
		return tap.Omit
	}
	return tap.Record
}

// frame judges a frame, or the part of it that p has.
func (o *http2Omitter) frame(dir tap.Direction, p []byte) (n int, v tap.Verdict) {
	f := &o.sides[dir]
	if f.left == 0 {
		n = min(frameHead-len(f.head), len(p))
		f.head = append(f.head, p[:n]...)
		if len(f.head) < frameHead {
			return n, tap.Hold
		}
		f.header, _ = http2.ReadFrameHeader(strings.NewReader(string(f.head)))
		f.omit = o.verdict(f.head) == tap.Omit
		f.head, f.left = f.head[:0], int(f.header.Length)
	}
	piece := p[n:min(len(p), n+f.left)]
	f.left -= len(piece)
	if dir == tap.In && hasHeaders(f.header.Type) {
		o.headers(f, piece)
	}
	if f.omit {
		return n + len(piece), tap.Omit
	}
	return n + len(piece), tap.Record
}

func hasHeaders(t http2.FrameType) bool {
	return t == http2.FrameHeaders || t == http2.FrameContinuation || t == http2.FramePushPromise
}

// headers reads a request's header frame. The frame must be complete, because padding follows the
// header block.
func (o *http2Omitter) headers(f *http2Framing, piece []byte) {
	if o.hpack == nil {
		return
	}
	if f.block = append(f.block, piece...); len(f.block) > maxPiece {
		o.hpack, f.block = nil, nil
		return
	}
	if f.left > 0 {
		return
	}
	fragment := headerFragment(f.header, f.block)
	f.block = nil
	if _, err := o.hpack.Write(fragment); err != nil {
		o.hpack = nil
		return
	}
	if !f.header.Flags.Has(http2.FlagHeadersEndHeaders) {
		return
	}
	if o.hpack.Close() != nil {
		o.hpack = nil
		return
	}
	if o.begins && !o.omitted[f.header.StreamID] {
		o.omit(f.header.StreamID)
	}
	o.begins = false
}

// headerFragment returns the fragment of a header block in the payload of a HEADERS or CONTINUATION
// frame (RFC 9113 §6.2).
func headerFragment(h http2.FrameHeader, payload []byte) []byte {
	if h.Type != http2.FrameHeaders {
		return payload
	}
	pad := 0
	if h.Flags.Has(http2.FlagHeadersPadded) && len(payload) > 0 {
		pad, payload = int(payload[0]), payload[1:]
	}
	if h.Flags.Has(http2.FlagHeadersPriority) {
		payload = payload[min(5, len(payload)):]
	}
	return payload[:max(0, len(payload)-pad)]
}

func (o *http2Omitter) omit(stream uint32) {
	if len(o.order) >= maxOmitted {
		delete(o.omitted, o.order[0])
		o.order = o.order[1:]
	}
	o.omitted[stream] = true
	o.order = append(o.order, stream)
}
