package server

import (
	"encoding/json"
	"net/http/httptest"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// oneText is a parser that writes each packet as one JSON text, with the official names and
// numbers.
type oneText struct{}

type packetText struct {
	Type siopacket.Type  `json:"type"`
	Nsp  string          `json:"nsp"`
	Data json.RawMessage `json:"data,omitempty"`
	ID   *uint64         `json:"id,omitempty"`
}

func (oneText) Encode(p siopacket.Packet) []*engineio.Message {
	text := packetText{Type: p.Type, Nsp: p.Namespace, Data: p.Data}
	if p.HasID {
		text.ID = &p.ID
	}
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return []*engineio.Message{engineio.TextMessage(data)}
}

func (oneText) NewDecoder(int) sio.Decoder { return oneText{} }

func (oneText) Add(data []byte, _ bool) (siopacket.Packet, bool, error) {
	var text packetText
	err := json.Unmarshal(data, &text)
	p := siopacket.Packet{Type: text.Type, Namespace: text.Nsp, Data: text.Data}
	if text.ID != nil {
		p.ID, p.HasID = *text.ID, true
	}
	return p, true, err
}

// TestACustomParserHasTheOfficialNumbers: packet types have the official numbers, so a parser in Go
// and its counterpart for the official client need no table of types.
func TestACustomParserHasTheOfficialNumbers(t *testing.T) {
	dir := node.Dir(t)
	answer := make(chan string, 1)
	io := sio.NewServer(sio.Config{Parser: oneText{}})
	io.OnConnection(func(s *sio.Socket) {
		s.On("sum", func(a, b int, ack func(int)) {
			text, err := sio.Ask[string](s.Context(), s, "greeting", "how are you?")
			assert.NoError(t, err)
			answer <- text
			ack(a + b)
		})
		s.On("leave", func() { s.Disconnect(false) })
	})
	server := httptest.NewServer(io)
	defer server.Close()
	defer io.Close(t.Context())
	client := exec.CommandContext(t.Context(), "node", "custom-parser.mjs", server.URL)
	client.Dir = dir
	out, err := client.Output()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "how are you?\n3\nio server disconnect\n", string(out))
	assert.Equal(t, "fine", <-answer)
}
