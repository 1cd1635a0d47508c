package websocket

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/wire"
)

// Client talks to a Chat. Set the fields before the first call.
type Client struct {
	URL    string            // of the demo, such as http://127.0.0.1:3000
	Dialer *websocket.Dialer // nil is websocket.DefaultDialer
	Header http.Header       // added to the handshake; may be nil
	Name   string            // sent as ?client=, for POST /cut; may be empty
	// without even a ping from the server the connection counts as dead; 0 is 60 s
	Silence time.Duration
	Backoff client.Backoff

	Counters client.Counters // Requests counts handshakes

	outbox client.Outbox
}

// Publish sends one message over the connection of a running Subscribe, and waits for that
// connection if necessary. A nil error only says that the frame was written, because a WebSocket
// has no answer as a POST has. The message has arrived when it comes back. For a message that the
// chat would refuse, Publish returns a *client.RefusedError at once.
func (c *Client) Publish(ctx context.Context, from, text string) error {
	return c.outbox.Publish(ctx, from, text)
}

// Send is Publish for a message that is JSON already. The chat reads "from" and "text" of it.
func (c *Client) Send(ctx context.Context, data []byte) error { return c.outbox.Send(ctx, data) }

// Subscribe calls fn for each message after the cursor, in order, on this
// goroutine, until ctx ends, the server refuses the handshake, or it closes with a
// code that says the fault is ours: the error is the cause, a *client.RefusedError,
// or a *websocket.CloseError. After any other end it connects again from the last
// message that fn saw, so nothing is lost and nothing comes twice. If the server was
// restarted, its log comes from the beginning and fn sees ids fall. The connection
// is closed, with 1000 if ctx ended, before Subscribe returns. One Subscribe at a
// time.
func (c *Client) Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error {
	backoff := c.Backoff
	cursor := strconv.FormatInt(after, 10)
	for {
		ws, err := c.dial(ctx, cursor)
		if err == nil {
			backoff.Reset()
			err = c.converse(ctx, ws, func(m feed.Message) {
				fn(m)
				cursor = wire.Cursor(m)
			})
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case permanent(err):
			return err
		}
		c.Counters.Failures.Add(1)
		if err := backoff.Wait(ctx); err != nil {
			return err
		}
	}
}

func permanent(err error) bool {
	var refused *client.RefusedError
	return errors.As(err, &refused) ||
		websocket.IsCloseError(err, websocket.CloseProtocolError, websocket.CloseUnsupportedData,
			websocket.CloseInvalidFramePayloadData, websocket.CloseMessageTooBig,
			websocket.CloseMandatoryExtension)
}

func (c *Client) dial(ctx context.Context, cursor string) (*websocket.Conn, error) {
	at := fmt.Sprintf("ws%s/ws?after=%s&client=%s", strings.TrimPrefix(c.URL, "http"), cursor,
		url.QueryEscape(c.Name))
	c.Counters.Requests.Add(1)
	ws, resp, err := cmp.Or(c.Dialer, websocket.DefaultDialer).DialContext(ctx, at, c.Header)
	if errors.Is(err, websocket.ErrBadHandshake) {
		return nil, client.Refused(resp.StatusCode, resp.Body)
	}
	return ws, err
}

// converse reads until the connection ends, which is always an error, while a
// writer sends what is published.
func (c *Client) converse(ctx context.Context, ws *websocket.Conn, fn func(feed.Message)) error {
	ended, end := context.WithCancel(ctx)
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.writeLoop(ended, ws)
	}()
	err := c.readLoop(ctx, ws, fn)
	end()
	<-written
	_ = ws.Close()
	return err
}

func (c *Client) readLoop(ctx context.Context, ws *websocket.Conn, fn func(feed.Message)) error {
	silence := cmp.Or(c.Silence, time.Minute)
	pong := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		_ = ws.SetReadDeadline(time.Now().Add(silence))
		return pong(data)
	})
	for {
		_ = ws.SetReadDeadline(time.Now().Add(silence))
		_, data, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		c.Counters.Bytes.Add(int64(len(data)))
		var m feed.Message
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		if m.ID == 0 || ctx.Err() != nil {
			continue // {"error":…}, which Publish prevents; or the caller wants no more
		}
		c.Counters.Messages.Add(1)
		fn(m)
	}
}

// closeTimeout bounds a write on a connection, and the wait for the answer to our close frame.
const closeTimeout = time.Second

// writeLoop sends drafts until ctx ends, then says 1000 and gives the server a
// moment to answer.
func (c *Client) writeLoop(ctx context.Context, ws *websocket.Conn) {
	c.outbox.Write(ctx, func(data []byte) error {
		_ = ws.SetWriteDeadline(time.Now().Add(10 * closeTimeout))
		return ws.WriteMessage(websocket.TextMessage, data)
	})
	_ = ws.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(closeTimeout))
	time.AfterFunc(closeTimeout, func() { _ = ws.NetConn().Close() })
}
