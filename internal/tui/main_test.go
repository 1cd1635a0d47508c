package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"go.uber.org/goleak"

	"realtimelab/internal/compare"
	"realtimelab/internal/gotest"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// panics, in the environment, makes this test binary show the screens of a lab
// whose demo panics when it is shown.
const panics = "TUI_TEST_PANICS"

func TestMain(m *testing.M) {
	if os.Getenv(panics) != "" {
		if err := Run(context.Background(), panicking()); err != nil {
			fmt.Println("lab:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	lipgloss.SetColorProfile(termenv.Ascii)
	goleak.VerifyTestMain(m)
}

// brokenSource panics when the run screen reads it.
type brokenSource struct{}

func (brokenSource) Open(string) (fs.File, error) { panic("provoked in a screen") }

// panicking serves its demo at the address that the environment names.
func panicking() Config {
	c := configured()
	l := c.Lessons[0]
	c.Run = []string{l.Demos[0].Name}
	c.Start = func(l lesson.Lesson, d lesson.Demo, _ Line, log io.Writer) (Served, error) {
		listener, err := net.Listen("tcp", os.Getenv(panics))
		if err != nil {
			return Served{}, err
		}
		l.Source, d.Source = nil, nil
		running, err := host.Start(host.Config{Lesson: l, Demo: d, Listener: listener,
			Web: plainPage(d), Log: slog.New(slog.DiscardHandler)})
		return Served{Running: running, URL: "http://" + listener.Addr().String()}, err
	}
	c.Lessons[0].Demos[0].Source = []string{"broadcast.go"}
	c.Lessons[0].Source = brokenSource{}
	return c
}

// plainPage holds a page for a demo, without a stage.
func plainPage(d lesson.Demo) fs.FS {
	return fstest.MapFS{"shared/lab.js": {}, "pages/" + d.Name + "/index.html": {}}
}

// configured is a lab with one lesson of two demos.
func configured() Config {
	start := func(lesson.Env) (*lesson.Instance, error) {
		return &lesson.Instance{
			Handler: http.NotFoundHandler(),
			Clients: func() int { return 0 },
			Close:   func(context.Context) error { return nil },
		}, nil
	}
	return Config{
		Lang: lang.English,
		Lessons: []lesson.Lesson{{
			Name:    "talk",
			Title:   lang.Text{EN: "Talking", ZH: "聊天"},
			Summary: lang.Text{EN: "Who says what to whom.", ZH: "谁对谁说了什么。"},
			Body: lang.Text{
				EN: "# Talking\n\nWords go there, and words come back, and nobody is ever quite " +
					"sure which of them came first.\n\n| a | b |\n|---|---|\n| one | two |\n",
				ZH: "# 聊天\n\n话说出去，又有话回来，谁也说不准哪一句在先，哪一句在后。连上 " +
					"WebSocket 之后，双方都可以随时开口，谁都不必等对方。\n\n- 一条很长的列表项，" +
					"长到一行放不下，于是要在字与字之间断开，接着的一行要缩进对齐。\n",
			},
			Demos: []lesson.Demo{
				{Name: "broadcast", Title: lang.Text{EN: "To all", ZH: "发给所有人"},
					Summary: lang.Text{EN: "One speaks, all hear it.",
						ZH: "一个人说，所有人听见。"}, Start: start, Lanes: lanes},
				{Name: "rooms", Title: lang.Text{EN: "Rooms", ZH: "房间"},
					Summary: lang.Text{EN: "Only who is in hears it.",
						ZH: "只有在里面的人听得见。"}, Start: start},
			},
		}},
		Start: func(lesson.Lesson, lesson.Demo, Line, io.Writer) (Served, error) {
			return Served{}, errors.New("no port")
		},
		XrayOf: func(url string) (Xray, error) {
			if !strings.HasPrefix(url, "http://") {
				return Xray{}, fmt.Errorf("%q: want http:// and a host; did you mean http://%[1]s?",
					url)
			}
			return Xray{Of: url, Name: "127.0.0.1-8080", Serve: serveXray}, nil
		},
		Open: func(string) error { return nil },
		Copy: func(string) error { return nil },
		Compare: func(ctx context.Context, c compare.Config,
			tell func(compare.Progress)) (*compare.Report, error) {
			tell(compare.Progress{Step: compare.Step{Transport: c.Transports[0]}, Of: 21,
				Report: &compare.Report{}})
			<-ctx.Done()
			return measured(), ctx.Err()
		},
		Test: func(context.Context, string, func(gotest.Event)) error { return nil },
	}
}

// serveXray serves an x-ray through which nothing crosses.
func serveXray(io.Writer) (Served, error) {
	x := xray.New(tap.New(tap.Config{}), xray.Config{})
	running := host.Attach("xray", host.Attached{Xray: x, Clients: func() int { return 0 },
		Close: func(context.Context) error { x.Close(); return nil }})
	return Served{URL: "http://127.0.0.1:3100", KeyURL: "http://127.0.0.1:41234/#key=s3cret",
		Running: running}, nil
}

// lanes has the names and titles of the lab's, which are shown.
var lanes = []lesson.Lane{
	{Name: "short-polling", Title: lang.Text{EN: "short polling", ZH: "短轮询"}, Posts: true,
		Polls: true},
	{Name: "long-polling", Title: lang.Text{EN: "long polling", ZH: "长轮询"}, Posts: true},
	{Name: "hanging", Title: lang.Text{EN: "streaming response", ZH: "流式响应"}, Posts: true},
	{Name: "sse", Title: lang.Text{EN: "server-sent events", ZH: "服务器发送事件"}, Posts: true},
	{Name: "websocket", Title: lang.Same("WebSocket")},
	{Name: "socketio-polling", Title: lang.Text{EN: "Socket.IO over polling",
		ZH: "Socket.IO 走轮询"}},
	{Name: "socketio-websocket", Title: lang.Text{EN: "Socket.IO over WebSocket",
		ZH: "Socket.IO 走 WebSocket"}},
}
