package socketio

import (
	"log/slog"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startMessage(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	message(io, env.Log)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len, Close: io.Close}, nil
}

// message looks like a WebSocket: Send and "message". Send is Emit of an event
// with that name, no more.
func message(io *sio.Server, log *slog.Logger) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("message", func(msg any) {
			log.Info("message", "msg", msg)
			s.Send(222)
		})

		s.OnDisconnect(func(reason sio.Reason) {
			log.Info("disconnect", "reason", reason)
		})
	})
}
