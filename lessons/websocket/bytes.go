package websocket

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/lesson"
)

// fanout is a server for the comparison. It sends each message to all connections, the sender's
// too, as it came.
type fanout struct {
	*endpoint

	mu    sync.Mutex // guards conns, and keeps the order of the messages the same for all
	conns map[*conn]struct{}
}

// unsent is how many messages a client of a fanout may leave unread.
const unsent = 256

func startFanout(config func(lesson.Env) Config) func(lesson.Env) (*lesson.Instance, error) {
	return func(env lesson.Env) (*lesson.Instance, error) {
		f := &fanout{endpoint: newEndpoint(config(env)), conns: map[*conn]struct{}{}}
		routes := wire.Routes{"/ws": {http.MethodGet: f.connect}}
		return &lesson.Instance{Handler: routes, Clients: f.peers.count, Close: f.close}, nil
	}
}

func (f *fanout) connect(w http.ResponseWriter, r *http.Request) {
	f.serve(w, r, func(c *conn) error {
		c.out = make(chan message, unsent)
		f.mu.Lock()
		f.conns[c] = struct{}{}
		f.mu.Unlock()
		defer func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.conns, c)
		}()
		return c.serve(f.send, nil)
	})
}

// send queues a message for all. It ends a connection that has no room for it.
func (f *fanout) send(m message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		select {
		case c.out <- m:
		default:
			c.end(errUnread)
		}
	}
	return nil
}

func (f *fanout) close(ctx context.Context) error {
	f.peers.stop(func(c *conn) {
		c.bound()
		c.end(errGoingAway)
	})
	return f.peers.wait(ctx)
}

// bytesClient sends and receives binary messages. It does not reconnect.
type bytesClient struct {
	ws      *websocket.Conn
	reading sync.WaitGroup
	turn    chan struct{} // has room for one: the goroutine that writes
}

func dialBytes(deflate bool) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		ws, _, err := dialer(d, deflate).
			DialContext(ctx, "ws"+strings.TrimPrefix(d.URL, "http")+"/ws", d.Upgrade)
		if err != nil {
			return nil, err
		}
		c := &bytesClient{ws: ws, turn: make(chan struct{}, 1)}
		c.reading.Go(func() {
			for {
				_, data, err := ws.ReadMessage()
				if err != nil {
					return
				}
				d.Hear(string(data))
			}
		})
		return c, nil
	}
}

// Send sends a binary message.
func (c *bytesClient) Send(ctx context.Context, data []byte) error {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-c.turn }()
	_ = c.ws.SetWriteDeadline(time.Now().Add(10 * closeTimeout))
	return c.ws.WriteMessage(websocket.BinaryMessage, data)
}

// Close closes the connection.
func (c *bytesClient) Close() {
	_ = c.ws.Close()
	c.reading.Wait()
}
