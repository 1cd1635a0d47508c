// Package flush is a response that never ends.
package flush

import (
	"fmt"
	"net/http"
)

// Stream writes each message as one line, as soon as it comes, until the client goes away.
func Stream(w http.ResponseWriter, r *http.Request, messages <-chan string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// TODO: what is written here stays in a buffer, and this loop does not see a client leave.
	for m := range messages {
		fmt.Fprintln(w, m)
	}
}
