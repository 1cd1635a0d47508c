package webtransport

import (
	"bytes"
	"context"
	"errors"

	"realtimelab/internal/feed/client"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/wtclient"
)

// Lanes returns a lane for each Way.
func Lanes() []lesson.Lane {
	stream := lane(Stream, "webtransport",
		lang.Text{EN: "WebTransport, one stream", ZH: "WebTransport 单流"})
	streams := lane(Streams, "webtransport-streams",
		lang.Text{EN: "WebTransport, a stream per message", ZH: "WebTransport 每条消息一条流"})
	streams.Unordered = true
	datagrams := lane(Datagrams, "webtransport-datagrams",
		lang.Text{EN: "WebTransport, datagrams", ZH: "WebTransport 数据报"})
	datagrams.Lossy = true
	return []lesson.Lane{stream, streams, datagrams}
}

func lane(way Way, name string, title lang.Text) lesson.Lane {
	newClient := func(d lesson.Dialing) *Client {
		return &Client{URL: d.URL, Way: way, TLS: d.TLS, Header: d.Upgrade,
			Backoff: client.Backoff{NoJitter: d.NoJitter}}
	}
	l := lesson.Lane{
		Name: name, Title: title, UDP: true, GoOnly: true, Start: start(Config{}),
		Answers: start(Config{Echo: true}),
		Dial: func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
			c := newClient(d)
			return client.Follow(ctx, c, d.Hear, c.Send, nil), nil
		},
	}
	if way != Datagrams { // where a lost answer would never come
		l.Ask = func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
			return dialEcho(ctx, newClient(d))
		}
	}
	return l
}

func start(c Config) func(lesson.Env) (*lesson.Instance, error) {
	return func(env lesson.Env) (*lesson.Instance, error) {
		c.TLS = env.TLS
		s := NewServer(c)
		return &lesson.Instance{ServeUDP: s.Serve, ResetUDP: s.Reset, Clients: s.Clients,
			Close: s.Close}, nil
	}
}

// echoClient asks a server with Config.Echo.
type echoClient struct {
	session *wtclient.Session
	link    link
}

func dialEcho(ctx context.Context, c *Client) (lesson.Client, error) {
	session, err := c.dial(ctx, &track{})
	if err != nil {
		return nil, err
	}
	l, err := c.link(ctx, session)
	if err != nil {
		session.Close()
		return nil, err
	}
	return echoClient{session, l}, nil
}

// Send sends a message and waits for its echo.
func (c echoClient) Send(ctx context.Context, message []byte) error {
	defer context.AfterFunc(ctx, c.session.Close)()
	if err := c.link.send(message); err != nil {
		return err
	}
	answer, err := c.link.receive()
	if err == nil && !bytes.Equal(answer, message) {
		err = errors.New("the echo is another message")
	}
	return err
}

// Close ends the session.
func (c echoClient) Close() {
	c.session.Close()
	c.link.wait()
}
