package socketio

import (
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startBroadcast(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	broadcast(io)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len, Close: io.Close}, nil
}

// broadcast shows the three emits of a chat: whatever the event, the message
// arrives as "chat message".
func broadcast(io *sio.Server) {
	people := newPeople(io)

	io.OnConnection(func(s *sio.Socket) {
		// to everyone, the sender too
		s.On("chat message", func(msg any) {
			io.Emit("chat message", msg)
		})

		// to everyone but the sender
		s.On("chat message others", func(msg any) {
			s.Broadcast().Emit("chat message", msg)
		})

		// to the sender alone
		s.On("chat message self", func(msg any) {
			s.Emit("chat message", msg)
		})

		// who is here
		s.On("name", func(name string) { people.introduce(s, name) })
		s.OnDisconnect(func(sio.Reason) { people.changed() })
	})
}
