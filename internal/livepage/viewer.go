// Package livepage connects a demo with the pages that watch it. Each page has a WebSocket on which
// the demo sends its state, and the person with the key changes the demo by POST.
package livepage

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// MaxViewers bounds the pages that watch a demo at the same time. It is enough for a class.
const MaxViewers = 300

const (
	writeTime = 10 * time.Second // timeout of one message to a page
	closeTime = time.Second      // of a close frame
	readLimit = 1 << 10          // bytes of a message from a page
)

// A Viewer is the WebSocket of one page that watches a demo.
type Viewer struct {
	// News receives after Wake.
	News <-chan struct{}

	// Pongs receives an answer for each ping of the page, for Send.
	Pongs <-chan any

	conn  *websocket.Conn
	news  chan struct{} // capacity 1
	pongs chan any
}

// NewViewer returns a Viewer without a connection. Open gives it one.
func NewViewer() *Viewer {
	v := &Viewer{news: make(chan struct{}, 1), pongs: make(chan any)}
	v.News, v.Pongs = v.news, v.pongs
	return v
}

// Wake makes News receive, if it does not already. It does not block.
func (v *Viewer) Wake() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// Open upgrades the request of a page and adds the header to the response. It returns false after
// it has refused the request with 400 or 403. Otherwise, call Refuse or Serve next.
func (v *Viewer) Open(w http.ResponseWriter, r *http.Request, header http.Header) bool {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, header)
	v.conn = conn
	return err == nil
}

// Refuse closes the connection, because too many pages watch or the demo is closing.
func (v *Viewer) Refuse() {
	v.say(websocket.CloseTryAgainLater, "too many viewers")
	_ = v.conn.Close()
}

func (v *Viewer) say(code int, reason string) {
	_ = v.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason),
		time.Now().Add(closeTime))
}

// Serve calls tell, which sends to the page until its context ends or Send fails. The context ends
// with ctx, and when the page disconnects. Serve answers a ping, {"ping":x}, with
// {"pong":x,"now":milliseconds of Unix time} on Pongs. It closes the connection, and returns when
// everything has ended.
func (v *Viewer) Serve(ctx context.Context, tell func(ctx context.Context)) {
	inner, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	reading.Go(func() { defer cancel(); v.read(inner) })
	tell(inner)
	if inner.Err() != nil {
		v.say(websocket.CloseGoingAway, "")
	}
	cancel()
	_ = v.conn.Close()
	reading.Wait()
}

func (v *Viewer) read(ctx context.Context) {
	v.conn.SetReadLimit(readLimit)
	for {
		var m struct {
			Ping *float64 `json:"ping"`
		}
		if v.conn.ReadJSON(&m) != nil {
			return
		}
		if m.Ping == nil {
			continue
		}
		select {
		case v.pongs <- map[string]float64{"pong": *m.Ping,
			"now": float64(time.Now().UnixMicro()) / 1000}:
		case <-ctx.Done():
			return
		}
	}
}

// Send sends a message as JSON. Only the function given to Serve may call it.
func (v *Viewer) Send(message any) error {
	_ = v.conn.SetWriteDeadline(time.Now().Add(writeTime))
	return v.conn.WriteJSON(message)
}
