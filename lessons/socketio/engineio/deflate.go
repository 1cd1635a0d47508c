package engineio

import (
	"compress/flate"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// PerMessageDeflate compresses messages over WebSocket: RFC 7692, without
// context takeover, so that a message is compressed once for all its
// recipients and a connection keeps no window.
type PerMessageDeflate struct {
	// Threshold is the number of bytes from which on a message is compressed.
	// Default 1024.
	Threshold int
}

func (d PerMessageDeflate) withDefaults() PerMessageDeflate {
	setDefault(&d.Threshold, compressionThreshold)
	return d
}

// deflateOffer matches a first offer of permessage-deflate. Its parameters may all
// be left unanswered (RFC 7692 section 7.1), except server_max_window_bits.
var deflateOffer = regexp.MustCompile(`^[ \t]*permessage-deflate[ \t]*(;[ \t]*[\w-]+(=(\w+|"\w+"))?[ \t]*)*(,|$)`)

func offersDeflate(r *http.Request) bool {
	offer := deflateOffer.FindString(r.Header.Get("Sec-Websocket-Extensions"))
	return offer != "" && !strings.Contains(offer, "server_max_window_bits")
}

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// tailLen is the length of the empty block that ends a flush, 00 00 ff ff: it
// stays away (RFC 7692 section 7.2.1).
const tailLen = 4

// deflated is the message's frame compressed, or as it is where compression
// gains nothing.
func (m *Message) deflated() []byte { return m.variant(deflatedFrame, m.deflate) }

func (m *Message) deflate() []byte {
	payload := m.payload()
	out := appender{make([]byte, maxHeader, maxHeader+len(payload))}
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	w.Write(payload) // an appender takes everything
	w.Flush()
	body := out.buf[:len(out.buf)-tailLen]
	if len(body)-maxHeader >= len(payload) {
		return m.frame
	}
	return putHeader(body, m.frame[0]|rsv1Bit)
}

// appender is an io.Writer that appends.
type appender struct{ buf []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.buf = append(a.buf, p...)
	return len(p), nil
}
