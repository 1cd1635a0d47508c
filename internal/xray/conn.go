package xray

import (
	"time"

	"realtimelab/internal/tap"
)

// connDecoder is one connection: its two streams and their shared state.
type connDecoder struct {
	d       *decoder
	peer    *tap.Peer
	now     time.Time
	streams [2]*stream
	pending int // this connection's part of decoder.pending

	http2 *http2Conn // nil unless the connection began with the preface of HTTP/2

	redis *redisConn // nil unless the connection began with a command of Redis

	exchanges []*exchange // requests without a complete response, in order
	cut       bool        // it ended while something was unfinished, and a row said so
}

// maxExchanges bounds the unanswered requests of one connection.
const maxExchanges = 1000

func newConnDecoder(d *decoder, peer *tap.Peer) *connDecoder {
	c := &connDecoder{d: d, peer: peer}
	c.streams[tap.In] = &stream{conn: c, dir: tap.In, next: readRequest}
	c.streams[tap.Out] = &stream{conn: c, dir: tap.Out, next: readResponse}
	return c
}

// side returns the side of a proxy that the connection is on.
func (c *connDecoder) side() tap.Side {
	if c.peer == nil { // a HeadCounter's connection
		return ""
	}
	return c.peer.Side
}

// countRequest counts a request, unless it was counted on the proxy's other side.
func (c *connDecoder) countRequest() {
	if c.side() != tap.ServerSide {
		c.d.requests++
	}
}

// held returns the number of bytes in the connection's unfinished units.
func (c *connDecoder) held() int {
	n := c.streams[tap.In].held() + c.streams[tap.Out].held()
	if c.http2 != nil {
		n += c.http2.held()
	}
	return n
}

// row completes a row of the connection and emits it, unless the decoder is skimming.
func (c *connDecoder) row(r *Row) {
	if c.d.quiet || c.d.rebuilt && r.Layer == TCP {
		return
	}
	r.Conn, r.Time, r.peer, r.Side = c.peer.ID, c.now, c.peer, c.peer.Side
	r.Message = r.Message || r.Layer == Bytes && r.Size > 0 // a body without an end has no bytes
	c.d.emit(r)
}

func (c *connDecoder) data(e tap.Event) {
	s := c.streams[e.Dir]
	if e.Offset > s.end {
		s.lose(e.Offset - s.end)
	}
	s.end = e.Offset + int64(e.Size)
	if c.d.quiet {
		s.segments = nil
		s.feed(e.Bytes)
	} else {
		row := tcpRow(e)
		c.row(row)
		s.cover(segment{e.Offset, row.ID})
		s.feed(e.Bytes)
		row.Lab = s.onlyLab()
		row.hidden = row.Lab && c.http2 != nil && c.d.omitted == c.d.lab
	}
	if lost := e.Size - len(e.Bytes); lost > 0 {
		s.lose(int64(lost))
	}
}
