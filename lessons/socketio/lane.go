package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siowebtransport"
)

var pollingLane = lesson.Lane{
	Name:    "socketio-polling",
	Title:   lang.Text{EN: "Socket.IO over polling", ZH: "Socket.IO 走轮询"},
	As:      "socketio-polling",
	Dial:    dialLane(sioclient.Polling),
	Publish: dialLane(sioclient.WebSocket),
	Recover: startRecovering,
	Ask:     dialQuestions(sioclient.Polling),
	Answers: startWith(answerQuestions),
	Rooms:   lesson.Way{Start: startWith(chatInRooms), Dial: dialRoom(sioclient.Polling)},
	Bytes: lesson.Way{Start: startWith(chatInBytes), Dial: dialBytes(sioclient.Polling),
		Base64: true},
}

var websocketLane = lesson.Lane{
	Name:    "socketio-websocket",
	Title:   lang.Text{EN: "Socket.IO over WebSocket", ZH: "Socket.IO 走 WebSocket"},
	As:      "socketio",
	Dial:    dialLane(sioclient.WebSocket),
	Recover: startRecovering,
	Ask:     dialQuestions(sioclient.WebSocket),
	Answers: startWith(answerQuestions),
	Rooms:   lesson.Way{Start: startWith(chatInRooms), Dial: dialRoom(sioclient.WebSocket)},
	Bytes:   lesson.Way{Start: startWith(chatInBytes), Dial: dialBytes(sioclient.WebSocket)},
}

var webTransportLane = lesson.Lane{
	Name:    "socketio-webtransport",
	Title:   lang.Text{EN: "Socket.IO over WebTransport", ZH: "Socket.IO 走 WebTransport"},
	UDP:     true,
	GoOnly:  true,
	Start:   overWebTransport(broadcast),
	Dial:    dialLane(sioclient.WebTransport),
	Ask:     dialQuestions(sioclient.WebTransport),
	Answers: overWebTransport(answerQuestions),
	Rooms: lesson.Way{Start: overWebTransport(chatInRooms),
		Dial: dialRoom(sioclient.WebTransport)},
	Bytes: lesson.Way{Start: overWebTransport(chatInBytes),
		Dial: dialBytes(sioclient.WebTransport)},
}

// dialLane connects clients that exchange the event "chat message" over one transport.
func dialLane(transport string) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		s, err := dialChat(ctx, transport, d)
		if err != nil {
			return nil, err
		}
		return laneClient{s}, nil
	}
}

// dialChat connects a client that hears the event "chat message".
func dialChat(ctx context.Context, transport string, d lesson.Dialing) (*sioclient.Socket, error) {
	return dialOver(ctx, transport, d, func(s *sioclient.Socket) {
		s.On("chat message", func(m struct{ Text string }) { d.Hear(m.Text) })
	})
}

func dialOver(ctx context.Context, transport string, d lesson.Dialing,
	setup func(*sioclient.Socket)) (*sioclient.Socket, error) {
	header := d.Upgrade
	if transport == sioclient.Polling {
		header = d.Header
	}
	c := sioclient.Config{
		Transports: []string{transport}, NoUpgrade: true, Header: header,
		Log: slog.New(slog.DiscardHandler), Setup: setup,
		TLS: d.TLS, DialWebTransport: siowebtransport.Dial,
	}
	if d.NoJitter {
		c.RandomizationFactor = -1
	}
	return sioclient.Dial(ctx, d.URL, c)
}

type laneClient struct{ *sioclient.Socket }

// Send emits a message, which is JSON.
func (c laneClient) Send(_ context.Context, message []byte) error {
	return c.Emit("chat message", json.RawMessage(message))
}

// dialQuestions connects clients whose event "question" wants an acknowledgement.
func dialQuestions(transport string) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		s, err := dialOver(ctx, transport, d, nil)
		if err != nil {
			return nil, err
		}
		return questionClient{s}, nil
	}
}

type questionClient struct{ *sioclient.Socket }

// Send emits a question and waits for the acknowledgement.
func (c questionClient) Send(ctx context.Context, message []byte) error {
	_, err := c.EmitWithAck(ctx, "question", json.RawMessage(message))
	return err
}

// startRecovering starts the broadcast demo's server with connection state recovery.
func startRecovering(env lesson.Env) (*lesson.Instance, error) {
	config := serverConfig(env)
	config.Recovery = &sio.Recovery{}
	io := sio.NewServer(config)
	broadcast(io)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len, Close: io.Close}, nil
}

// answerQuestions acknowledges a question with the question itself, so that the server carries the
// same message as the answers of the other lanes.
func answerQuestions(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("question", func(message any, ack sio.Ack) { ack(message) })
	})
}

// overWebTransport starts servers that speak WebTransport alone.
func overWebTransport(serve func(*sio.Server)) func(lesson.Env) (*lesson.Instance, error) {
	return func(env lesson.Env) (*lesson.Instance, error) {
		config := serverConfig(env)
		config.Engine.Transports = []string{engineio.WebTransport}
		io := sio.NewServer(config)
		serve(io)
		wt := siowebtransport.NewServer(io, siowebtransport.Config{TLS: env.TLS, Log: env.Log})
		return &lesson.Instance{ServeUDP: wt.Serve, ResetUDP: wt.Reset, Clients: io.Len,
			Close: func(ctx context.Context) error {
				return errors.Join(io.Close(ctx), wt.Close())
			}}, nil
	}
}
