package socketio

import (
	"log/slog"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startNamespaces(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	namespaces(io, env.Log)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Clients, Close: io.Close}, nil
}

// greeting is a struct so that its fields stay in the lecture's order.
type greeting struct {
	That string `json:"that"`
	Chat string `json:"/chat"`
}

// namespaces offers two independent channels. A client
// that joins both has two sockets, and still one connection.
func namespaces(io *sio.Server, log *slog.Logger) {
	io.Of("/chat").OnConnection(func(s *sio.Socket) {
		s.Emit("a message", greeting{That: "only", Chat: "will get"})

		s.On("hi!", func(msg any, logged sio.Ack) {
			log.Info("hi!", "msg", msg)
			logged()
		})
	})

	io.Of("/news").OnConnection(func(s *sio.Socket) {
		s.Emit("news", map[string]string{"news": "item"})
	})
}
