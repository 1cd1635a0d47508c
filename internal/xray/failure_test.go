package xray_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// of returns the summaries of the rows of a kind.
func (w *wire) of(kind xray.Kind) (all []string) {
	for _, r := range w.rows() {
		if r.Kind == kind {
			all = append(all, r.Summary.EN)
		}
	}
	return all
}

func TestRefusalsAreFailures(t *testing.T) {
	w := newWire(t).in("GET /none HTTP/1.1\r\nHost: x\r\n\r\n").
		out("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
	w.in("GET / HTTP/1.1\r\nHost: x\r\n\r\n").out("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")
	w.connect()
	w.in(upgradeTo(engine + "websocket")).out(switching + "\r\n")
	w.in(frame("40/vip,")).out(rawFrame(0x81, `44/vip,{"message":"no"}`, false))
	w.connect()
	w.in("*1\r\n$5\r\nHELLO\r\n").out("-ERR unknown\r\n")
	failures := w.of(xray.Failure)
	require.Len(t, failures, 3, "%q", failures)
	assert.Contains(t, failures[0], "404 Not Found")
	assert.Contains(t, failures[1], `the server refuses namespace /vip: {"message":"no"}`)
	assert.Contains(t, failures[2], "error · ")
}

func TestEventsWithoutTheirAckOverPolling(t *testing.T) {
	w := newWire(t)
	for _, body := range []string{"40", `420["a"]`, "1"} {
		w.in("POST " + engine + "polling&sid=s HTTP/1.1\r\nHost: x\r\nContent-Length: " +
			itoa(len(body)) + "\r\n\r\n" + body).
			out("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
	failures := w.of(xray.Failure)
	require.Len(t, failures, 1, "%q", failures)
	assert.Regexp(t, `^the session ends without an ack for events of the client: "a" \(row \d+\)$`,
		failures[0])
}

func TestEventsWithoutTheirAck(t *testing.T) {
	w := joined(t).in(frame(`420["got"]`), frame(`421["b"]`), frame(`422["c"]`)).
		out(rawFrame(0x81, `430[]`, false))
	assert.Empty(t, w.of(xray.Failure), "the ack may still come")
	require.NoError(t, w.server.Close())
	failures := w.of(xray.Failure)
	require.Len(t, failures, 1, "%q", failures)
	assert.Regexp(t,
		`^the session ends without an ack for events of the client: "b" \(row \d+\), "c" \(row \d+\)$`, failures[0])
}

// The event was sent by polling, and its ack is expected on the WebSocket.
func TestAnEventBeforeTheUpgradeWithoutItsAck(t *testing.T) {
	w := newWire(t)
	post := `420["q"]`
	w.in("POST " + engine + "polling&sid=s HTTP/1.1\r\nHost: x\r\nContent-Length: " +
		itoa(len(post)) + "\r\n\r\n" + post)
	w.out("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	w.connect()
	w.in(upgradeTo(engine + "websocket&sid=s")).out(switching + "\r\n").in(frame("2probe")).
		out(rawFrame(0x81, "3probe", false))
	w.in(frame("5"))
	require.NoError(t, w.server.Close())
	require.Len(t, w.of(xray.Failure), 1)
}

// A session goes on when a WebSocket that probed for it ends.
func TestTheEndOfAProbeLeavesTheSession(t *testing.T) {
	w := newWire(t)
	post := `420["q"]`
	w.in("POST " + engine + "polling&sid=s HTTP/1.1\r\nHost: x\r\nContent-Length: " +
		itoa(len(post)) + "\r\n\r\n" + post)
	w.out("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	w.connect()
	w.in(upgradeTo(engine + "websocket&sid=s")).out(switching + "\r\n").in(frame("2probe")).
		out(rawFrame(0x81, "3probe", false))
	require.NoError(t, w.server.Close())
	assert.Empty(t, w.of(xray.Failure))
}

func TestTheEndOfAConnectionIsAClose(t *testing.T) {
	w := newWire(t).in("GET / HTTP/1.1\r\nHost: x\r\n\r\n").
		out("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	require.NoError(t, w.server.Close())
	closes := w.of(xray.Close)
	require.Len(t, closes, 1)
	assert.Contains(t, closes[0], "connection 1 closed")
}

// Each packet of a polling body has its own place in the stream.
func TestPacketsHaveTheirOwnSize(t *testing.T) {
	body := `42["a"]` + "\x1e" + `42["longer"]`
	w := newWire(t)
	request, response := poll("s", body)
	w.in(request).out(response)
	start := int64(len(response) - len(body))
	sizes, offsets := map[xray.Layer][]int{}, map[xray.Layer][]int64{}
	for _, r := range w.rows() {
		if r.Dir == tap.Out {
			sizes[r.Layer], offsets[r.Layer] = append(sizes[r.Layer], r.Size),
				append(offsets[r.Layer], r.Offset)
		}
	}
	for _, layer := range []xray.Layer{xray.EIO, xray.SIO, xray.Event} {
		assert.Equal(t, []int{7, 12}, sizes[layer], layer)
		assert.Equal(t, []int64{start, start + 8}, offsets[layer], layer)
	}
}
