package socketio

import (
	"context"
	"slices"
	"sync"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startRooms(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(sio.Config{Client: env.Client, Log: env.Log})
	rooms(io)
	return &lesson.Instance{Handler: io, Clients: io.Len, Close: io.Close}, nil
}

// doors are the rooms that a client may ask for. A socket's id is a room, too:
// who may join whatever he names can listen to what is sent to another alone.
var doors = []string{"red", "green", "blue"}

// rooms lets clients ask for a room. Who is in which is for the server to know
// and to change.
func rooms(io *sio.Server) {
	tell := roomTeller(io)

	io.OnConnection(func(s *sio.Socket) {
		s.On("name", func(name string) {
			s.Set("me", newPerson(s.ID(), name))
			tell()
		})

		s.On("join", func(room string, ack sio.Ack) {
			allowed := slices.Contains(doors, room)
			if allowed {
				s.Join(room)
				tell()
			}
			ack(allowed)
		})

		s.On("leave", func(room string) { s.Leave(room); tell() })

		// to everyone in the room, whether or not the sender is in it
		s.On("say", func(room, text string) {
			if slices.Contains(doors, room) {
				io.To(room).Emit("said", room, s.Get("me"), text)
			}
		})

		// nobody has asked for this: the server puts everyone there
		s.On("gather", func() { io.SocketsJoin("red"); tell() })

		s.OnDisconnect(func(sio.Reason) { tell() })
	})
}

// room is what everyone is told of it.
type room struct {
	Name   string   `json:"name"`
	People []person `json:"people"`
}

// roomTeller returns what tells everyone who is in which room. It does so one
// call after the other, so that what is told last is true.
func roomTeller(io *sio.Server) (tell func()) {
	var mu sync.Mutex
	return func() {
		mu.Lock()
		defer mu.Unlock()
		var all []room
		for _, name := range doors {
			all = append(all, room{name, peopleIn(io, name)})
		}
		io.Emit("rooms", all)
	}
}

func peopleIn(io *sio.Server, room string) []person {
	sockets, _ := io.In(room).FetchSockets(context.Background()) // one server alone never fails
	return byName(func(yield func(person) bool) {
		for _, s := range sockets {
			if me, named := s.Data["me"].(person); named && !yield(me) {
				return
			}
		}
	})
}
