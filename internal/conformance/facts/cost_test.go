package facts

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/lessons"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/websocket"
)

// seventyOne is the message whose cost every lesson states.
const seventyOne = `{"id":1,"from":"guest-123","text":"hi","at":"2000-01-01T00:00:00.000Z"}`

// metered serves a demo as the lab does, beside an empty page at /blank, and counts its bytes.
// Traffic to the second address is not counted.
func metered(t *testing.T, name string) (url, aside string, wire *tap.Tap) {
	t.Helper()
	_, demo, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok)
	running, err := demo.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", running.Handler)
	mux.HandleFunc("/blank", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Del("Content-Security-Policy")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,">`)
	})
	server := httpserver.New(httpserver.Config{Handler: mux, Log: slog.New(slog.DiscardHandler)})
	wire = tap.New(tap.Config{CountOnly: true})
	var addrs [2]string
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addrs[i] = "http://" + l.Addr().String()
		l = server.Track(l)
		if i == 0 {
			l = wire.Listener(l)
		}
		go func() { _ = server.Serve(l) }()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Close(ctx, running.Close))
	})
	return addrs[0], addrs[1], wire
}

// said returns the numbers of a lesson's table in the row with that label, which are the same in
// both languages.
func said(t *testing.T, l lesson.Lesson, en, zh string) (numbers []float64) {
	t.Helper()
	of := func(text, label string) (numbers []float64) {
		row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(label) + ` \| .*$`).FindString(text)
		require.NotEmpty(t, row, "no row %q", label)
		for _, cell := range strings.Split(row, "|")[2:] {
			digits, _, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(cell, "（", " ")), " ")
			if n, err := strconv.ParseFloat(digits, 64); err == nil {
				numbers = append(numbers, n)
			}
		}
		return numbers
	}
	numbers = of(l.Body.EN, en)
	require.Equal(t, numbers, of(l.Body.ZH, zh), en)
	require.Len(t, numbers, 2, en)
	return numbers
}

// TestWhatAMessageCostsInABrowser counts the bytes of the lessons' tables. The heads of another
// version of Chromium differ by a few bytes; frames, chunks and events do not.
func TestWhatAMessageCostsInABrowser(t *testing.T) {
	browser := labtest.NewBrowser(t)
	type cost struct{ in, out float64 }
	costs := map[string]cost{}
	show := func(demo string) (tab *labtest.Tab, aside string, act func(name, js string),
		wire *tap.Tap) {
		url, aside, wire := metered(t, demo)
		tab = browser.Tab(t)
		tab.Open(url + "/blank")
		return tab, aside, func(name, js string) {
			before := wire.Counters()
			require.True(t, labtest.Eval[bool](tab, js), name)
			after := wire.Counters()
			costs[name] = cost{float64(after.In - before.In), float64(after.Out - before.Out)}
			t.Logf("%s: %d in, %d out", name, after.In-before.In, after.Out-before.Out)
		}, wire
	}
	get := func(query string) string {
		return "fetch(`/messages?after=" + query +
			"`, { cache: \"no-store\" }).then((r) => r.text()).then(() => true)"
	}
	post := `fetch("/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: '` + seventyOne + `' }).then((r) => r.json()).then((m) => { window.at = m.at; return true; })`

	_, _, act, _ := show("short-polling")
	act("warm", get("0"))
	act("post", post)
	act("short, none", get("1@${at}"))
	act("short, one", get("1@2000-01-01T00:00:00.000Z"))
	_, _, act, _ = show("long-polling")
	act("warm", post)
	act("long, one", get("1@2000-01-01T00:00:00.000Z&wait=25s"))

	for demo, open := range map[string]string{
		"hanging": `fetch("/stream").then((r) => {
			window.heard = 0;
			const body = r.body.pipeThrough(new TextDecoderStream()).getReader();
			const read = ({ value = "", done }) => {
				window.heard += value.split("}\n").length - 1;
				if (!done) body.read().then(read);
			};
			body.read().then(read);
			return true;
		})`,
		"sse": `new Promise((done) => {
			window.heard = 0;
			window.source = new EventSource("/events");
			source.onmessage = () => window.heard++;
			source.onopen = () => done(true);
		})`,
	} {
		tab, aside, act, wire := show(demo)
		act("opened", open)
		heard := 0
		say := func() (out int64) {
			res, err := http.Post(aside+"/messages", "application/json",
				strings.NewReader(seventyOne))
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, http.StatusCreated, res.StatusCode)
			heard++
			tab.WaitFor(fmt.Sprintf("window.heard === %d", heard))
			return wire.Counters().Out
		}
		before := say() // bytes that come only with the first message do not count
		costs[demo] = cost{0, float64(say() - before)}
		t.Logf("%s: %v", demo, costs[demo])
	}
	http.DefaultClient.CloseIdleConnections()

	_, _, act, _ = show("ws-chat")
	act("opened",
		`new Promise((done) => { window.ws = new WebSocket("ws://" + location.host + "/ws?after=0"); ws.onopen = () => done(true); })`)
	act("ws", `new Promise((done) => { ws.onmessage = () => done(true); ws.send('`+seventyOne+
		`'); })`)

	near := func(name string, want, got float64) {
		t.Helper()
		assert.InEpsilon(t, want, got, 0.04, "%s: the text says %.0f", name, want)
	}
	poll, conn, sock := longpoll.Lesson(), longconn.Lesson(), websocket.Lesson()
	for name, row := range map[string][2]string{
		"short, none": {"short polling, nothing new", "短轮询，没有新消息"},
		"short, one":  {"short polling, one message", "短轮询，一条消息"},
		"long, one":   {"long polling, one message", "长轮询，一条消息"},
	} {
		says := said(t, poll, row[0], row[1])
		near(name+" request", says[0], costs[name].in)
		near(name+" answer", says[1], costs[name].out)
	}
	posts := costs["post"].in + costs["post"].out
	assert.Equal(t, []float64{0, costs["ws"].out},
		said(t, poll, "for comparison: a WebSocket, one message", "对照：WebSocket，一条消息"))
	assert.Equal(t, []float64{costs["ws"].out, costs["ws"].in},
		said(t, conn, "for comparison: a WebSocket", "对照：WebSocket"))
	assert.Equal(t, []float64{costs["ws"].out, costs["ws"].in},
		said(t, sock, "a WebSocket", "WebSocket"))
	for _, c := range []struct {
		l      lesson.Lesson
		en, zh string
		demo   string
	}{{conn, "hanging", "hanging", "hanging"}, {conn, "sse", "sse", "sse"},
		{sock, "for comparison: sse", "对照：sse", "sse"}} {
		says := said(t, c.l, c.en, c.zh)
		assert.Equal(t, costs[c.demo].out, says[0], c.en)
		near(c.en+" sends", says[1], posts)
	}
	says := said(t, conn, "for comparison: long polling", "对照：长轮询")
	near("long polling", says[0], costs["long, one"].in+costs["long, one"].out)
	near("a POST", says[1], posts)

	idle := said(t, poll, "short polling, nothing new", "短轮询，没有新消息")
	second := idle[0] + idle[1]
	assert.Contains(t, poll.Body.EN, fmt.Sprintf("moves about %.0f bytes a second, %.0f MB a day",
		math.Round(second/10)*10, second*86400/1e6))
	assert.Contains(t, poll.Body.ZH,
		fmt.Sprintf("约 %.0f 字节，一天 %.0f MB", math.Round(second/10)*10, second*86400/1e6))
}
