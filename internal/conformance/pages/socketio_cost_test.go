package pages

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/tap"
	"realtimelab/lessons/socketio"
	"realtimelab/web"
)

// tapped serves a demo and counts every byte of it.
func tapped(t *testing.T, name string) (url string, wire *tap.Tap) {
	t.Helper()
	l, d := find(t, name)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	wire = tap.New(tap.Config{CountOnly: true})
	r, err := host.Start(host.Config{
		Lesson: l, Demo: d, Listener: wire.Listener(listener), Web: web.Pages,
		Log:   slog.New(slog.DiscardHandler),
		NoTap: true, // the x-ray has a connection of its own
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return "http://" + listener.Addr().String(), wire
}

// tries bounds the attempts to count something that may take fewer bytes by chance: a client whose
// probe is answered before its third poll omits this poll.
const tries = 10

// TestWhatConnectingCosts checks the lesson's figures for the beginning of a connection and for
// long-polling. Browsers of other versions and platforms send other headers: figures within a tenth
// are right.
func TestWhatConnectingCosts(t *testing.T) {
	body := socketio.Lessons()[0].Body
	browser := labtest.NewBrowser(t)
	echo, echoWire := tapped(t, "ws-echo")
	chat, chatWire := tapped(t, "broadcast")
	// without a second window
	bare, tab := open(t, browser, echo), open(t, browser, chat+"/?view=peer")
	labtest.Eval[bool](tab, `new Promise((done) => {
		window.poller = io({ forceNew: true, transports: ["polling"] }).on("connect", () => done(true));
	})`)
	for _, c := range []struct {
		en, zh string
		tab    *labtest.Tab
		wire   *tap.Tap
		act    string // a promise of true
		times  int64  // that act does it
		bytes  int64  // as the text says
	}{
		{"WebSocket handshake", "WebSocket 握手", bare, echoWire, `new Promise((done) => {
			new WebSocket("ws://" + location.host + "/ws").onopen = () => done(true);
		})`, 1, 630},
		{"Socket.IO over WebSocket alone", "Socket.IO，只用 WebSocket", tab, chatWire,
			`new Promise((done) => {
			io({ forceNew: true, transports: ["websocket"] }).on("connect", () => done(true));
		})`, 1, 1_000},
		{"Socket.IO by default: polling, then the upgrade", "Socket.IO 默认方式：先轮询，再升级",
			tab, chatWire, `new Promise((done) => {
			const socket = io({ forceNew: true });
			socket.io.on("open", () => socket.io.engine.once("upgrade", () => done(true)));
		})`, 1, 4_640},
		{"that message there and back, over long polling", "同一条消息走长轮询，一去一回", tab,
			chatWire, `(async () => {
			for (let i = 0; i < 20; i++) await new Promise((done) => {
				poller.once("chat message", done);
				poller.emit("chat message self", ` + seventyOne + `);
			});
			return true;
		})()`, 20, 2_000},
	} {
		t.Run(c.en, func(t *testing.T) {
			var got int64
			for range tries {
				before := c.wire.Counters()
				require.True(t, labtest.Eval[bool](c.tab, c.act))
				after := c.wire.Counters()
				got = max(got, (after.In+after.Out-before.In-before.Out)/c.times)
				t.Logf("%d bytes", got)
				if got > c.bytes*9/10 {
					break
				}
			}
			assert.InEpsilon(t, c.bytes, got, 0.1)
			said := fmt.Sprintf(" | %s |\n", thousands(c.bytes))
			assert.Contains(t, body.EN, "\n| "+c.en+said)
			assert.Contains(t, body.ZH, "\n| "+c.zh+said)
		})
	}
}

func thousands(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

const seventyOne = `{"id":1,"from":"guest-123","text":"hi","at":"2000-01-01T00:00:00.000Z"}`
