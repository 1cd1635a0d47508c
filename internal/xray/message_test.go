package xray_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// messages returns the layer and kind of each message, and its direction.
func (w *wire) messages() (all []string) {
	w.Helper()
	for _, r := range w.rows() {
		if r.Message {
			arrow := map[tap.Direction]string{tap.In: "→", tap.Out: "←"}[r.Dir]
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", arrow, r.Layer, r.Kind)))
		}
	}
	return all
}

func request(head, body string) string {
	return fmt.Sprintf("%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", head,
		len(body), body)
}

func answer(kind, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind,
		len(body), body)
}

// An exchange is a request and its answer, whatever their bodies are cut into.
func TestMessagesOfHTTP(t *testing.T) {
	w := newWire(t).in(request("POST /messages", `{"text":"hi"}`)).
		out(answer("application/json", `{"id":1}`))
	assert.Equal(t, []string{"→ http", "← http"}, w.messages())
}

// The packets of a poll are messages. They replace the answer that carries them, and the request
// that posts them.
func TestMessagesOfPolling(t *testing.T) {
	at := "/socket.io/?EIO=4&transport=polling"
	w := newWire(t).in(request("GET "+at, "")).out(answer("text/plain", `0{"sid":"a"}`))
	w.in(request("POST "+at+"&sid=a", "40")).out(answer("text/html", "ok"))
	w.in(request("GET "+at+"&sid=a", "")).
		out(answer("text/plain", "40{\"sid\":\"b\"}\x1e2\x1e42[\"hi\"]"))
	w.in(request("POST "+at+"&sid=a", "3")).out(answer("text/html", "ok"))
	assert.Equal(t, []string{
		"→ http", "← eio", "→ event", "← http", "→ http", "← event", "← eio heartbeat", "← event",
		"→ eio heartbeat", "← http",
	}, w.messages())
}

func TestMessagesOfAWebSocket(t *testing.T) {
	w := upgraded(t, "/ws").in(frame("hi"), rawFrame(0x01, "in ", true),
		rawFrame(0x80, "two", true), rawFrame(0x89, "", true), rawFrame(0x88, "\x03\xe8", true))
	assert.Equal(t, []string{"→ http upgrade", "← http upgrade", "→ ws", "→ message",
		"→ ws heartbeat", "→ ws close"}, w.messages())
}

// A packet and its attachments are one message, in all layers together.
func TestMessagesOfSocketIO(t *testing.T) {
	w := upgraded(t, "/socket.io/?EIO=4&transport=websocket&client=page-7").
		in(frame("40"), frame(`451-["file",{"_placeholder":true,"num":0}]`),
			rawFrame(0x82, "bytes", true))
	assert.Equal(t, []string{"→ http upgrade", "← http upgrade", "→ event", "→ event"},
		w.messages())
	var head uint64
	for _, r := range w.rows() {
		switch {
		case r.Layer == xray.HTTP && r.Dir == tap.In:
			head = r.ID
		case r.Layer == xray.Event && len(r.Parts) > 0:
			assert.Equal(t, xray.SIO, w.xray.Row(r.Parts[0]).Layer)
			assert.Equal(t, "bytes", string(w.xray.Row(r.Parts[0]).Data))
		}
		if r.Layer != xray.TCP {
			assert.Equal(t, "page-7", r.Client, r.Summary.EN)
		}
		if r.Layer == xray.WS {
			assert.Equal(t, head, r.Request)
		}
	}
}

func TestMessagesOfStreams(t *testing.T) {
	w := newWire(t).in(request("GET /events", ""))
	w.out("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n")
	w.out("2\r\n:\n\r\n", "b\r\n\ndata: hi\n\n\r\n")
	assert.Equal(t, []string{"→ http", "← http", "← sse heartbeat", "← sse"}, w.messages())
	w.client.Close()
	w.server.Read(make([]byte, 1))
	w.server.Close()
	assert.Equal(t, "→ tcp cut", w.messages()[4])
	assert.Len(t, w.messages(), 5, "one row says that the connection was cut")
}
