package httpserver

import (
	"io"
	"net/http"
	"time"
)

const (
	maxDropped = 64 << 10 // largest body that is read and discarded, in bytes
	bodyRate   = 8 << 10  // minimum rate of a large body, in bytes per second
)

// boundBody gives a request's body bodyTime to arrive, plus one second for each bodyRate bytes,
// whether or not a handler reads it. The body of a GET or HEAD has no meaning (RFC 9110, section
// 9.3.1), so boundBody reads and discards it before the handler runs. The handler may then hold the
// request as long as it likes.
func boundBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body, control: http.NewResponseController(w), began: time.Now()}
		b.extend()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			r.Body = b
			next.ServeHTTP(w, r)
			return
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(b, maxDropped)); err != nil ||
			n == maxDropped {
			w.Header().Set("Connection", "close")
			http.Error(w,
				"a "+r.Method+
					" request must have no body, or a small one: this one is too large or too slow",
				http.StatusBadRequest)
			return
		}
		r.Body, r.ContentLength = http.NoBody, 0
		next.ServeHTTP(w, r)
	})
}

// body clears the deadline once the body has been read to its end. From then on net/http watches
// the connection for the client's disconnect, and would mistake the deadline for a disconnect.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	arrived int // bytes
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.arrived += n
	if err == io.EOF {
		b.control.SetReadDeadline(time.Time{})
	} else if b.arrived >= bodyRate {
		b.extend()
	}
	return n, err
}

func (b *body) extend() {
	more := time.Duration(b.arrived/bodyRate) * time.Second
	b.control.SetReadDeadline(b.began.Add(bodyTime + more))
}
