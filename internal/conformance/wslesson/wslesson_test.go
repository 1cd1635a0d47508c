// Package wslesson tests the servers of the WebSocket lesson with ws, the most used client in Node.
package wslesson

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/feed/feedtest"
	"realtimelab/lessons/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServersAgainstWS(t *testing.T) {
	dir := node.Dir(t)
	cfg := websocket.Config{Compression: true, MaxMessage: 1 << 20}
	echo, chat := websocket.NewEcho(cfg), websocket.NewChat(cfg)
	at := func(s *feedtest.Server) string { return "ws://" + s.Addr + "/ws" }

	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "ws-client.mjs",
		at(feedtest.Serve(t, echo, echo.Close)), at(feedtest.Serve(t, chat, chat.Close)))
	cmd.Dir = dir
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	var last string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		last = lines.Text()
		t.Log(last)
		if last == "waiting" {
			require.NoError(t, chat.Close(ctx))
		}
	}
	require.NoError(t, cmd.Wait(), failure.String())
	require.Equal(t, "closed 1001 the server is closing", last)
}
