package xray

import "realtimelab/internal/tap"

// A HeadCounter counts the HTTP heads of one connection, without making rows: requests, responses,
// and the trailers of HTTP/2. A head counts when it is complete. After a switch to another
// protocol, and after bytes that are not HTTP, nothing is counted. Its methods must not be called
// concurrently.
type HeadCounter struct {
	Bytes [2]int64 // of heads, by tap.Direction; in HTTP/2 with their frames' headers

	conn *connDecoder
}

// Requests returns the number of requests.
func (h *HeadCounter) Requests() int64 { return h.conn.d.requests }

// NewHeadCounter returns a counter for a new connection.
func NewHeadCounter() *HeadCounter {
	h := &HeadCounter{}
	h.conn = newConnDecoder(&decoder{quiet: true, counter: h}, nil)
	return h
}

// Feed reads the next bytes of a direction. A request must be fed before its response.
func (h *HeadCounter) Feed(dir tap.Direction, p []byte) {
	s := h.conn.streams[dir]
	s.end += int64(len(p))
	s.feed(p)
}

// countHead counts a head of n bytes if the connection has a counter.
func (s *stream) countHead(n int) {
	if h := s.conn.d.counter; h != nil {
		h.Bytes[s.dir] += int64(n)
	}
}
