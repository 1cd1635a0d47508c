package capture_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/xray/capture"
)

// Open returns rows or an error for any file, and the rows can be written in every format.
func FuzzOpen(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.*")
	require.NoError(f, err)
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, text := range []string{
		`{"log":{"entries":[{"startedDateTime":"2026-11-30T00:00:00Z","time":5,"request":{"method":"GET","url":"wss://a/socket.io/?EIO=4&transport=websocket"},"response":{"status":101},"_webSocketMessages":[{"type":"send","time":1,"opcode":2,"data":"AQI="}]}]}}`,
		`{"id":1,"conn":1,"dir":"in","layer":"tcp","tap":"opened","remote":"127.0.0.1:1","local":"[::1]:2"}` + "\n" + `{"id":2,"conn":1,"dir":"in","layer":"tcp","tap":"data","offset":9,"size":3,"data":"AQI=","fields":[{"start":-1,"end":9}]}`,
		`{"id":3,"conn":1,"dir":"out","layer":"tcp","tap":"unsent","size":9223372036854775807}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := capture.Open(bytes.NewReader(data), capture.Config{})
		if err != nil {
			return
		}
		defer c.Xray.Close()
		for _, r := range c.Xray.Held() {
			at := 0
			for _, field := range r.Fields() {
				require.Equal(t, at, field.Start)
				at = field.End
			}
			require.Equal(t, len(r.Data), at)
		}
		for _, format := range []capture.Format{capture.JSONL, capture.HAR, capture.Pcapng} {
			var b bytes.Buffer
			_, err := capture.Write(&b, format, c.Xray.Tap(), c.Xray.Held(), nil, "")
			require.NoError(t, err)
		}
	})
}
