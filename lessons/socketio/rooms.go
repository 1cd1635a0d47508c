package socketio

import (
	"slices"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startRooms(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	rooms(io)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len, Close: io.Close}, nil
}

// doors are the rooms that a client may ask for. A socket's id is a room, too: a
// client that could join any room could read what is sent to another one alone.
var doors = []string{"red", "green", "blue"}

// rooms lets clients ask for a room. The server decides, and it alone knows who is
// in which room.
func rooms(io *sio.Server) {
	people := newPeople(io, doors...)

	io.OnConnection(func(s *sio.Socket) {
		s.On("name", func(name string) { people.introduce(s, name) })

		s.On("join", func(room string, ack sio.Ack) {
			allowed := slices.Contains(doors, room)
			if allowed {
				s.Join(room)
				people.changed()
			}
			ack(allowed)
		})

		s.On("leave", func(room string) { s.Leave(room); people.changed() })

		// to everyone in these rooms, whether or not the sender is in one
		s.On("say", func(rooms []string, text string) {
			notAsked := func(door string) bool { return !slices.Contains(rooms, door) }
			to := slices.DeleteFunc(slices.Clone(doors), notAsked)
			if len(to) > 0 {
				io.To(to...).Emit("said", to, s.Get("me"), clip(text, maxText))
			}
		})

		// the server puts everyone there, without their asking
		s.On("gather", func() { io.SocketsJoin("red"); people.changed() })

		s.OnDisconnect(func(sio.Reason) { people.changed() })
	})
}
