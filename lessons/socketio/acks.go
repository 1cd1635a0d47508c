package socketio

import (
	"context"
	"log/slog"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startAcks(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	acks(io, env.Log)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len, Close: io.Close}, nil
}

// answerTimeout bounds the wait for a client's acknowledgement.
const answerTimeout = 5 * time.Second

// acks registers handlers that acknowledge, fail to acknowledge, and ask for an acknowledgement.
func acks(io *sio.Server, log *slog.Logger) {
	ctx := context.Background() // answerTimeout bounds the waits

	io.OnConnection(func(s *sio.Socket) {
		// the client asks: ack sends "woot" to the function it passed to emit
		s.On("ferret", func(name string, ack sio.Ack) {
			log.Info("ferret", "name", name)
			ack("woot")
		})

		// a handler that forgets to answer
		s.On("silence", func() {})

		// the server asks this client, and waits at most answerTimeout
		s.On("ask me", func() {
			answer, err := s.Timeout(answerTimeout).EmitWithAck(ctx, "question")
			if err != nil {
				s.Emit("no answer", err.Error())
				return
			}
			s.Emit("answer", answer.Any(0))
		})

		// the server asks everyone, and collects the answers that come in time
		s.On("ask all", func() {
			answers, err := io.Timeout(answerTimeout).EmitWithAck(ctx, "question")
			s.Emit("answers", len(answers), err == nil)
		})
	})
}
