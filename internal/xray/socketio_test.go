package xray_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/xray"
)

const engine = "/socket.io/?EIO=4&transport="

func poll(sid, body string) (request, response string) {
	return "GET " + engine + "polling&sid=" + sid + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: " +
			itoa(len(body)) + "\r\n\r\n" + body
}

func TestPayloadOfAPoll(t *testing.T) {
	w := newWire(t)
	request, response := poll("s", "4"+`0{"sid":"x"}`+"\x1e2\x1e4"+`2["a","😀"]`+"\x1ebAQID")
	w.in(request).out(response)
	assertSaid(t, w, []xray.Layer{xray.EIO}, "message", "ping", "message",
		"binary message, 3 bytes")
	post := `42["b"]`
	w.in("POST " + engine + "polling&sid=s HTTP/1.1\r\nHost: x\r\nContent-Length: " +
		itoa(len(post)) + "\r\n\r\n" + post).out("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	assert.Contains(t, fmt.Sprint(w.said(xray.Event)), `the client emits "b"`)
}

func TestUpgradeLadder(t *testing.T) {
	w := upgraded(t, engine+"websocket&sid=s").in(frame("2probe")).
		out(rawFrame(0x81, "3probe", false)).in(frame("5"))
	assertSaid(t, w, []xray.Layer{xray.EIO}, "step 1 of 3", "step 2 of 3", "step 3 of 3")
}

func TestPacketsOfANamespace(t *testing.T) {
	w := upgraded(t, engine+"websocket")
	w.in(frame(`40/admin,{"token":"t"}`)).out(rawFrame(0x81, `44/admin,{"message":"no"}`, false))
	w.in(frame(`40/chat,`)).out(rawFrame(0x81, `40/chat,{"sid":"x"}`, false)).
		in(frame(`42/chat,["say","hi"]`)).out(rawFrame(0x81, `41/chat,`, false))
	assertSaid(t, w, []xray.Layer{xray.Event},
		"the client joins namespace /admin", "refuses", "the client joins namespace /chat",
		"welcomes the client to namespace /chat",
		`the client emits "say"`, "/chat")
	for _, row := range w.rows() {
		if row.Layer == xray.SIO && strings.Contains(row.Summary.EN, "say") {
			assert.Contains(t, field(t, row, "namespace").Value, "/chat")
			assert.Contains(t, strings.ToLower(field(t, row, "namespace").Spec), "socket.io")
		}
	}
}

// joined is a connection whose client has joined the main namespace. Only then does the x-ray read
// the session as Socket.IO.
func joined(t *testing.T) *wire {
	return upgraded(t, engine+"websocket").in(frame("40")).
		out(rawFrame(0x81, `40{"sid":"x"}`, false))
}

func TestAckJoinsItsRequest(t *testing.T) {
	w := joined(t)
	w.in(frame(`420["q",1]`), frame(`421["r"]`)).
		out(rawFrame(0x81, `431["b"]`, false), rawFrame(0x81, `430["a"]`, false),
			rawFrame(0x81, `437[]`, false))
	assertSaid(t, w, []xray.Layer{xray.Event}, "joins", "welcomes", "wants ack 0", "wants ack 1",
		`acks "r" (1)`, `acks "q" (0)`, "7")
}

func TestAttachmentsJoinTheirPlaceholders(t *testing.T) {
	w := joined(t)
	w.in(frame(`452-["pic",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`),
		rawFrame(0x82, "abc", true), rawFrame(0x82, "defg", true))
	said := w.said(xray.SIO, xray.Event)
	require.NotEmpty(t, said)
	assert.Contains(t, fmt.Sprint(said), `attachment 1 of 2, 3 bytes, for "pic"`)
	assert.Contains(t, fmt.Sprint(said), `attachment 2 of 2, 4 bytes, for "pic"`)
	assert.Contains(t, said[len(said)-1], `the client emits "pic"`)
}

func TestMalformedPacketsAreSaid(t *testing.T) {
	for _, packet := range []string{"4", "9", "42[", "42{}", "4x", `451-["x"]`, "b!"} {
		w := joined(t).in(frame(packet), frame(`42["after"]`))
		assert.Contains(t, fmt.Sprint(w.said(xray.EIO, xray.SIO, xray.Bytes, xray.Message,
			xray.WS)), " ! ", packet)
	}
}
