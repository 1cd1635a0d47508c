package socketio

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

var pollingLane = lesson.Lane{
	Name:    "socketio-polling",
	Title:   lang.Text{EN: "Socket.IO over polling", ZH: "Socket.IO 走轮询"},
	Dial:    dialLane(sioclient.Polling),
	Publish: dialLane(sioclient.WebSocket),
	Ask:     dialQuestions(sioclient.Polling),
	Answers: startAnswers,
}

var websocketLane = lesson.Lane{
	Name:    "socketio-websocket",
	Title:   lang.Text{EN: "Socket.IO over WebSocket", ZH: "Socket.IO 走 WebSocket"},
	Dial:    dialLane(sioclient.WebSocket),
	Ask:     dialQuestions(sioclient.WebSocket),
	Answers: startAnswers,
}

// dialLane connects clients that exchange the event "chat message" over one transport.
func dialLane(transport string) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		s, err := dialOver(ctx, transport, d, func(s *sioclient.Socket) {
			s.On("chat message", func(m struct{ Text string }) { d.Hear(m.Text) })
		})
		if err != nil {
			return nil, err
		}
		return laneClient{s}, nil
	}
}

func dialOver(ctx context.Context, transport string, d lesson.Dialing, setup func(*sioclient.Socket)) (*sioclient.Socket, error) {
	header := map[string]http.Header{sioclient.Polling: d.Header, sioclient.WebSocket: d.Upgrade}[transport]
	return sioclient.Dial(ctx, d.URL, sioclient.Config{
		Transports: []string{transport}, NoUpgrade: true, Header: header, Log: slog.New(slog.DiscardHandler), Setup: setup,
	})
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

// startAnswers starts a server whose acknowledgement of a question is the question itself, so that it
// carries the same message as the answers of the other lanes.
func startAnswers(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	io.OnConnection(func(s *sio.Socket) {
		s.On("question", func(message any, ack sio.Ack) { ack(message) })
	})
	return &lesson.Instance{Handler: io, Clients: io.Len, Close: io.Close}, nil
}
