// Package hold is the server side of long polling.
package hold

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// A Message is one entry of the log.
type Message struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// A Log is the message log. It is correct as it is.
type Log interface {
	// Wait returns the messages newer than the cursor as soon as there is one, or nil when ctx
	// ends.
	Wait(ctx context.Context, after int64) []Message
}

// Longest is the longest time that a request is held.
const Longest = time.Minute

// Poll answers GET /messages?after=6&wait=25s.
func Poll(w http.ResponseWriter, r *http.Request, log Log) {
	after, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		http.Error(w, "after must be a number", http.StatusBadRequest)
		return
	}
	wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
	if err != nil || wait <= 0 {
		http.Error(w, "wait must be a time, such as 25s", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), min(wait, Longest))
	defer cancel()
	news := log.Wait(ctx, after)
	if news == nil {
		news = []Message{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(news) // fails only if the client is gone
}
