package socketio

import (
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

// Answers is a demo without a page, for the comparison: the acknowledgement of a question is the
// question itself, so that it carries the same message as the answers of the other transports.
func Answers() lesson.Demo {
	return lesson.Demo{Name: "socketio answers", Start: startAnswers}
}

func startAnswers(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	io.OnConnection(func(s *sio.Socket) {
		s.On("question", func(message any, ack sio.Ack) { ack(message) })
	})
	return &lesson.Instance{Handler: io, Clients: io.Len, Close: io.Close}, nil
}
