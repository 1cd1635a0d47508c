package socketio

import (
	"crypto/sha256"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

func startBinary(env lesson.Env) (*lesson.Instance, error) {
	io := sio.NewServer(serverConfig(env))
	binary(io)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len, Close: io.Close}, nil
}

// picture has four bytes a pixel: red, green, blue, and how opaque it is.
type picture struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Pixels []byte `json:"pixels"`
}

// binary takes bytes and sends bytes: a []byte, wherever it stands, leaves as
// it is, and the JSON has a placeholder in its place.
func binary(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("picture", func(p picture) {
			if p.valid() {
				p.invert()
				io.Emit("picture", p)
			}
		})

		s.On("checksum", func(data []byte, ack sio.Ack) {
			sum := sha256.Sum256(data)
			ack(sum[:])
		})
	})
}

// valid reports whether the picture has the size it claims, and at most 400 × 400 pixels.
func (p picture) valid() bool {
	return 0 < p.Width && p.Width <= 400 && 0 < p.Height && p.Height <= 400 &&
		len(p.Pixels) == 4*p.Width*p.Height
}

func (p picture) invert() {
	for i := range p.Pixels {
		if i%4 != 3 {
			p.Pixels[i] = 255 - p.Pixels[i]
		}
	}
}
