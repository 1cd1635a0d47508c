package socketio

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

// The texts show what these tests see: each transcript stands in a lesson, in both languages, word
// for word.

// serve starts a server on a port of its own, and returns it with its WebSocket address.
func serve(t *testing.T, config sio.Config) (*sio.Server, string) {
	config.Log = slog.New(slog.DiscardHandler)
	s := sio.NewServer(config)
	t.Cleanup(func() { shutDown(t, s.Close) })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, "ws" + strings.TrimPrefix(server.URL, "http") +
		"/socket.io/?EIO=4&transport=websocket"
}

func serveDemo(t *testing.T, name string) (url string) {
	for _, d := range demos() {
		if d.Name == name {
			running, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			t.Cleanup(func() { shutDown(t, running.Close) })
			server := httptest.NewServer(running.Handler)
			t.Cleanup(server.Close)
			return server.URL
		}
	}
	t.Fatalf("no demo %s", name)
	return ""
}

func shutDown(t *testing.T, end func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	assert.NoError(t, end(ctx))
}

// talk is a conversation over one WebSocket: what was said, a line each, and the bytes that it took
// on the wire.
type talk struct {
	*testing.T
	*websocket.Conn
	lines    strings.Builder
	up, down atomic.Int64
}

// counted counts the bytes of a connection.
type counted struct {
	net.Conn
	t *talk
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.t.down.Add(int64(n))
	return n, err
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.t.up.Add(int64(n))
	return n, err
}

func dial(t *testing.T, url string) *talk {
	k := &talk{T: t}
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network,
		addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return counted{conn, k}, err
	}}
	conn, response, err := dialer.Dial(url, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	k.Conn = conn
	t.Cleanup(func() { conn.Close() })
	return k
}

// demo is a conversation with a demo, over WebSocket from the start.
func demo(t *testing.T, name string) *talk {
	return dial(t, "ws"+strings.TrimPrefix(serveDemo(t, name), "http")+
		"/socket.io/?EIO=4&transport=websocket")
}

// say sends packets: text, or bytes.
func (k *talk) say(packets ...any) {
	k.Helper()
	for _, p := range packets {
		switch p := p.(type) {
		case string:
			fmt.Fprintf(&k.lines, "→ %s\n", secrets.Replace(p))
			require.NoError(k, k.WriteMessage(websocket.TextMessage, []byte(p)))
		case []byte:
			fmt.Fprintf(&k.lines, "→ % x\n", p)
			require.NoError(k, k.WriteMessage(websocket.BinaryMessage, p))
		}
	}
}

// hear reads so many packets, and returns the last.
func (k *talk) hear(count int) (last string) {
	k.Helper()
	for range count {
		require.NoError(k, k.SetReadDeadline(time.Now().Add(time.Minute)))
		kind, data, err := k.ReadMessage()
		require.NoError(k, err, "after:\n%s", &k.lines)
		last = string(data)
		if kind == websocket.BinaryMessage {
			fmt.Fprintf(&k.lines, "← % x\n", data)
		} else {
			fmt.Fprintf(&k.lines, "← %s\n", secrets.Replace(last))
		}
	}
	return last
}

// secrets makes what is different each time the same.
var secrets = secretReplacer{regexp.MustCompile(`("(?:sid|pid|offset)":)"[\w-]+"`),
	regexp.MustCompile(`,"[0-9A-Z]{8}[0-9a-z]+"\]`)}

type secretReplacer struct{ field, offset *regexp.Regexp }

func (s secretReplacer) Replace(text string) string {
	return s.offset.ReplaceAllString(s.field.ReplaceAllString(text, `$1"…"`), `,"…"]`)
}

func fenced(lines string) string { return "```\n" + lines + "```\n" }

// demos returns the demos of all lessons.
func demos() (all []lesson.Demo) {
	for _, l := range Lessons() {
		all = append(all, l.Demos...)
	}
	return all
}

// written holds the texts of all lessons.
var written = func() (all lang.Text) {
	for _, l := range Lessons() {
		all.EN += l.Body.EN
		all.ZH += l.Body.ZH
	}
	return all
}()

// isInTheLesson asserts that a block stands in a lesson, in both languages.
func isInTheLesson(t *testing.T, block string) {
	t.Helper()
	for name, text := range map[string]string{"English": written.EN, "Chinese": written.ZH} {
		assert.True(t, strings.Contains(text, block), "no lesson in %s has\n%s", name, block)
	}
}

// TestNothingIsLostInTheUpgrade sends over polling and reads over the WebSocket that follows. The
// lesson's transcript of these moments is a browser's, see internal/conformance/facts.
func TestNothingIsLostInTheUpgrade(t *testing.T) {
	url := serveDemo(t, "broadcast") + "/socket.io/?EIO=4&transport="
	ask := func(method, query, body string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, url+query,
			strings.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, 200, response.StatusCode)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(answer)
	}
	sid := "&sid=" + regexp.MustCompile(`"sid":"([\w-]+)"`).
		FindStringSubmatch(ask("GET", "polling", ""))[1]
	ask("POST", "polling"+sid, "40")
	ask("GET", "polling"+sid, "")
	ask("POST", "polling"+sid,
		"42[\"chat message self\",\"one\"]\x1e42[\"chat message self\",\"two\"]")
	http.DefaultClient.CloseIdleConnections()
	k := dial(t, "ws"+strings.TrimPrefix(url, "http")+"websocket"+sid)
	k.say("2probe")
	k.hear(1)
	k.say("5")
	k.lines.Reset()
	k.hear(2)
	assert.Equal(t, "← 42[\"chat message\",\"one\"]\n← 42[\"chat message\",\"two\"]\n",
		k.lines.String())
}

func TestNamespacesOnTheWire(t *testing.T) {
	k := demo(t, "namespaces")
	k.hear(1)
	k.say("40/chat,")
	k.hear(2)
	k.say(`42/chat,["hi!",1111]`, "40/news,")
	k.hear(2)
	k.say("40/secret,")
	k.hear(1)
	isInTheLesson(t, fenced(k.lines.String()))
}

func TestAcksOnTheWire(t *testing.T) {
	k := demo(t, "acks")
	k.hear(1)
	k.say("40")
	k.hear(1)
	k.lines.Reset()
	k.say(`420["ferret","tobi"]`)
	k.hear(1)
	k.say(`42["ask me"]`)
	k.hear(1)
	k.say(`430["Ann"]`)
	k.hear(1)
	isInTheLesson(t, fenced(k.lines.String()))
}

func TestMessageOnTheWire(t *testing.T) {
	k := demo(t, "message")
	k.hear(1)
	k.say("40")
	k.hear(1)
	k.lines.Reset()
	k.say(`42["message","hi"]`)
	k.hear(1)
	isInTheLesson(t, fenced(k.lines.String()))
}

func TestBinaryOnTheWire(t *testing.T) {
	k := demo(t, "binary")
	k.hear(1)
	k.say("40")
	k.hear(1)
	k.lines.Reset()
	k.say(`451-["picture",{"width":1,"height":1,"pixels":{"_placeholder":true,"num":0}}]`,
		[]byte{0xff, 0x40, 0, 0xff})
	k.hear(2)
	isInTheLesson(t, fenced(k.lines.String()))
}

// TestRecoveryOnTheWire: two ticks while the client is away come before the answer to its CONNECT.
func TestRecoveryOnTheWire(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	t.Cleanup(reconnect(io, time.Hour))
	tick := func(n int) { require.NoError(t, io.To("listeners").Emit("tick", n)) }
	k := dial(t, url)
	k.hear(1)
	k.lines.Reset()
	k.say("40")
	session := k.hear(1)
	k.hear(1)
	tick(7)
	offset := k.hear(1)
	k.Close()
	require.Eventually(t, func() bool { return io.Len() == 0 }, time.Minute, time.Millisecond)
	tick(8)
	tick(9)

	back := dial(t, url)
	back.hear(1)
	back.lines.Reset()
	pid := regexp.MustCompile(`"pid":"([\w-]+)"`).FindStringSubmatch(session)[1]
	last := regexp.MustCompile(`"(\w+)"\]$`).FindStringSubmatch(offset)[1]
	back.say(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, pid, last))
	answer := back.hear(3)
	assert.Equal(t, session, answer, "the same ids")
	isInTheLesson(t, fenced(k.lines.String()+"  …\n"+back.lines.String()))
}
