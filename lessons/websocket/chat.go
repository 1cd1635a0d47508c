package websocket

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// Chat is the chat room:
//
//	GET  /ws?after=N         WebSocket: takes {"from":"ann","text":"hi"}, sends every message after N, one a frame
//	POST /cut?client=NAME    aborts the connections that were opened with &client=NAME
//
// An invalid message is answered with {"error":"…"}, to its sender alone,
// and the connection stays, as a bad POST does not end a keep-alive connection.
// Binary is closed with 1003, text that is not UTF-8 with 1007.
type Chat struct {
	Feed *feed.Feed

	*endpoint
	routes wire.Routes
}

// NewChat returns a chat room with an empty feed.
func NewChat(cfg Config) *Chat {
	c := &Chat{Feed: feed.New(cfg.Feed), endpoint: newEndpoint(cfg)}
	c.routes = wire.Routes{
		"/ws":  {http.MethodGet: c.connect},
		"/cut": {http.MethodPost: c.aborts.ServeHTTP},
	}
	return c
}

func (s *Chat) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

func (s *Chat) connect(w http.ResponseWriter, r *http.Request) {
	after, err := wire.After(s.Feed, r.URL.Query())
	if err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	s.serve(w, r, func(c *conn) error {
		sub := s.Feed.Subscribe(after)
		defer sub.Close()
		return c.serve(func(m message) error { return s.take(c, m) }, sub)
	})
}

// take publishes a message that has arrived. Its path: read loop, feed, and from there every
// connection's write loop, the sender's too.
func (s *Chat) take(c *conn, m message) error {
	if m.kind != websocket.TextMessage {
		return errNotText
	}
	draft, err := wire.ParseDraft(m.data)
	if err != nil {
		return c.refuse(err)
	}
	_, err = s.Feed.Publish(draft.From, draft.Text)
	return err
}

// refuse sends an error to this client alone. If too many are unread, it returns errUnread.
func (c *conn) refuse(reason error) error {
	data, _ := json.Marshal(map[string]string{"error": reason.Error()})
	select {
	case c.out <- message{kind: websocket.TextMessage, data: data}:
		return nil
	default:
		return errUnread
	}
}

// Clients returns the number of connections.
func (s *Chat) Clients() int { return s.peers.count() }

// Close refuses further messages, ends every connection with 1001 after its last
// message and waits for them. A connection that has not ended after CloseTimeout, or when
// ctx ends, is aborted.
func (s *Chat) Close(ctx context.Context) error {
	s.peers.stop((*conn).bound)
	s.Feed.Close()
	return s.peers.wait(ctx)
}
