package pages

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
)

// dissect returns how many packets of the capture tshark finds a field in.
func dissect(t *testing.T, file, filter, field string) []string {
	out, err := exec.Command("tshark", "-r", file, "-Y", filter, "-T", "fields", "-E",
		"occurrence=a", "-E", "aggregator=\n", "-e", field).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

func TestCaptureOpensInTshark(t *testing.T) {
	need.Tool(t, "tshark")
	url := run(t, "broadcast", lang.English)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(url)
	bothWindows(tab)
	choose(tab, "x-mode", "layers")
	search(tab, "captured")
	say(tab, "all", "captured")
	// sent, received, and received by the second window
	tab.WaitFor(rowsShown +
		`.filter((row) => row.startsWith("frame") && row.includes("captured")).length === 3`)

	request, err := http.NewRequest("GET", url+"/lab/xray.pcapng", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", teacher.Bearer())
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var capture bytes.Buffer
	_, err = capture.ReadFrom(response.Body)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "lab.pcapng")
	require.NoError(t, os.WriteFile(file, capture.Bytes(), 0o644))

	requests := dissect(t, file, "http.request", "http.request.method")
	frames := dissect(t, file, "websocket", "websocket.opcode")
	said := dissect(t, file,
		`websocket.payload.text contains "captured" or data-text-lines contains "captured" or frame contains "captured"`, "frame.number")
	count := func(condition string) int {
		return labtest.Eval[int](tab, `fetch("/lab/xray.jsonl").then((r) => r.text()).then((text) =>
			text.trim().split("\n").map((line) => JSON.parse(line)).filter((row) => `+condition+
			`).length)`)
	}
	rowsHTTP := count(`row.layer === "http" && row.dir === "in"`)
	assert.NotZero(t, rowsHTTP)
	assert.GreaterOrEqual(t, len(requests), rowsHTTP, "HTTP requests")
	assert.Equal(t, count(`row.layer === "ws"`), len(frames), "WebSocket frames")
	assert.NotEmpty(t, said)
	assert.Empty(t, dissect(t, file,
		"tcp.analysis.lost_segment or tcp.analysis.retransmission or _ws.malformed",
		"frame.number"))
}
