package compare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/socketio/sioclient"
	wslesson "realtimelab/lessons/websocket"
)

// transport is one way to carry messages.
type transport struct {
	name     string
	demo     string // whose server carries the messages
	ackDemo  string // whose server answers in the workload ack
	posts    bool   // a client sends with a request for each message
	dial     dial
	dialAsks dial // in the workload ack
	dialFeed dial // to send only
}

type dial func(ctx context.Context, o dialing) (*peer, error)

// dialing is what a client is made of.
type dialing struct {
	url      string
	clients  int // of the comparison, for the messages' ids
	interval time.Duration
	hear     func(text string) // called in order, on one goroutine
}

// message is what every lane carries for a text, in both directions: a message as
// the feed of the lessons makes it. A server with a feed replaces the id and the
// time; number's order makes the ids the same.
func message(text string, clients int) []byte {
	m := feed.Message{ID: 1, From: "lab", Text: text, At: feed.Time{Time: time.Now().Truncate(time.Millisecond)}}
	if n, ok := number(text); ok {
		m.ID = idOf(n, clients)
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings, a number and a time: nothing that JSON cannot say
	}
	return data
}

// idOf is the id of a message in a feed that has the hellos, the warm-up, and then
// the messages of the schedule.
func idOf(number, clients int) int64 {
	switch {
	case number >= 0:
		return int64(greeters(clients) + 2 + number)
	case number == warmUp:
		return int64(greeters(clients) + 1)
	}
	return int64(-1 - number) // hello(0) is -2
}

// peer is a client that runs. send sends a text, or asks it and waits for the
// answer; close ends it and waits.
type peer struct {
	send  func(ctx context.Context, text string) error
	close func()
}

var transports = []transport{
	{"short-polling", "short-polling", "short-polling", true, dialShort, dialPosts, dialPosts},
	{"long-polling", "long-polling", "long-polling", true, dialLong, dialPosts, dialPosts},
	{"hanging", "hanging", "hanging", true, dialStream, dialPosts, dialPosts},
	{"sse", "sse", "sse", true, dialEvents, dialPosts, dialPosts},
	{"websocket", "ws-chat", "ws-echo", false, dialChat, dialEcho, dialChat},
	{"socketio-polling", "broadcast", "socketio answers", false, dialSocketIO(sioclient.Polling), dialAnswers(sioclient.Polling), dialSocketIO(sioclient.WebSocket)},
	{"socketio-websocket", "broadcast", "socketio answers", false, dialSocketIO(sioclient.WebSocket), dialAnswers(sioclient.WebSocket), dialSocketIO(sioclient.WebSocket)},
}

// Transports lists the names in the order of the lecture.
func Transports() []string {
	var names []string
	for _, t := range transports {
		names = append(names, t.name)
	}
	return names
}

func find(name string) (transport, bool) {
	for _, t := range transports {
		if t.name == name {
			return t, true
		}
	}
	return transport{}, false
}

// Demo names the demo whose server a transport's messages come from.
func Demo(transport string) string {
	t, _ := find(transport)
	return t.demo
}

// DialFeed opens a sender to the server of a transport, for whoever stands beside it.
// close ends it and waits.
func DialFeed(ctx context.Context, transport, url string) (send func(ctx context.Context, text string) error, close func(), err error) {
	t, ok := find(transport)
	if !ok {
		return nil, nil, fmt.Errorf("no transport %q", transport)
	}
	p, err := dialWithin(ctx, t.dialFeed, dialing{url: url, hear: func(string) {}})
	if err != nil {
		return nil, nil, err
	}
	return p.send, p.close, nil
}

// subscriber is what the clients of the first three lessons have in common.
type subscriber interface {
	Subscribe(ctx context.Context, after int64, fn func(feed.Message)) error
}

// newHTTP is a client with connections of its own, as each browser has.
func newHTTP(url string) (client *http.Client, close func()) {
	connections := &http.Transport{DisableCompression: true}
	return &http.Client{Transport: browser{connections, browserHeader(url)}}, connections.CloseIdleConnections
}

func dialShort(ctx context.Context, o dialing) (*peer, error) {
	client, done := newHTTP(o.url)
	return follow(ctx, o, &longpoll.ShortClient{URL: o.url, HTTP: client, Interval: o.interval}, o.post(client), done), nil
}

func dialLong(ctx context.Context, o dialing) (*peer, error) {
	client, done := newHTTP(o.url)
	return follow(ctx, o, &longpoll.LongClient{URL: o.url, HTTP: client}, o.post(client), done), nil
}

func dialStream(ctx context.Context, o dialing) (*peer, error) {
	client, done := newHTTP(o.url)
	return follow(ctx, o, &longconn.StreamClient{URL: o.url, HTTP: client}, o.post(client), done), nil
}

func dialEvents(ctx context.Context, o dialing) (*peer, error) {
	client, done := newHTTP(o.url)
	return follow(ctx, o, &longconn.EventClient{URL: o.url, HTTP: client}, o.post(client), done), nil
}

func dialChat(ctx context.Context, o dialing) (*peer, error) {
	chat := &wslesson.Client{URL: o.url, Header: upgradeHeader(o.url)}
	return follow(ctx, o, chat, chat.Send, func() {}), nil
}

// follow subscribes until close.
func follow(ctx context.Context, o dialing, c subscriber, send func(context.Context, []byte) error, done func()) *peer {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = c.Subscribe(ctx, 0, func(m feed.Message) { o.hear(m.Text) }) })
	return &peer{
		send:  func(ctx context.Context, text string) error { return send(ctx, message(text, o.clients)) },
		close: func() { cancel(); running.Wait(); done() },
	}
}

// dialPosts asks with a POST, whose answer is the stored message.
func dialPosts(_ context.Context, o dialing) (*peer, error) {
	client, done := newHTTP(o.url)
	post := o.post(client)
	return &peer{close: done, send: func(ctx context.Context, text string) error { return post(ctx, message(text, o.clients)) }}, nil
}

// post publishes a message. The answer is the message as stored.
func (o dialing) post(client *http.Client) func(ctx context.Context, data []byte) error {
	return func(ctx context.Context, data []byte) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/messages", bytes.NewReader(data))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusCreated {
			return feed.Refused(answer.StatusCode, answer.Body)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
}

// dialEcho asks with a message, whose answer is its echo.
func dialEcho(ctx context.Context, o dialing) (*peer, error) {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+o.url[len("http"):]+"/ws", upgradeHeader(o.url))
	if err != nil {
		return nil, err
	}
	return &peer{close: func() { _ = ws.Close() }, send: func(ctx context.Context, text string) error {
		defer context.AfterFunc(ctx, func() { _ = ws.Close() })()
		question := message(text, o.clients)
		if err := ws.WriteMessage(websocket.TextMessage, question); err != nil {
			return err
		}
		_, answer, err := ws.ReadMessage()
		if err == nil && !bytes.Equal(answer, question) {
			err = errors.New("the echo is another text")
		}
		return err
	}}, nil
}

func dialSio(ctx context.Context, o dialing, by string, setup func(*sioclient.Socket)) (*sioclient.Socket, error) {
	header := browserHeader(o.url)
	if by == sioclient.WebSocket {
		header = upgradeHeader(o.url)
	}
	return sioclient.Dial(ctx, o.url, sioclient.Config{
		Transports: []string{by}, NoUpgrade: true, Header: header, Log: slog.New(slog.DiscardHandler), Setup: setup,
	})
}

func dialSocketIO(by string) func(context.Context, dialing) (*peer, error) {
	return func(ctx context.Context, o dialing) (*peer, error) {
		s, err := dialSio(ctx, o, by, func(s *sioclient.Socket) {
			s.On("chat message", func(m feed.Message) { o.hear(m.Text) })
		})
		if err != nil {
			return nil, err
		}
		return &peer{close: s.Close, send: func(_ context.Context, text string) error {
			return s.Emit("chat message", json.RawMessage(message(text, o.clients)))
		}}, nil
	}
}

// dialAnswers asks with an event that wants an acknowledgement.
func dialAnswers(by string) func(context.Context, dialing) (*peer, error) {
	return func(ctx context.Context, o dialing) (*peer, error) {
		s, err := dialSio(ctx, o, by, nil)
		if err != nil {
			return nil, err
		}
		return &peer{close: s.Close, send: func(ctx context.Context, text string) error {
			_, err := s.EmitWithAck(ctx, "question", json.RawMessage(message(text, o.clients)))
			return err
		}}, nil
	}
}
