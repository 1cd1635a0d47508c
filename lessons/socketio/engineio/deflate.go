package engineio

import (
	"compress/flate"
	"net/http"
	"regexp"
	"strconv"
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

// acceptDeflate answers the first offer of permessage-deflate whose parameters
// are all known and well formed (RFC 7692 section 7.1); the others are declined.
// They may be left unanswered but for server_max_window_bits, which is 0 where
// the offer does not have it.
func acceptDeflate(r *http.Request) (answer string, windowBits int) {
	for offer := range strings.SplitSeq(strings.Join(r.Header["Sec-Websocket-Extensions"], ","), ",") {
		name, params, more := strings.Cut(offer, ";")
		bits, ok := deflateParams(params, more)
		switch {
		case strings.TrimSpace(name) != "permessage-deflate" || !ok:
		case bits == 0:
			return deflateAnswer, 0
		default:
			return deflateAnswer + "; server_max_window_bits=" + strconv.Itoa(bits), bits
		}
	}
	return "", 0
}

// deflates agrees with the client on compression, if it offers it, and returns
// the answer to its offer.
func (w *wsConn) deflates(r *http.Request, threshold int) (answer string) {
	answer, bits := acceptDeflate(r)
	if answer == "" {
		return ""
	}
	w.deflateFrom, w.frames.inflate = threshold, true
	if bits > 0 {
		w.deflateTo = 1 << bits // within a message of the window's size nothing points out of it
	}
	return answer
}

const deflateAnswer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

var deflateParam = regexp.MustCompile(`^(?:(server_no_context_takeover|client_no_context_takeover|client_max_window_bits)|` +
	`((?:server|client)_max_window_bits)=(?:([89]|1[0-5])|"([89]|1[0-5])"))$`)

func deflateParams(params string, more bool) (windowBits int, ok bool) {
	seen := map[string]bool{}
	for more {
		var param string
		param, params, more = strings.Cut(params, ";")
		match := deflateParam.FindStringSubmatch(strings.TrimSpace(param))
		if match == nil || seen[match[1]+match[2]] {
			return 0, false
		}
		seen[match[1]+match[2]] = true
		if match[2] == "server_max_window_bits" {
			windowBits, _ = strconv.Atoi(match[3] + match[4])
		}
	}
	return windowBits, true
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
