package matrix_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/middlebox"
	"realtimelab/internal/middlebox/matrix"
	"realtimelab/lessons"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCertainCells measures the whole matrix, and asserts the results that depend only on the
// protocols. Whether a message that arrives does so at once depends on the machine.
func TestCertainCells(t *testing.T) {
	if testing.Short() {
		t.Skip("63 servers and as many proxies")
	}
	lanes := matrix.Lanes(lessons.All())
	require.Len(t, lanes, 7)
	// shorter than every heartbeat, longer than the pause between two polls
	const idle = 3 * time.Second
	told := 0
	cells, err := matrix.Plan{Lanes: lanes, Proxies: middlebox.Each(idle),
		Timeout: 10 * time.Second}.Run(t.Context(), func(matrix.Cell) {
		told++
	})
	require.NoError(t, err)
	require.Len(t, cells, 63)
	assert.Equal(t, 63, told)
	of := map[string]matrix.Cell{}
	for _, c := range cells {
		of[c.Transport+" "+c.Proxy] = c
		t.Logf("%-18s %-14s %-6s down %s %.0f ms, up %s %.0f ms, %s, %d connections, %s",
			c.Transport, c.Proxy, c.Verdict, c.Down, c.DownMS, c.Up, c.UpMS, c.Silence,
			c.Connections, c.Error)
	}
	webSockets := map[string]bool{"websocket": true, "socketio-websocket": true}
	streams := map[string]bool{"hanging": true, "sse": true}
	for _, lane := range lanes {
		name := lane.Name
		cell := func(proxy string) matrix.Cell {
			c, ok := of[name+" "+proxy]
			require.True(t, ok, "%s %s", name, proxy)
			return c
		}
		for _, proxy := range []string{"none", "no-keepalive", "strip-origin", "idle=3s",
			"slow-body=2s"} {
			c := cell(proxy)
			assert.True(t, c.Connects, "%s %s", name, proxy)
			assert.NotEqual(t, matrix.Never, c.Down, "%s %s", name, proxy)
			assert.NotEqual(t, matrix.Batch, c.Down, "%s %s", name, proxy)
			assert.NotEqual(t, matrix.Never, c.Up, "%s %s", name, proxy)
			assert.Equal(t, proxy == "strip-origin", c.ForeignOrigin, "%s %s", name, proxy)
		}

		assert.Equal(t, streams[name], cell("buffering").Down == matrix.Batch, "%s buffering: %s",
			name, cell("buffering").Down)
		assert.NotEqual(t, matrix.Broken, cell("buffering").Verdict, name)
		for _, proxy := range []string{"no-websocket", "http10"} {
			c := cell(proxy)
			assert.Equal(t, !webSockets[name], c.Connects, "%s %s", name, proxy)
			assert.Equal(t, webSockets[name], c.Error != "", "%s %s: %s", name, proxy, c.Error)
			assert.Equal(t, webSockets[name], c.Verdict == matrix.Broken, "%s %s", name, proxy)
		}
		lossy := cell("lossy-upgrade")
		assert.Equal(t, webSockets[name], lossy.Down == matrix.Never, name)
		assert.Equal(t, name != "socketio-websocket", lossy.Connects,
			"%s: a bare WebSocket believes that it is connected", name)
		slow := cell("slow-body=2s")
		if webSockets[name] {
			assert.Less(t, slow.UpMS, 2000., name)
		} else {
			assert.Equal(t, matrix.Late, slow.Up, name)
			assert.GreaterOrEqual(t, slow.UpMS, 2000., name)
		}
		silent := cell("idle=3s")
		if name == "short-polling" {
			assert.Equal(t, matrix.Held, silent.Silence, name)
		} else {
			assert.Equal(t, matrix.Back, silent.Silence, name)
		}
		if name == "short-polling" || name == "long-polling" || name == "socketio-polling" {
			assert.Greater(t, cell("no-keepalive").Connections, cell("none").Connections, name)
		}
	}
	for _, format := range matrix.Formats() {
		var b bytes.Buffer
		require.NoError(t, matrix.Print(&b, cells, format), format)
		assert.Contains(t, b.String(), "socketio-websocket", format)
		if format == "table" {
			t.Log(b.String())
			for l := range strings.Lines(b.String()) {
				if !strings.Contains(l, ": ") {
					assert.LessOrEqual(t, len(l), 101, l)
				}
			}
		}
	}
}

var two = []matrix.Cell{
	{Transport: "sse", Proxy: "none", Verdict: matrix.Works, Connects: true, Down: matrix.AtOnce,
		Up: matrix.AtOnce, DownMS: 1.25, Connections: 2},
	{Transport: "sse", Proxy: "buffering", Verdict: matrix.Degraded, Connects: true,
		Down: matrix.Batch, Up: matrix.AtOnce, BatchMessages: 9},
	{Transport: "websocket", Proxy: "none", Verdict: matrix.Works, Connects: true,
		Down: matrix.AtOnce, Up: matrix.AtOnce, ForeignOrigin: true},
	{Transport: "websocket", Proxy: "buffering", Verdict: matrix.Broken, Down: matrix.Never,
		Up: matrix.Never, Error: "refused \x1b[31m"},
}

func TestPrint(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, matrix.Print(&b, two, "table"))
	assert.Contains(t, b.String(), "proxy     sse websocket\nnone      ok  ok!\nbuffering ~   no\n")
	assert.Contains(t, b.String(),
		"none, websocket: works, for any origin\nbuffering, sse: in one batch, 9 messages later\n"+
			"buffering, websocket: no connection: \"refused \\x1b[31m\"\n")
	b.Reset()
	require.NoError(t, matrix.Print(&b, two, "csv"))
	lines, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 5)
	assert.Equal(t, []string{"sse", "none", "works", "true", "at once", "1.2", "at once", "", "0",
		"", "false", "2", "0", ""}, lines[1])
	b.Reset()
	require.NoError(t, matrix.Print(&b, two, "json"))
	var read struct{ Cells []matrix.Cell }
	require.NoError(t, json.Unmarshal(b.Bytes(), &read))
	assert.Equal(t, two, read.Cells)
	assert.ErrorContains(t, matrix.Print(&b, two, "xml"), "there are: table")
	for _, c := range two {
		assert.NotEmpty(t, c.Says().EN)
		assert.NotEmpty(t, c.Says().ZH)
	}
}
