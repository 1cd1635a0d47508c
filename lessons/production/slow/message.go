package slow

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// messageSize is the length of a message's padding, in bytes. It is large so that buffers fill
// while a class looks on.
const messageSize = 8 << 10

var padding = strings.Repeat("x", messageSize)

// A tick is a message as the wire carries it.
type tick struct {
	N     int64   `json:"n"`     // consecutive, from 1
	At    float64 `json:"at"`    // when it was due, in ms of Unix time
	Price float64 `json:"price"` // the value of which only the latest counts
	Pad   string  `json:"pad"`
}

// A message is a tick, encoded once for all clients.
type message struct {
	n     int64
	at    time.Time // when it was due, whenever it is written
	text  []byte
	frame *websocket.PreparedMessage
}

func newMessage(n int64, at time.Time) (message, error) {
	price := math.Round(10_000+500*math.Sin(float64(n)/40)) / 100
	text, err := json.Marshal(tick{n, milliseconds(at), price, padding})
	if err != nil {
		return message{}, err
	}
	frame, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	return message{n, at, text, frame}, err
}

func milliseconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }
