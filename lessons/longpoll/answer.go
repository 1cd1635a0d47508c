package longpoll

import (
	"bytes"
	"net/http"
	"time"

	"realtimelab/internal/feed"
)

// answer sends the messages as one JSON array, or 304 if the client has just that
// (If-None-Match). A client that does not read it in time is cut off.
func answer(w http.ResponseWriter, r *http.Request, timeout time.Duration, entries []feed.Entry) {
	// not every ResponseWriter can; net/http lifts it afterwards
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	body := append(feed.AppendArray(nil, entries), '\n')
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
