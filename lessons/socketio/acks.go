package socketio

import (
	"context"
	"log/slog"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startAcks(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(sio.Config{Client: env.Client, Log: env.Log})
	acks(io, env.Log)
	return &lesson.Instance{Handler: io, Clients: io.Len, Close: io.Close}, nil
}

// patience is how long the server waits for a client's answer.
const patience = 5 * time.Second

// acks answers, does not answer, and asks.
func acks(io *sio.Server, log *slog.Logger) {
	ctx := context.Background() // patience bounds the waits

	io.OnConnection(func(s *sio.Socket) {
		// the client asks: ack sends "woot" to the function it passed to emit
		s.On("ferret", func(name string, ack sio.Ack) {
			log.Info("ferret", "name", name)
			ack("woot")
		})

		// a handler that forgets to answer
		s.On("silence", func() {})

		// the server asks this one client, and no longer than patience
		s.On("ask me", func() {
			answer, err := s.Timeout(patience).EmitWithAck(ctx, "question")
			if err != nil {
				s.Emit("no answer", err.Error())
				return
			}
			s.Emit("answer", answer.Any(0))
		})

		// the server asks everyone, and takes the answers that come
		s.On("ask all", func() {
			answers, err := io.Timeout(patience).EmitWithAck(ctx, "question")
			s.Emit("answers", len(answers), err == nil)
		})
	})
}
