package websocket

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/lessons/websocket/frame"
)

// closing is the close code and reason that the server sends when it ends a connection.
type closing struct {
	code   frame.CloseCode
	reason string
}

func (c *closing) Error() string {
	return fmt.Sprintf("websocket: closed with %s: %s", c.code, c.reason)
}

// The server's reasons to close, besides a *frame.Error of the guard, which names its own code.
// Violations that gorilla finds (1002, and 1009 for what is too big on the wire) it
// answers itself.
var (
	errGoingAway = &closing{frame.GoingAway, "the server is closing"}
	errTooSlow   = &closing{frame.TryAgainLater,
		"too slow: reconnect with ?after= the last id you have"}
	errNotText = &closing{frame.UnsupportedData, "the chat takes text, not binary"}
	errNotUTF8 = &closing{frame.InvalidPayload, "the text is not UTF-8"}
	errTooBig  = &closing{frame.MessageTooBig, "the message is too large"}
	errUnread  = &closing{frame.PolicyViolation, "too many answers unread"}
	errSilent  = &closing{frame.PolicyViolation, "no answer to ping"}
	errAborted = errors.New("websocket: aborted on request")
)

// sayClose sends the close frame for the reason, the last frame on this connection, and gives the
// client CloseTimeout to answer with its own.
func (c *conn) sayClose(why error) {
	var ours *closing
	var violation *frame.Error
	switch {
	case errors.As(why, &violation):
		ours = &closing{violation.Code, violation.Reason}
	case errors.Is(why, feed.ErrClosed):
		ours = errGoingAway
	case errors.Is(why, feed.ErrSlow):
		ours = errTooSlow
	case !errors.As(why, &ours):
		return // the client closed, or is gone, or gorilla has answered it
	}
	payload := frame.AppendClose(nil, ours.code, ours.reason)
	_ = c.ws.WriteControl(websocket.CloseMessage, payload, time.Now().Add(c.cfg.CloseTimeout))
	time.AfterFunc(c.cfg.CloseTimeout, c.abort)
}

// textReader passes a text message on and fails as soon as it is not UTF-8, which
// gorilla does not check. A message of many fragments is one text.
type textReader struct {
	r    io.Reader
	utf8 frame.UTF8
}

func (t *textReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	_, ok := t.utf8.Write(p[:n])
	if !ok || err == io.EOF && !t.utf8.Complete() {
		return 0, errNotUTF8
	}
	return n, err
}
