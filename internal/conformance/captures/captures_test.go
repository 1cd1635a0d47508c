// Package captures tests the x-ray with bytes that real clients sent: curl, the official Socket.IO
// client, Chromium. testdata has the bytes, one piece a line, and the rows that they make.
//
//	go test ./internal/conformance/captures -record     captures again, and writes the rows
//	go test ./internal/conformance/captures -update     writes the rows
package captures

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons"
	"realtimelab/web"
)

func TestMain(m *testing.M) { labtest.Main(m) }

var (
	record = flag.Bool("record", false, "capture the clients' bytes again")
	update = flag.Bool("update", false, "write the rows that the captures make")
)

// clients lists the captured clients, each with its demo.
var clients = []struct {
	name, demo string
	use        func(t *testing.T, url string)
}{
	{"curl-short-polling", "short-polling", func(t *testing.T, url string) {
		run(t, "curl", "-s", "-H", "Content-Type: application/json", "-d",
			`{"from":"ann","text":"你好"}`, url+"/messages")
		run(t, "curl", "-s", "--compressed", url+"/messages?after=0", url+"/messages?after=1",
			url+"/messages?after=x")
	}},
	{"curl-sse", "sse", func(t *testing.T, url string) {
		run(t, "curl", "-s", "-H", "Content-Type: application/json", "-d",
			`{"from":"ann","text":"a\nb"}`, url+"/messages")
		// which never ends by itself
		exec.Command("curl", "-s", "-N", "--max-time", "1", url+"/events").Run()
	}},
	{"official-polling", "acks", func(t *testing.T, url string) { talk(t, url, "polling") }},
	{"official-websocket", "acks", func(t *testing.T, url string) { talk(t, url, "websocket") }},
	{"official-upgrade", "binary", func(t *testing.T, url string) {
		talk(t, url, "polling,websocket")
	}},
	{"chromium-broadcast", "broadcast", func(t *testing.T, url string) {
		tab := labtest.NewBrowser(t).Tab(t)
		tab.Open(url + "/?view=peer") // one window alone
		tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
		labtest.Eval[bool](tab,
			`document.getElementById("text").value = "你好", document.getElementById("send").click(), true`)
		tab.WaitFor(`document.querySelectorAll("#messages li").length === 1`)
	}},
	{"chromium-ws-chat", "ws-chat", func(t *testing.T, url string) {
		tab := labtest.NewBrowser(t).Tab(t)
		tab.Open(url)
		tab.WaitText("#status", "receiving")
		labtest.Eval[bool](tab,
			`document.getElementById("text").value = "你好", document.getElementById("send").click(), true`)
		tab.WaitFor(`document.querySelectorAll("#messages li").length === 1`)
	}},
}

func run(t *testing.T, name string, args ...string) {
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func talk(t *testing.T, url, transports string) {
	c := exec.Command("node", "capture.mjs", url, transports)
	c.Dir = node.Dir(t)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// piece holds the bytes of one read or write of the server.
type piece struct {
	Conn uint64 `json:"conn"`
	Dir  string `json:"dir"`
	Data []byte `json:"data"`
}

const largest = 64 << 10 // bytes kept of each connection

// capture serves the demo to the client, and writes the bytes on the wire.
func capture(t *testing.T, file, demo string, use func(*testing.T, string)) {
	l, d := find(t, demo)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{Lesson: l, Demo: d, Listener: listener, Web: web.Pages,
		Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer r.Close(context.Background())
	use(t, "http://"+listener.Addr().String())
	rows, err := r.Xray().Rows(t.Context())
	require.NoError(t, err)
	sizes, labs := map[uint64]int{}, map[uint64]bool{}
	for _, row := range rows {
		if row.Layer == xray.TCP {
			sizes[row.Conn] += len(row.Data)
		}
		labs[row.Conn] = labs[row.Conn] || row.Lab
	}
	var out strings.Builder
	for _, row := range rows {
		if row.Layer == xray.TCP && len(row.Data) > 0 && sizes[row.Conn] < largest &&
			!labs[row.Conn] {
			line, err := json.Marshal(piece{row.Conn, row.Dir.String(), row.Data})
			require.NoError(t, err)
			out.Write(append(line, '\n'))
		}
	}
	require.NotZero(t, out.Len())
	require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
}

func find(t *testing.T, name string) (lesson.Lesson, lesson.Demo) {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			if d.Name == name {
				return l, d
			}
		}
	}
	t.Fatalf("no demo %s", name)
	return lesson.Lesson{}, lesson.Demo{}
}

var times = regexp.MustCompile(`[\d.]+(ns|µs|ms|s)\b`)

// replay sends the pieces over tapped connections, and returns the rows as text.
func replay(t *testing.T, file string) string {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	x := xray.New(tap.New(tap.Config{MaxBytes: 16 << 20, MaxEvents: 1 << 16}), xray.Config{})
	defer x.Close()
	ends := map[uint64][2]net.Conn{} // client's, server's
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var p piece
		require.NoError(t, json.Unmarshal(lines.Bytes(), &p))
		if _, known := ends[p.Conn]; !known {
			client, server := net.Pipe()
			ends[p.Conn] = [2]net.Conn{client, x.Tap().Conn(server)}
		}
		from, to := ends[p.Conn][0], ends[p.Conn][1]
		if p.Dir == "out" {
			from, to = to, from
		}
		sent := make(chan error, 1)
		go func() { _, err := from.Write(p.Data); sent <- err }()
		_, err := io.ReadFull(to, make([]byte, len(p.Data)))
		require.NoError(t, err)
		require.NoError(t, <-sent)
	}
	for _, both := range ends {
		both[0].Close()
		both[1].Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	rows, err := x.Rows(ctx)
	require.NoError(t, err)
	var text strings.Builder
	for _, row := range rows {
		if row.Layer == xray.TCP {
			continue
		}
		at := 0
		for _, field := range row.Fields() {
			require.Equal(t, at, field.Start)
			at = field.End
		}
		require.Equal(t, len(row.Data), at)
		fmt.Fprintf(&text, "%d %-3s %-7s %s", row.Conn, row.Dir, row.Layer,
			times.ReplaceAllString(row.Summary.EN, "T"))
		if row.Problem != nil {
			fmt.Fprintf(&text, " ! %s", row.Problem.EN)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

func TestCaptures(t *testing.T) {
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			file, golden := filepath.Join("testdata", c.name+".jsonl"),
				filepath.Join("testdata", c.name+".rows")
			if *record {
				capture(t, file, c.demo, c.use)
				http.DefaultClient.CloseIdleConnections()
			}
			got := replay(t, file)
			if *record || *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
			if c.demo != "sse" { // whose stream is cut off before its end
				assert.NotContains(t, got, " ! ", "all that these clients send can be read")
			}
		})
	}
}
