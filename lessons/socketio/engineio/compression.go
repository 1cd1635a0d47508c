package engineio

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// HTTPCompression of the answers of polls, with gzip or deflate as the client
// prefers. It is on by default.
type HTTPCompression struct {
	Off bool
	// Threshold is the number of bytes from which on an answer is compressed.
	// Default 1024.
	Threshold int
}

func (c HTTPCompression) withDefaults() HTTPCompression {
	setDefault(&c.Threshold, compressionThreshold)
	return c
}

const compressionThreshold = 1024

// encodingOf the answer to r, or "" for as it is.
func (c HTTPCompression) encodingOf(size int, r *http.Request) string {
	if c.Off || size < c.Threshold {
		return ""
	}
	return preferredEncoding(strings.Join(r.Header.Values("Accept-Encoding"), ","))
}

// preferredEncoding chooses from an Accept-Encoding header (RFC 9110 section
// 12.5.3): the higher quality, then the one that is named over one that "*"
// stands for, then the one that is named first, then gzip.
func preferredEncoding(accept string) string {
	gzip, deflate := rank(accept, "gzip"), rank(accept, "deflate")
	switch {
	case gzip.quality <= 0 && deflate.quality <= 0:
		return ""
	case deflate.above(gzip):
		return "deflate"
	}
	return "gzip"
}

// acceptance of an encoding by a client.
type acceptance struct {
	quality float64
	named   bool // rather than meant by "*"
	place   int
}

func (a acceptance) above(b acceptance) bool {
	switch {
	case a.quality != b.quality:
		return a.quality > b.quality
	case a.named != b.named:
		return a.named
	}
	return a.place < b.place
}

func rank(accept, encoding string) (best acceptance) {
	place := 0
	for item := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		name = strings.TrimSpace(name)
		named := strings.EqualFold(name, encoding)
		if place++; named && !best.named || name == "*" && best.place == 0 {
			best = acceptance{quality(params), named, place}
		}
	}
	return best
}

func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if key == "q" {
			q, _ := strconv.ParseFloat(value, 64) // 0 where it is no number
			return q
		}
	}
	return 1
}

// compressor is a *gzip.Writer or a *zlib.Writer.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// HTTP's deflate is the zlib format: RFC 9110 section 8.4.1.2.
var compressors = map[string]*sync.Pool{
	"gzip":    {New: func() any { return gzip.NewWriter(nil) }},
	"deflate": {New: func() any { return zlib.NewWriter(nil) }},
}

func writeCompressed(w io.Writer, encoding string, body []byte) {
	pool := compressors[encoding]
	c := pool.Get().(compressor)
	defer pool.Put(c)
	c.Reset(w)
	c.Write(body) // a client that is gone shows when its next request does not come
	c.Close()
}
