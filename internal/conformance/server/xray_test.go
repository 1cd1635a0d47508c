package server

import (
	"context"
	_ "embed"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

//go:embed sio_client2.mjs
var socketIOClient2 string

// TestTheXrayReadsRevision3: the x-ray can read all packets between client 2 and the server.
func TestTheXrayReadsRevision3(t *testing.T) {
	modules := node.Dir(t)
	for name, options := range map[string]string{
		"polling":           `{"transports":["polling"]}`,
		"polling in base64": `{"transports":["polling"],"forceBase64":true}`,
		"websocket":         `{"transports":["websocket"]}`,
		"websocket base64":  `{"transports":["websocket"],"forceBase64":true}`,
		"upgrade":           `{"upgraded":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			io := sio.NewServer(sio.Config{Engine: engineio.Config{AllowEIO3: true,
				PingInterval: 200 * time.Millisecond, PingTimeout: 5 * time.Second}})
			io.OnConnection(func(s *sio.Socket) {
				s.On("echo", func(v any, ack sio.Ack) { ack(v) })
			})
			wire := tap.New(tap.Config{})
			x := xray.New(wire, xray.Config{})
			defer x.Close()
			server := httptest.NewUnstartedServer(io)
			server.Listener = wire.Listener(server.Listener)
			server.Start()
			command := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e",
				socketIOClient2, server.URL, options)
			command.Dir = modules
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Equal(t, "ok\n", string(out))
			require.NoError(t, io.Close(context.Background()))
			server.Close()

			rows, err := x.Rows(t.Context())
			require.NoError(t, err)
			var said strings.Builder
			for _, row := range rows {
				at := 0
				for _, field := range row.Fields() {
					require.Equal(t, at, field.Start, row.Summary.EN)
					at = field.End
				}
				assert.Equal(t, len(row.Data), at, "%s: every byte belongs to a field",
					row.Summary.EN)
				assert.Nil(t, row.Problem, "%s", row.Summary.EN)
				if row.Layer == xray.EIO || row.Layer == xray.Event {
					said.WriteString(row.Summary.EN + "\n")
				}
			}
			for _, want := range []string{"open: the handshake", `the client emits "echo"`, "€ 🙂",
				"4 bytes of binary", "ping: is the server still there?", "pong"} {
				assert.Contains(t, said.String(), want)
			}
		})
	}
}
