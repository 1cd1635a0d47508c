// Package accept reads the header Accept-Encoding, and compresses answers as it asks.
package accept

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Encoding picks the content coding that a client wants most, of those offered: the one with the
// highest q-value; of equal ones, the one that the header names first; and what "*" stands for in
// the order of offered. It returns "" for no coding (RFC 9110, section 12.5.3). An invalid q-value
// counts as 0.
func Encoding(header, offered []string) string {
	weights := map[string]float64{}
	var order []string
	for item := range strings.SplitSeq(strings.Join(header, ","), ",") {
		name, parameters, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, known := weights[name]; name != "" && !known {
			order = append(order, name)
			weights[name] = weight(parameters)
		}
	}
	if rest, any := weights["*"]; any {
		for _, name := range offered {
			if _, named := weights[name]; !named {
				order = append(order, name)
				weights[name] = rest
			}
		}
	}
	best := ""
	for _, name := range order {
		if slices.Contains(offered, name) && weights[name] > weights[best] {
			best = name
		}
	}
	return best
}

// weight reads the "q=0.5" of an item. Without one it is 1.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(key, "q") {
			q, _ := strconv.ParseFloat(value, 64)
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

// compressors by content coding. HTTP's deflate is the zlib format: RFC 9110 section 8.4.1.2.
var compressors = map[string]*sync.Pool{
	"gzip":    {New: func() any { return gzip.NewWriter(nil) }},
	"deflate": {New: func() any { return zlib.NewWriter(nil) }},
}

// Write writes body to w in a content coding: "gzip", "deflate", or "" for none. It reports no
// error: a client that is gone shows when its next request does not come.
func Write(w io.Writer, coding string, body []byte) {
	pool := compressors[coding]
	if pool == nil {
		w.Write(body)
		return
	}
	c := pool.Get().(compressor)
	defer pool.Put(c)
	c.Reset(w)
	c.Write(body)
	c.Close()
}
