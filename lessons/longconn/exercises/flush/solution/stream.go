// Package flush sends a streaming response.
package flush

import (
	"fmt"
	"net/http"
)

// Stream writes each message as one line, as soon as it comes, until the client disconnects. The
// channel is never closed.
func Stream(w http.ResponseWriter, r *http.Request, messages <-chan string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	flusher := http.NewResponseController(w)
	if flusher.Flush() != nil { // the headers alone: the client knows that it is connected
		return
	}
	for {
		select {
		case m := <-messages:
			fmt.Fprintln(w, m)
			if flusher.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
