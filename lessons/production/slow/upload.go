package slow

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"realtimelab/internal/tcpreset"

	"github.com/gorilla/websocket"
)

// Bounds of an upload.
const (
	uploadRate    = 64 << 10 // bytes a second that the server takes
	uploadMessage = 64 << 10 // bytes of one message
	uploadIdle    = time.Minute
	uploadReport  = 250 * time.Millisecond // between two reports to the page
	mostUploads   = 10
)

// serveUpload reads what a page sends, at uploadRate, and throws it away. The server sends
//
//	{"read":n}   four times a second: bytes of the messages read so far
//
// The page sends faster than that, so that the buffers between the two fill: first the kernels',
// and then the browser's, which is the page's bufferedAmount. POST /cut?client=NAME ends it at
// once: the page's close frame would wait behind all of that.
func (d *demo) serveUpload(w http.ResponseWriter, r *http.Request) {
	if !d.enterUpload() {
		http.Error(w, "There are too many uploads. Try again later.", http.StatusServiceUnavailable)
		return
	}
	defer d.leaveUpload()
	ws, err := d.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered with 400 or 403
	}
	defer ws.Close()
	if sized, ok := under[interface{ SetReadBuffer(int) error }](ws.NetConn()); ok {
		_ = sized.SetReadBuffer(receiveBuffer)
	}
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ws.NetConn().Close() })
	defer stop()
	defer d.aborts.Add(r, func() { tcpreset.Close(ws.NetConn()) })()
	var read counter
	var reporting sync.WaitGroup
	reporting.Go(func() { defer cancel(); report(ctx, ws, &read) })
	take(ctx, ws, newPace(uploadRate), &read)
	cancel()
	reporting.Wait()
}

// take reads messages in small pieces, at the pace.
func take(ctx context.Context, ws *websocket.Conn, p *pace, read *counter) {
	ws.SetReadLimit(uploadMessage)
	for {
		_ = ws.SetReadDeadline(time.Now().Add(uploadIdle))
		_, message, err := ws.NextReader()
		for err == nil {
			var n int64
			n, err = io.CopyN(io.Discard, message, chunk)
			read.add(n)
			if waited := p.spend(ctx, int(n)); waited != nil {
				return
			}
		}
		if err != io.EOF { // which ends a message
			return
		}
	}
}

// report tells the page how much is read.
func report(ctx context.Context, ws *websocket.Conn, read *counter) {
	pace := time.NewTicker(uploadReport)
	defer pace.Stop()
	for {
		_ = ws.SetWriteDeadline(time.Now().Add(writeTime))
		if ws.WriteJSON(map[string]int64{"read": read.value()}) != nil {
			return
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
	}
}
