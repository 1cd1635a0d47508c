package socketio

import (
	"context"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// startWith starts a server with these handlers.
func startWith(serve func(*sio.Server)) func(lesson.Env) (*lesson.Instance, error) {
	return func(env lesson.Env) (*lesson.Instance, error) {
		io := sio.NewServer(serverConfig(env))
		serve(io)
		return &lesson.Instance{Handler: io, Clients: io.Len, Close: io.Close}, nil
	}
}

// chatInRooms sends a message to the room that its sender has joined.
func chatInRooms(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("join", func(room string, ack sio.Ack) {
			s.Join(room)
			s.Set("room", room)
			ack(true)
		})
		s.On("chat message", func(message any) {
			if room, joined := s.Get("room").(string); joined {
				io.To(room).Emit("chat message", message)
			}
		})
	})
}

// dialRoom connects clients that join a room.
func dialRoom(transport string) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		s, err := dialChat(ctx, transport, d)
		if err != nil {
			return nil, err
		}
		if _, err := s.EmitWithAck(ctx, "join", d.Room); err != nil {
			s.Close()
			return nil, err
		}
		return laneClient{s}, nil
	}
}

// chatInBytes sends bytes to all.
func chatInBytes(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("bytes", func(data []byte) { io.Emit("bytes", data) })
	})
}

// dialBytes connects clients that exchange bytes.
func dialBytes(transport string) lesson.Dial {
	return func(ctx context.Context, d lesson.Dialing) (lesson.Client, error) {
		s, err := dialOver(ctx, transport, d, func(s *sioclient.Socket) {
			s.On("bytes", func(data []byte) { d.Hear(string(data)) })
		})
		if err != nil {
			return nil, err
		}
		return bytesClient{s}, nil
	}
}

type bytesClient struct{ *sioclient.Socket }

// Send emits bytes.
func (c bytesClient) Send(_ context.Context, data []byte) error { return c.Emit("bytes", data) }
