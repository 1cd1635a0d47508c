package facts

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons"
	"realtimelab/lessons/socketio"
)

// watched serves a demo beside an empty page at /blank, and sees every byte of it.
func watched(t *testing.T, name string) (url string, x *xray.Xray) {
	t.Helper()
	_, demo, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok)
	running, err := demo.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", running.Handler)
	mux.HandleFunc("/blank", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w,
			`<!doctype html><link rel="icon" href="data:,"><script src="/socket.io/socket.io.js"></script>`)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	wire := tap.New(tap.Config{MaxBytes: 16 << 20, MaxEvents: 1 << 14})
	x = xray.New(wire, xray.Config{})
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(wire.Listener(l)) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = running.Close(ctx)
		_ = server.Close()
		x.Close()
	})
	return "http://" + l.Addr().String(), x
}

var (
	ids   = regexp.MustCompile(`("sid":")[\w-]+"`)
	noise = regexp.MustCompile(`&t=\w+|&sid=[\w-]+`)
)

// transcript returns the exchange of a browser and an Engine.IO server, one line each: requests and
// answers, and the packets on a WebSocket.
func transcript(rows []*xray.Row) (lines []string) {
	arrow := map[tap.Direction]string{tap.In: "→ ", tap.Out: "← "}
	// by connection: its last request was one of Engine.IO, for a WebSocket
	eio, sockets := map[uint64]bool{}, map[uint64]bool{}
	request := map[uint64]int{} // the line of a connection's last request
	for _, row := range rows {
		first, _, _ := strings.Cut(string(row.Data), "\r\n")
		if row.Layer == xray.HTTP && row.Dir == tap.In {
			eio[row.Conn] = strings.Contains(first, "/socket.io/?")
		}
		switch {
		case row.Layer == xray.HTTP && row.Dir == tap.In && eio[row.Conn]:
			method, target, _ := strings.Cut(strings.TrimSuffix(first, " HTTP/1.1"), " ")
			_, query, _ := strings.Cut(target, "?")
			line := arrow[row.Dir] + method + " ?" + noise.ReplaceAllString(query, "")
			if strings.Contains(query, "sid=") {
				line += "&sid=…"
			}
			if sockets[row.Conn] = strings.Contains(query,
				"transport=websocket"); sockets[row.Conn] {
				line += "  Upgrade: websocket"
			}
			request[row.Conn] = len(lines)
			lines = append(lines, line)
		case row.Layer == xray.HTTP && row.Dir == tap.Out && sockets[row.Conn]:
			lines = append(lines, arrow[row.Dir]+strings.TrimPrefix(first, "HTTP/1.1 "))
		case row.Layer == xray.Body && row.Dir == tap.In && eio[row.Conn]:
			lines[request[row.Conn]] += "  " + string(row.Data)
		case row.Layer == xray.Body && eio[row.Conn], row.Layer == xray.EIO && sockets[row.Conn]:
			lines = append(lines, arrow[row.Dir]+ids.ReplaceAllString(string(row.Data), `$1…"`))
		}
	}
	return lines
}

// TestTheFirstMomentsOfABrowser compares the transcript of the lesson with Chromium. Between two
// connections the order of the lines is a race; on each it is not. A client that reads the answer
// to its probe before its third poll no longer polls, so the noop is missing.
func TestTheFirstMomentsOfABrowser(t *testing.T) {
	url, x := watched(t, "broadcast")
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(url + "/blank")
	labtest.Eval[bool](tab, `new Promise((done) => {
		const socket = io();
		socket.on("chat message", () => done(true));
		socket.io.engine.on("upgrade", () => setTimeout(() => socket.emit("chat message self", "one")));
	})`)
	rows, err := x.Rows(t.Context())
	require.NoError(t, err)
	got := transcript(rows)
	t.Log("\n" + strings.Join(got, "\n"))
	first := socketio.Lessons()[0]
	for _, body := range []string{first.Body.EN, first.Body.ZH} {
		_, rest, _ := strings.Cut(body, "```\n→ GET ?EIO=4")
		block, _, _ := strings.Cut("→ GET ?EIO=4"+rest, "\n```")
		said := strings.Split(block, "\n")
		if !slices.Contains(got, "← 6") {
			said = withoutNoop(said)
		}
		assert.ElementsMatch(t, said, got)
		for _, way := range []string{"socket", "post", "poll"} {
			assert.Equal(t, over(said, way), over(got, way))
		}
	}
}

// withoutNoop returns the lines without the noop and the poll that it answers.
func withoutNoop(lines []string) []string {
	lines = slices.Clone(lines)
	for i, line := range slices.Backward(lines) {
		if line == "← 6" {
			lines = slices.Delete(lines, i, i+1)
			break
		}
	}
	for i, line := range slices.Backward(lines) {
		if strings.HasPrefix(line, "→ GET") && strings.HasSuffix(line, "transport=polling&sid=…") {
			return slices.Delete(lines, i, i+1)
		}
	}
	return lines
}

// over returns the lines of one kind of traffic: the WebSocket from its handshake on, the POSTs, or
// the polls. Each has a connection of its own.
func over(lines []string, way string) (picked []string) {
	for _, line := range lines {
		on := "poll"
		switch {
		case strings.Contains(line, "websocket") && strings.Contains(line, "Upgrade"),
			strings.Contains(line, "101 "),
			strings.HasSuffix(line, "probe"), line == "→ 5",
			strings.Contains(line, `42["chat message`):
			on = "socket"
		case strings.HasPrefix(line, "→ POST"), line == "← ok":
			on = "post"
		}
		if on == way {
			picked = append(picked, line)
		}
	}
	return picked
}

func TestWithoutNoop(t *testing.T) {
	const poll = "→ GET ?EIO=4&transport=polling&sid=…"
	lines := []string{poll, "← 40{}", "→ 2probe", "← 3probe", poll, "← 6", "→ 5"}
	assert.Equal(t, []string{poll, "← 40{}", "→ 2probe", "← 3probe", "→ 5"}, withoutNoop(lines))
}
