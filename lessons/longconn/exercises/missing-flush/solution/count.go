// Package missingflush counts the bytes of a stream.
package missingflush

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// Stream sends each message as a line, at once. It is correct as it is.
func Stream(messages <-chan string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flusher := http.NewResponseController(w)
		_ = flusher.Flush()
		for {
			select {
			case m := <-messages:
				fmt.Fprintln(w, m)
				_ = flusher.Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
}

// A counter counts the bytes written through it.
type counter struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes.Add(int64(n))
	return n, err
}

// Unwrap returns the writer inside, where http.ResponseController finds its methods.
func (c counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Count adds the bytes of each body that next sends to bytes.
func Count(next http.Handler, bytes *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(counter{w, bytes}, r)
	})
}
