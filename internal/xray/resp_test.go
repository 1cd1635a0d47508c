package xray_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/xray"
)

// command writes a command as clients of Redis do.
func command(words ...string) string { return respArray('*', words...) }

func respArray(kind byte, words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%c%d\r\n", kind, len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// broadcast is a message of the adapter for Pub/Sub, in MessagePack: ["Q1", {type: 2, data:
// ["tick", 7], nsp: "/"}, {rooms: ["r"], except: [], flags: {}}].
const broadcast = "\x93\xa2Q1\x83\xa4type\x02\xa4data\x92\xa4tick\x07\xa3nsp\xa1/\x83\xa5rooms\x91\xa1r\xa6except\x90\xa5flags\x80"

func TestRedisCommandsAndReplies(t *testing.T) {
	w := newWire(t)
	w.in(command("HELLO", "3", "AUTH", "default", "secret")).out("%1\r\n+server\r\n+redis\r\n")
	w.in(command("PUBLISH", "socket.io#/#", broadcast)).out(":3\r\n")
	w.in(command("GET", "a")+command("PING")).out("$-1\r\n", "+PONG\r\n")
	w.in(command("NOPE")).out("-ERR unknown command\r\n")
	assertSaid(t, w, []xray.Layer{xray.RESP, xray.Event, xray.Bytes},
		"→ HELLO", "← answers HELLO after", "→ PUBLISH socket.io#/# · 54 B",
		`→ server Q1 broadcasts "tick" with 7 to r`,
		"← 3 connections received it · answers PUBLISH after",
		"→ GET a", "→ PING", "← null · answers GET", "← PONG · answers PING", "→ NOPE",
		"← error · ERR unknown command · answers NOPE",
	)
	for _, row := range w.rows() {
		if row.Layer == xray.RESP {
			assert.NotContains(t, row.Summary.EN, "secret", "a password is in the bytes alone")
		}
	}
}

func TestRedisPushes(t *testing.T) {
	for _, kind := range []byte{'*', '>'} {
		w := newWire(t)
		w.in(command("SUBSCRIBE", "news")).
			out(string(kind) + "3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
		w.in(command("PSUBSCRIBE", "socket.io#/#*")).
			out(string(kind) + "3\r\n$10\r\npsubscribe\r\n$13\r\nsocket.io#/#*\r\n:2\r\n")
		w.out(respArray(kind, "message", "news", "hi"),
			respArray(kind, "pmessage", "socket.io#/#*", "socket.io#/#", broadcast))
		w.in(command("PING")).out("+PONG\r\n")
		assertSaid(t, w, []xray.Layer{xray.RESP, xray.Event, xray.Bytes},
			"→ SUBSCRIBE news", "← push · [subscribe news 1]", "→ PSUBSCRIBE", "← push",
			"← message on news · 2 B",
			"← pmessage on socket.io#/# · 54 B", `← server Q1 broadcasts "tick" with 7 to r`,
			"→ PING", "← PONG · answers PING",
		)
	}
}

func TestRedisStreams(t *testing.T) {
	data := `{"opts":{"rooms":[],"except":["x"]},"packet":{"type":2,"data":["hi",1],"nsp":"/"}}`
	w := newWire(t)
	w.in(command("XADD", "socket.io", "MAXLEN", "~", "10000", "*", "uid", "Q1", "nsp", "/", "type",
		"3", "data", data)).out("$3\r\n1-0\r\n")
	w.in(command("XREAD", "BLOCK", "5000", "STREAMS", "socket.io", "$"))
	w.out("*1\r\n*2\r\n$9\r\nsocket.io\r\n*2\r\n" +
		"*2\r\n$3\r\n1-0\r\n" + command("uid", "Q1", "nsp", "/", "type", "2") +
		"*2\r\n$3\r\n1-1\r\n" + command("uid", "Q2", "nsp", "/", "type", "3", "data", data))
	assertSaid(t, w, []xray.Layer{xray.RESP, xray.Event, xray.Bytes},
		"→ XADD socket.io", `→ server Q1 broadcasts "hi" with 1 to everyone except x`,
		"← 1-0 · answers XADD", "→ XREAD BLOCK 5000",
		"answers XREAD", "← heartbeat of server Q1",
		`← server Q2 broadcasts "hi" with 1 to everyone except x`,
	)
}

func TestRedisRequestsBetweenServers(t *testing.T) {
	w := newWire(t)
	for _, payload := range []string{
		`{"uid":"Q1","requestId":"r1","type":5,"opts":{"rooms":[],"except":[]}}`,
		`{"requestId":"r1","sockets":[]}`,
		`{"uid":"Q1","nsp":"/","type":13}`, `{"type":99,"uid":"Q1","nsp":"/"}`, `{"some":"json"}`,
		"text", "\x93\x01",
	} {
		w.in(command("PUBLISH", "c", payload))
	}
	assertSaid(t, w, []xray.Layer{xray.Event}, "server Q1 asks the others for their sockets",
		"response to request r1 of another server", "server Q1 leaves")
}

func TestRedisFieldsInPieces(t *testing.T) {
	w := newWire(t)
	whole := command("PUBLISH", "socket.io#/#", broadcast)
	for i := range whole {
		w.in(whole[i : i+1])
	}
	row := w.only(xray.RESP)
	assert.Equal(t, "3", field(t, row, "array").Value)
	assert.Equal(t, "PUBLISH", field(t, row, "command").Value)
	assert.Equal(t, "socket.io#/#", field(t, row, "channel").Value)
	require.Len(t, field(t, row, "payload").Parts, 2)
	assert.Equal(t, "$54", field(t, row, "payload").Parts[0].Value)
	assert.Equal(t, whole, string(row.Data))
	event := w.only(xray.Event)
	assert.Equal(t,
		`["Q1",{"type":2,"data":["tick",7],"nsp":"/"},{"rooms":["r"],"except":[],"flags":{}}]`,
		string(event.Data))
	assert.Equal(t, row.ID, event.Parent)
}

func TestNotRESP(t *testing.T) {
	for bytes, want := range map[string]string{
		command("GET") + "*1\r\n?x\r\n":               "no value begins with byte 0x3f",
		command("GET") + "*x\r\n":                     "is not a number",
		command("GET") + "*1\r\n$2\r\nabcd\r\n":       "longer than its length says",
		command("GET") + "*1\n":                       "does not end with CR LF",
		command("GET") + "*99999999\r\n":              "too many values",
		command("GET") + "*1\r\n$99999999999\r\n":     "too long to be shown",
		command("GET") + strings.Repeat("*1\r\n", 40): "nested too deep",
	} {
		w := newWire(t).in(bytes)
		said := strings.Join(w.said(xray.Bytes), "\n")
		assert.Contains(t, said, want, "%q", bytes)
	}
	w := newWire(t).in("* / HTTP/1.1\r\n\r\n")
	assert.Empty(t, w.said(xray.RESP), "a method of HTTP may begin with a star")
}
