package sio_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestMain(m *testing.M) {
	// scs.New starts this goroutine, for good.
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"))
}

func serve(t *testing.T, config sio.Config) (*sio.Server, string) {
	if config.Log == nil {
		config.Log = slog.New(slog.NewTextHandler(t.Output(), nil)) // shown if t fails
	}
	io := sio.NewServer(config)
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, io.Close(ctx))
		server.Close()
	})
	return io, "ws" + strings.TrimPrefix(server.URL, "http") +
		"/socket.io/?EIO=4&transport=websocket"
}

// peer is a client that speaks in literal wire text.
type peer struct {
	*testing.T
	*websocket.Conn
}

func dial(t *testing.T, url string) peer {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	p := peer{t, conn}
	require.Regexp(t, `^0\{`, p.read())
	return p
}

func join(t *testing.T, url string) peer {
	p := dial(t, url)
	p.write("40")
	require.Regexp(t, `^40\{"sid":"[\w-]{20}"\}$`, p.read())
	return p
}

func (p peer) read() string {
	p.Helper()
	p.SetReadDeadline(time.Now().Add(time.Minute))
	_, data, err := p.ReadMessage()
	require.NoError(p, err)
	return string(data)
}

func (p peer) write(texts ...string) {
	for _, text := range texts {
		require.NoError(p, p.WriteMessage(websocket.TextMessage, []byte(text)))
	}
}

func (p peer) isClosed() {
	p.Helper()
	p.SetReadDeadline(time.Now().Add(time.Minute))
	_, _, err := p.ReadMessage()
	assert.True(p, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
}

func TestTheThreeEmitsOfTheLecture(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("all", func(msg string) { io.Emit("chat message", msg) })
		s.On("others", func(msg string) { s.Broadcast().Emit("chat message", msg) })
		s.On("self", func(msg string) { s.Emit("chat message", msg) })
	})
	a, b := join(t, url), join(t, url)
	a.write(`42["all","1 <b>&é"]`)
	assert.Equal(t, `42["chat message","1 <b>&é"]`, a.read())
	assert.Equal(t, `42["chat message","1 <b>&é"]`, b.read())
	a.write(`42["others","2"]`, `42["self","3"]`)
	assert.Equal(t, `42["chat message","3"]`, a.read())
	assert.Equal(t, `42["chat message","2"]`, b.read())
	b.write(`42["self","4"]`)
	assert.Equal(t, `42["chat message","4"]`, b.read())
}

func TestAcksBothWays(t *testing.T) {
	io, url := serve(t, sio.Config{})
	answers := make(chan string, 1)
	io.OnConnection(func(s *sio.Socket) {
		s.On("ferret", func(name string, ack sio.Ack) { ack("woot", name); ack("again") })
		s.On("ask me", func() {
			args, err := s.EmitWithAck(t.Context(), "question", 42)
			require.NoError(t, err)
			answers <- fmt.Sprint(args.Any(0))
		})
	})
	a := join(t, url)
	a.write(`420["ferret","tobi"]`)
	assert.Equal(t, `430["woot","tobi"]`, a.read())
	a.write(`42["ask me"]`)
	assert.Equal(t, `420["question",42]`, a.read())
	a.write(`430["answer"]`)
	assert.Equal(t, "answer", <-answers)
}

func TestWrongArgumentsAreReported(t *testing.T) {
	io, url := serve(t, sio.Config{Strict: true})
	errs := make(chan error, 10)
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int) { s.Emit("n", n) })
		s.OnError(func(err error) { errs <- err })
	})
	a := join(t, url)
	for _, packet := range []string{`42["n","text"]`, `42["n"]`, `42["n",1,2]`, `42["n",{}]`} {
		a.write(packet)
		assert.ErrorContains(t, <-errs, `event "n"`, packet)
	}
	a.write(`42["n",7]`)
	assert.Equal(t, `42["n",7]`, a.read())
}

func TestPanicClosesThatClientOnly(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("panic", func() { panic("on purpose") })
		s.On("echo", func(v any) { s.Emit("echo", v) })
	})
	a, b := join(t, url), join(t, url)
	a.write(`42["panic"]`)
	a.isClosed()
	b.write(`42["echo",{"x":[1,null]}]`)
	assert.Equal(t, `42["echo",{"x":[1,null]}]`, b.read())
}

func TestBinaryBothWays(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("bytes", func(b []byte, v any, ack sio.Ack) { ack(map[string]any{"b": b, "v": v}) })
	})
	a := join(t, url)
	a.write(`452-5["bytes",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]`)
	require.NoError(t, a.WriteMessage(websocket.BinaryMessage, []byte{1}))
	require.NoError(t, a.WriteMessage(websocket.BinaryMessage, []byte{2}))
	assert.Contains(t, a.read(), `462-5[{"`)
	both := []string{a.read(), a.read()}
	assert.ElementsMatch(t, []string{"\x01", "\x02"}, both)
}

func TestNamespaces(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.Of("/chat").OnConnection(func(s *sio.Socket) {
		s.Emit("a message", map[string]string{"that": "only"})
	})
	io.Of("/admin").Use(func(s *sio.Socket) error {
		var auth struct{ Token string }
		if s.Handshake().Auth(&auth) != nil || auth.Token != "secret" {
			return &sio.ConnectError{Message: "not authorized", Data: map[string]int{"code": 7}}
		}
		return nil
	})
	a := dial(t, url)
	a.write("40/chat")
	assert.Regexp(t, `^40/chat,\{"sid":"`, a.read())
	assert.Equal(t, `42/chat,["a message",{"that":"only"}]`, a.read())
	a.write("40/nowhere,")
	assert.Equal(t, `44/nowhere,{"message":"Invalid namespace"}`, a.read())
	a.write("40/admin,")
	assert.Equal(t, `44/admin,{"message":"not authorized","data":{"code":7}}`, a.read())
	a.write(`40/admin,{"Token":"secret"}`)
	assert.Regexp(t, `^40/admin,\{"sid":"`, a.read())
}

func TestRooms(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("join", func(rooms ...string) { s.Join(rooms...); s.Emit("rooms", len(s.Rooms())) })
		s.On("to", func(msg string, rooms ...string) { io.To(rooms...).Emit("m", msg) })
		s.On("except", func(msg, room string) { io.Except(room).Emit("m", msg) })
		s.On("leave", func(room string) { s.Leave(room); s.Emit("rooms", len(s.Rooms())) })
	})
	a, b := join(t, url), join(t, url)
	a.write(`42["join","x","y"]`)
	assert.Equal(t, `42["rooms",3]`, a.read())
	b.write(`42["to","once","x","y"]`, `42["except","not x","x"]`)
	assert.Equal(t, `42["m","once"]`, a.read())
	assert.Equal(t, `42["m","not x"]`, b.read())
	a.write(`42["leave","x"]`)
	assert.Equal(t, `42["rooms",2]`, a.read())
}

func TestDisconnectReasons(t *testing.T) {
	io, url := serve(t, sio.Config{Engine: engineio.Config{PingInterval: time.Minute}})
	reasons := make(chan string, 10)
	io.OnConnection(func(s *sio.Socket) {
		s.Join("r")
		s.OnDisconnecting(func(sio.Reason) { reasons <- fmt.Sprint(len(s.Rooms())) })
		s.OnDisconnect(func(r sio.Reason) { reasons <- fmt.Sprint(len(s.Rooms()), " ", r) })
		s.On("kick", func(all bool) { s.Disconnect(all) })
	})
	for _, c := range []struct {
		leave  func(p peer)
		reason string
	}{
		{func(p peer) { p.write("41") }, "client namespace disconnect"},
		{func(p peer) { p.Conn.NetConn().Close() }, "transport close"},
		{func(p peer) { p.write("nonsense") }, "parse error"},
		{func(p peer) { p.write("42[") }, "forced close"},
		{func(p peer) { p.write(`42["kick",false]`) }, "server namespace disconnect"},
		{func(p peer) { p.write(`42["kick",true]`) }, "server namespace disconnect"},
	} {
		p := join(t, url)
		c.leave(p)
		assert.Equal(t, "2", <-reasons, c.reason)
		assert.Equal(t, "0 "+c.reason, <-reasons)
	}
}

func TestProtocolViolationsCloseTheConnection(t *testing.T) {
	_, url := serve(t, sio.Config{})
	for _, packet := range []string{`42["early"]`, "44{}", "4x", "42/nowhere,[1]"} {
		a := dial(t, url)
		a.write(packet)
		a.isClosed()
	}
	a := join(t, url)
	a.write("40")
	a.isClosed()
}

func TestConnectTimeout(t *testing.T) {
	_, url := serve(t, sio.Config{ConnectTimeout: 50 * time.Millisecond})
	a := dial(t, url)
	a.isClosed()
}

func TestFloodIsBoundedByTheHandler(t *testing.T) {
	io, url := serve(t, sio.Config{MaxPending: 4})
	gate := make(chan struct{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int) { <-gate; s.Emit("n", n) })
	})
	a := join(t, url)
	for i := range 200 {
		a.write(fmt.Sprintf(`42["n",%d]`, i))
	}
	close(gate)
	for i := range 200 {
		require.Equal(t, fmt.Sprintf(`42["n",%d]`, i), a.read())
	}
}

// A test's FailNow ends the goroutine that it is called on.
func TestAHandlerThatEndsItsGoroutineEndsNoMore(t *testing.T) {
	io, url := serve(t, sio.Config{})
	left := make(chan sio.Reason, 1)
	io.OnConnection(func(s *sio.Socket) {
		s.On("exit", func() { runtime.Goexit() })
		s.On("echo", func(n int) { s.Emit("echo", n) })
		s.OnDisconnect(func(r sio.Reason) { left <- r })
	})
	a := join(t, url)
	for i := range 20 {
		a.write(`42["exit"]`, fmt.Sprintf(`42["echo",%d]`, i))
		require.Equal(t, fmt.Sprintf(`42["echo",%d]`, i), a.read())
	}
	a.write(`42["exit"]`, `42["exit"]`, "41")
	assert.Equal(t, sio.ClientNamespaceDisconnect, <-left)
}

func TestDisconnectAllEndsTheSocketsInTheirOrder(t *testing.T) {
	io, url := serve(t, sio.Config{})
	a := join(t, url)
	want := []string{"41"}
	for i := range 10 {
		name := fmt.Sprintf("/%d", i)
		io.Of(name)
		a.write("40" + name + ",")
		require.Regexp(t, "^40"+name, a.read())
		want = append(want, "41"+name+",")
	}
	io.DisconnectSockets(true)
	for _, packet := range want {
		require.Equal(t, packet, a.read())
	}
	a.isClosed()
}
