package connect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestScriptOverEachTransport(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	file := filepath.Join(t.TempDir(), "photo")
	require.NoError(t, os.WriteFile(file, []byte{1, 2, 3}, 0o600))
	for _, transports := range [][]string{nil, {"polling"}, {"websocket"}} {
		s := dial(t, Config{URL: server.URL, Transports: transports,
			Auth: json.RawMessage(`{"token":"x"}`)})
		assert.Equal(t, command.SocketIO, s.Protocol())
		run(t, s, `
			# what the server sends at once is there, though the wait comes later
			expect welcome "/"
			emit "chat message" "hi" {"n":[1,2]} 12345678901234567890
			expect "chat message" "hi" {"n":[1,2]} 12345678901234567890
			emit "chat message" {"photo":@"`+file+`"} @hex:ff
			expect "chat message" {"photo":@hex:010203} @hex:ff
			ack "chat message" "a" "b" => "delivered" 2
			wait "chat message"
			ack whoami => {"token":"x"}
			emit "ask me"
			expect question 21
			answer "forty-two" @hex:2a
			expect answered true "forty-two" @hex:2a
			reply question 1 2
			emit "ask me"
			expect answered true 1 2
			never news 10ms
			transport
			events
			help ack
		`)
	}
}

func TestNamespaces(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	s := dial(t, Config{URL: server.URL, As: command.SocketIO})
	run(t, s, `
		join /chat {"token":"y"}
		expect welcome "/chat"
		ack whoami => {"token":"y"}
		emit "chat message" 1
		expect "chat message" 1
		join /
		never "chat message" 10ms
		ack whoami
		emit "chat message" 2
		join /chat
		emit "chat message" 3
		join /
		expect /chat "chat message" 3
		never /chat "chat message" 10ms
		join /admin => "not authorized" {"code":7}
		wait /admin connect_error "not authorized"
		join /nowhere => "Invalid namespace"
		join /chat
		ack whoami => {"token":"y"}
		leave
		ack "chat message" => "delivered" 0
	`)
	assert.Equal(t, "/", s.Place(), "the commands go to the namespace that is left")
	assert.Contains(t, fails(t, s, Refused, "join /admin"),
		`line 1: the server refuses /admin: not authorized, with the data {"code":7}`)
	assert.Contains(t, fails(t, s, Refused, "join /nowhere"), "the server has no such namespace")
	assert.Contains(t, fails(t, s, Unexpected, `join /admin => "welcome"`),
		`the refusal of /admin is "not authorized"  {"code":7}; want "welcome"`)
	assert.Contains(t, fails(t, s, Unexpected, `join /chat => "no"`),
		"the server has accepted /chat")
	assert.Contains(t, fails(t, s, Wrong, "wait /elsewhere news"),
		"line 1: /elsewhere was not joined, so no event can come from it")
	assert.Contains(t, fails(t, s, TimedOut, `wait /chat news "x" 20ms`),
		`"news" with "x" from /chat did not come within 20ms`)
	assert.Contains(t, fails(t, s, Unexpected,
		"join /chat\nemit \"chat message\" 4\njoin /\nexpect /chat \"chat message\" 5"),
		`line 4: "chat message" came with 4; want 5`)
	assert.Contains(t, fails(t, s, Wrong, "leave /nowhere"), "not connected to /nowhere")
}

func TestWhatFailsIsNamed(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	s := dial(t, Config{URL: server.URL, As: command.SocketIO})
	text := fails(t, s, TimedOut, "ack \"chat message\" 1\nack silence 20ms")
	assert.Contains(t, text,
		`line 2: no acknowledgement of "silence" came within 20ms. Hint: check the name of the event`)
	text = fails(t, s, TimedOut, `wait newz 20ms`)
	assert.Contains(t, text,
		`"newz" did not come within 20ms; other events came: welcome, "chat message"`)
	assert.Contains(t, fails(t, s, Unexpected, `expect welcome "x"`),
		`"welcome" came with "/"; want "x"`)
	assert.Contains(t, fails(t, s, Unexpected, `ack "chat message" 1 => "lost"`),
		`is "delivered"  1; want "lost"`)
	assert.Contains(t, fails(t, s, Unexpected, `never "chat message" 1s`),
		`"chat message" came with 1; it must not`)
	assert.Contains(t, fails(t, s, Wrong, "emit disconnect"),
		"a name that Socket.IO keeps for itself")
	assert.Contains(t, fails(t, s, Wrong, "answer 1"), "no event waits for an answer")
	assert.Contains(t, fails(t, s, Wrong, "answer #9 1"), "no event #9 waits")
	assert.Contains(t, fails(t, s, Wrong, "\n\nemit x y"), "line 3: y is not JSON")
	assert.Contains(t, fails(t, s, Wrong, "help nope"), `no command "nope"`)
	text = fails(t, s, Disconnected, "emit kick\nwait x")
	assert.Contains(t, text, `"x" did not come: disconnected from /: io server disconnect`)
	run(t, s, "connect\nack whoami")
}

// A lost connection comes back, and the lines tell of both.
func TestCut(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	s := dial(t, Config{URL: server.URL, As: command.SocketIO, Transports: []string{"websocket"}})
	run(t, s, `
		expect connect
		cut
		expect disconnect /transport/
		expect connect
		ack whoami
		disconnect
		expect disconnect "io client disconnect"
		connect
		expect connect
	`)
	again := dial(t, Config{URL: server.URL, As: command.SocketIO,
		Transports: []string{"websocket"}, NoReconnect: true})
	assert.Contains(t, fails(t, again, Disconnected, "cut\nwait news"),
		`"news" did not come: disconnected from /`)
}

// TestOrderlyEnd: the end of a session reads as one.
func TestOrderlyEnd(t *testing.T) {
	s := dial(t, Config{URL: serveSocketIO(t, sio.Config{}).URL, As: command.SocketIO})
	s.Close()
	events := all(s)
	last := events[len(events)-1]
	assert.Equal(t, "disconnect", last.Name)
	assert.Equal(t, `"forced close"`, last.Values(), "scripts read the official word")
	assert.Equal(t, "disconnected from /: this client closed the connection",
		last.What(lang.English))
}

func TestUpgradeIsToldAndSeenByTheXray(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	s := dial(t, Config{URL: server.URL, As: command.SocketIO})
	rows := s.Xray().Watch()
	defer rows.Close()
	run(t, s, `
		expect upgrade "websocket"
		ack "chat message" "你好"
	`)
	all, err := s.Xray().Rows(t.Context())
	require.NoError(t, err)
	seen := ""
	for _, row := range all {
		seen += row.Line(lang.English) + "\n"
	}
	assert.Contains(t, seen, `the client emits "chat message" with "你好", and wants ack 0`)
	assert.Contains(t, seen, `the server acks "chat message" (0)`)
	assert.Contains(t, seen, "the client wrote")
}

func TestEngineIO3(t *testing.T) {
	server := serveSocketIO(t, sio.Config{Engine: engineio.Config{AllowEIO3: true}})
	s := dial(t, Config{URL: server.URL, EIO: 3})
	assert.Equal(t, command.SocketIO, s.Protocol(), "guessed")
	run(t, s, `
		expect welcome
		ack "chat message" @hex:00ff => "delivered" 1
		expect "chat message" @hex:00ff
		join /nowhere => "Invalid namespace"
	`)
	f := failsToOpen(t, Config{URL: serveSocketIO(t, sio.Config{}).URL, As: command.SocketIO,
		EIO: 3})
	assert.Contains(t, f.Hint.EN, "leave out --eio 3")
	f = failsToOpen(t, Config{URL: server.URL, EIO: 5})
	assert.Equal(t, Wrong, f.Code)
}

func TestCount(t *testing.T) {
	server := serveSocketIO(t, sio.Config{})
	s := dial(t, Config{URL: server.URL, As: command.SocketIO})
	run(t, s, "emit \"chat message\" 1\nemit \"chat message\" 2")
	require.NoError(t, s.Count(t.Context(), 3, 0), "the welcome and two messages")
	var f *Failure
	require.ErrorAs(t, s.Count(t.Context(), 1, 1), &f)
	assert.Equal(t, TimedOut, f.Code)
	run(t, s, "emit kick")
	require.ErrorAs(t, s.Count(t.Context(), 0, 0), &f)
	assert.Equal(t, Disconnected, f.Code)
}
