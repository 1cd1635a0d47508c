package sio_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// Functions that a program adds to the connection do not replace the server's own: the idiom of
// Node.
func TestFunctionsOfTheConnectionAreAdded(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	events := make(chan string, 10)
	io.OnConnection(func(s *sio.Socket) {
		for _, name := range []string{"first", "second"} {
			s.Conn().OnClose(func(reason sio.Reason, _ error) {
				events <- name + " " + string(reason)
				panic("on purpose")
			})
		}
		s.OnDisconnect(func(reason sio.Reason) { events <- "disconnect " + string(reason) })
		s.On("close", func() { s.Conn().Close() })
	})
	a := join(t, url)
	assert.Equal(t, "websocket", io.Sockets()[0].Conn().Transport())
	assert.Equal(t, 4, io.Sockets()[0].Conn().Protocol())
	a.write(`42["close"]`)
	a.isClosed()
	got := []string{<-events, <-events, <-events}
	assert.ElementsMatch(t, []string{"first forced close", "second forced close",
		"disconnect forced close"}, got)
	assert.Eventually(t, func() bool {
		return io.Len() == 0 && io.Clients() == 0
	}, time.Minute, time.Millisecond)
}

type userKey struct{}

// withUser is a middleware of net/http, as those for sessions and logins are.
func withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("user")
		if name == "" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, name)))
	})
}

func TestRequestHasTheValuesOfTheMiddlewares(t *testing.T) {
	io := sio.NewServer(sio.Config{Log: quiet})
	web := httptest.NewServer(withUser(io))
	defer web.Close()
	defer io.Close(context.Background())
	upgraded := make(chan string, 2)
	io.Use(func(s *sio.Socket) error {
		if s.Request().Context().Value(userKey{}) != s.Context().Value(userKey{}) {
			return errors.New("they differ")
		}
		return nil
	})
	io.OnConnection(func(s *sio.Socket) {
		s.Conn().OnUpgrade(func(transport string) { upgraded <- transport })
		s.Conn().OnUpgrade(func(transport string) { upgraded <- transport })
		s.On("who", func(ack sio.Ack) {
			n, _ := s.Request().Body.Read(make([]byte, 1))
			ack(s.Request().Context().Value(userKey{}), s.Request().URL.Query().Get("user"), n)
		})
	})
	res, err := http.Get(web.URL + "/socket.io/?EIO=4&transport=polling")
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusUnauthorized, res.StatusCode)

	withAnn := strings.Replace(web.URL, "http", "ws", 1) +
		"/socket.io/?EIO=4&user=ann&transport=websocket"
	a := join(t, withAnn)
	a.write(`421["who"]`)
	assert.Equal(t, `431["ann","ann",0]`, a.read())

	p := joinByPolling(t, withAnn)
	p.post(`421["who"]`)
	assert.Equal(t, `431["ann","ann",0]`, p.poll())
	_, sid, _ := strings.Cut(p.url, "&sid=") // joined by polling
	b, _, err := websocket.DefaultDialer.Dial(withAnn+"&sid="+sid, nil)
	require.NoError(t, err)
	defer b.Close()
	upgrading := peer{t, b}
	upgrading.write("2probe")
	assert.Equal(t, "3probe", upgrading.read())
	upgrading.write("5", `422["who"]`)
	assert.Equal(t, `432["ann","ann",0]`, upgrading.read(),
		"it is the handshake's, after an upgrade too")
	assert.Equal(t, []string{"websocket", "websocket"}, []string{<-upgraded, <-upgraded})
	a.Conn.Close()
	b.Close()
}

func TestContextEndsWithTheSocket(t *testing.T) {
	// no heartbeat reads on
	io, url := serve(t, sio.Config{Engine: engineio.Config{PingInterval: time.Hour}})
	sockets, decide := make(chan *sio.Socket, 10), make(chan struct{})
	io.Of("/wait").Use(func(s *sio.Socket) error {
		sockets <- s
		select {
		case <-s.Context().Done(): // the client goes
		case <-time.After(time.Minute):
			t.Error("the end of the client was not read")
		}
		close(decide)
		return nil
	})
	io.Of("/no").Use(func(s *sio.Socket) error {
		sockets <- s
		assert.NoError(t, s.Context().Err())
		return errors.New("no")
	})
	io.Of("/chat").OnConnection(func(s *sio.Socket) {
		ctx := s.Context()
		s.OnDisconnecting(func(sio.Reason) {
			assert.Error(t, ctx.Err())
			sockets <- s
		})
	})
	a := dial(t, url)
	a.write("40/no,")
	assert.Regexp(t, "^44/no,", a.read())
	a.write("40/chat,")
	assert.Regexp(t, "^40/chat,", a.read())
	a.write("41/chat,", "40/wait,")
	for range 3 {
		s := <-sockets
		if s.Namespace().Name() == "/wait" {
			a.NetConn().Close()
		}
		<-s.Context().Done()
		assert.ErrorIs(t, context.Cause(s.Context()), sio.ErrDisconnected)
	}
	<-decide
}

func TestContextAskedForAfterTheEnd(t *testing.T) {
	io, url := serve(t, sio.Config{})
	a := join(t, url)
	require.Eventually(t, func() bool { return io.Len() == 1 }, time.Minute, time.Millisecond)
	s := io.Sockets()[0]
	a.write("41")
	require.Eventually(t, func() bool { return io.Len() == 0 }, time.Minute, time.Millisecond)
	assert.ErrorIs(t, context.Cause(s.Context()), sio.ErrDisconnected)
}

func TestAnswersOfATypeAndRoomsByName(t *testing.T) {
	io, url := serve(t, sio.Config{})
	a, b := join(t, url), join(t, url)
	require.Eventually(t, func() bool { return io.Len() == 2 }, time.Minute, time.Millisecond)
	answer := func(p peer, text string) {
		for range 2 {
			question := p.read()
			p.write("43" + question[2:strings.Index(question, "[")] + text)
		}
	}
	go answer(a, `[{"n":1}]`)
	go answer(b, `["no number"]`)
	type reply struct{ N int }
	got, err := sio.AskAll[reply](t.Context(), io, "question")
	assert.Equal(t, []reply{{1}}, got)
	assert.ErrorContains(t, err, "answer of ")
	for _, s := range io.Sockets() {
		s.Join("room", "of "+s.ID())
		one, err := sio.Ask[reply](t.Context(), s, "question")
		if err == nil {
			assert.Equal(t, reply{1}, one)
		}
	}
	rooms := io.Rooms()
	assert.Len(t, rooms, 3)
	assert.Len(t, rooms["room"], 2)
	id := io.Sockets()[0].ID()
	assert.Equal(t, []string{id}, rooms["of "+id])
}

func TestFunctionsOfAConnectionCanBeRemoved(t *testing.T) {
	io, url := serve(t, sio.Config{})
	ran := make(chan string, 10)
	io.OnConnection(func(s *sio.Socket) {
		for _, name := range []string{"kept", "removed", "kept too"} {
			off := s.Conn().OnClose(func(sio.Reason, error) { ran <- name })
			offUpgrade := s.Conn().OnUpgrade(func(string) { ran <- "upgrade" })
			if name == "removed" {
				off()
				off()
			}
			offUpgrade()
		}
		s.Emit("ready")
	})
	a := join(t, url)
	require.Equal(t, `42["ready"]`, a.read())
	a.NetConn().Close()
	assert.Equal(t, []string{"kept", "kept too"},
		[]string{within(t, ran, "OnClose"), within(t, ran, "OnClose")})
	assert.Eventually(t, func() bool { return io.Clients() == 0 }, time.Minute, time.Millisecond)
	assert.Empty(t, ran)
}
