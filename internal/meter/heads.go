package meter

import (
	"bytes"
	"strconv"
	"sync/atomic"

	"realtimelab/internal/tap"
)

// heads counts HTTP heads: how many, and their bytes, request line and empty line
// included. Index by tap.Direction.
type heads struct {
	count, bytes [2]atomic.Int64
}

// splitter follows one direction of an HTTP/1.1 connection (RFC 9112): heads with a
// body by Content-Length or in chunks. What follows a 101, or a request that asks
// for an upgrade, is no HTTP.
type splitter struct {
	heads *heads
	dir   tap.Direction

	line    []byte // the line that is not yet whole
	inBody  bool
	raw     bool
	body    int // bytes of body, or of a chunk and its CRLF, to come
	chunked bool
	last    bool // the last chunk's size was read: trailers end the body
	upgrade bool // this head switches protocols
	length  int  // what this head's Content-Length says
}

func (s *splitter) take(p []byte) {
	for len(p) > 0 && !s.raw {
		if s.body > 0 {
			n := min(s.body, len(p))
			s.body, p = s.body-n, p[n:]
			s.inBody = s.body > 0 || s.chunked
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.countHead(len(p))
			s.line = append(s.line, p...)
			return
		}
		s.countHead(end + 1)
		line := bytes.TrimRight(append(s.line, p[:end]...), "\r")
		s.line, p = nil, p[end+1:]
		if s.inBody {
			s.chunkLine(line)
		} else {
			s.headLine(line)
		}
	}
}

func (s *splitter) countHead(n int) {
	if !s.inBody {
		s.heads.bytes[s.dir].Add(int64(n))
	}
}

func (s *splitter) headLine(line []byte) {
	name, value, found := bytes.Cut(line, []byte(":"))
	value = bytes.ToLower(bytes.TrimSpace(value))
	switch {
	case len(line) == 0:
		s.endHead()
	case bytes.HasPrefix(line, []byte("HTTP/1.1 101")):
		s.upgrade = true
	case found && bytes.EqualFold(name, []byte("Upgrade")) && s.dir == tap.In:
		s.upgrade = true
	case found && bytes.EqualFold(name, []byte("Content-Length")):
		s.length, _ = strconv.Atoi(string(value))
	case found && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		s.chunked = bytes.Equal(value, []byte("chunked"))
	}
}

func (s *splitter) endHead() {
	s.heads.count[s.dir].Add(1)
	s.raw = s.upgrade
	s.body = s.length
	s.inBody = s.chunked || s.body > 0
	s.length, s.last = 0, false
}

// chunkLine takes a line between chunks: a size, or a trailer after the last.
func (s *splitter) chunkLine(line []byte) {
	if s.last {
		if len(line) == 0 {
			s.inBody, s.chunked = false, false
		}
		return
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	n, err := strconv.ParseInt(string(size), 16, 32)
	switch {
	case err != nil:
		s.raw = true // not HTTP: count no more
	case n == 0:
		s.last = true
	default:
		s.body = int(n) + len("\r\n")
	}
}
