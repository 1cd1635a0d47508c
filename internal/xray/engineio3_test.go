package xray_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/xray"
)

const engine3 = "/socket.io/?EIO=3&transport="

// poll3 is a wire with one poll of revision 3, which the server answers with body.
func poll3(t *testing.T, body string) *wire {
	w := newWire(t)
	w.in("GET " + engine3 + "polling HTTP/1.1\r\nHost: x\r\n\r\n")
	return w.out("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: " +
		itoa(len(body)) + "\r\n\r\n" + body)
}

// bodyOf lists the fields of the only body: the name and the value of each.
func bodyOf(t *testing.T, w *wire) (fields []string) {
	for _, f := range w.only(xray.Body).Fields() {
		fields = append(fields, f.Name+" "+f.Value)
	}
	return fields
}

// The official client 2 and our server sent these bytes.
func TestTextPayloadOfRevision3(t *testing.T) {
	w := poll3(t, `2:40`+`11:430["€ 🙂"]`+`36:461-1[{"_placeholder":true,"num":0}]`+
		`10:b4AAEC/w==`+`1:3`)
	assertSaid(t, w, []xray.Layer{xray.EIO}, "message · 0", "message · 30", "message · 61-1",
		"binary message, 4 bytes", "pong")
	assert.Equal(t, []string{
		"length 2", "separator :", "packet 1 40",
		"length 11", "separator :", `packet 2 430["€ 🙂"]`,
		"length 36", "separator :", `packet 3 461-1[{"_placeholder":true,"num":0}]`,
		"length 10", "separator :", "packet 4 b4AAEC/w==",
		"length 1", "separator :", "packet 5 3",
	}, bodyOf(t, w))
	assertSaid(t, w, []xray.Layer{xray.Event}, "welcomes the client to namespace /",
		`ack 0 with "€ 🙂"`, "and 4 bytes of binary")
	for _, row := range w.rows() {
		if row.Summary.EN == "binary message, 4 bytes" {
			assert.Equal(t, "AAEC/w==", field(t, row, "base64").Value)
			assert.Equal(t, "message", field(t, row, "type").Value)
		}
	}
}

// The official parser made these bytes.
func TestBinaryPayloadOfRevision3(t *testing.T) {
	body := "\x00\x04\x07\xff" + `4451-["€ 🙂",{"_placeholder":true,"num":0}]` +
		"\x01\x05\xff\x04\x00\x01\x02\xff"
	w := poll3(t, "\x00\x02\xff40"+body)
	assertSaid(t, w, []xray.Layer{xray.EIO}, "message · 0", "message · 451-",
		"binary message, 4 bytes")
	assert.Equal(t, []string{
		"kind text", "length 2", "packet 1 40",
		"kind text", "length 47", `packet 2 4451-["€ 🙂",{"_placeholder":true,"num":0}]`,
		"kind binary", "length 5", `packet 3 ·····`,
	}, bodyOf(t, w))
}

func TestWebSocketOfRevision3(t *testing.T) {
	w := upgraded(t, engine3+"websocket").out("\x81\x0240")
	w.in(frame("2probe")).out(rawFrame(0x81, "3probe", false)).in(frame("5"), frame("2")).
		out("\x81\x013")
	w.in(frame(`451-1["echo",{"_placeholder":true,"num":0}]`), "\x82\x85%Kij!Khh\xda").
		out("\x82\x05\x04\x00\x01\x02\xff")
	assertSaid(t, w, []xray.Layer{xray.EIO}, "message · 0", "step 1 of 3", "step 2 of 3",
		"step 3 of 3", "ping: is the server still there?", "pong", "message · 51-1",
		"binary message, 4 bytes", "binary message, 4 bytes")
	assert.Contains(t, fmt.Sprint(w.said(xray.Event)),
		`the client emits "echo" with {"_placeholder":true,"num":0} and 4 bytes of binary, and wants ack 1`)
	for _, row := range w.rows() {
		if row.Summary.EN == "binary message, 4 bytes" {
			assert.Equal(t, 1, field(t, row, "type").End)
			assert.Equal(t, 5, field(t, row, "data").End)
		}
	}
}

// TestBrokenPayloadsOfRevision3: in any broken payload every byte belongs to a field, and a row
// says what is wrong.
func TestBrokenPayloadsOfRevision3(t *testing.T) {
	for _, body := range []string{
		"4hello", "3:4", "x:4", ":4", "2:4🙂", "99999999999:4", "1:9", "1:b", "3:b3A", "6:4hello4:",
		"\x00", "\x00\xff4", "\x00\x02\xff4", "\x01\x02\xff\x00x", "\x00\x0a\xff4",
		"\x01\x01\xff\x04\x02", "\x01\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff4",
	} {
		w := poll3(t, body)
		assert.Contains(t, fmt.Sprint(w.said(xray.EIO, xray.Bytes)), " ! ", "%q", body)
	}
	whole := "2:40" + `10:b4AAEC/w==` + "\x00\x02\xff40\x01\x05\xff\x04\x00\x01\x02\xff"
	for n := 1; n < len(whole); n++ {
		require.NotEmpty(t, poll3(t, whole[:n]).rows()) // which checks each
	}
	other := newWire(t).in("GET " + strings.Replace(engine3, "3", "2", 1) +
		"polling HTTP/1.1\r\nHost: x\r\n\r\n").
		out("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n2:40")
	assert.Contains(t, fmt.Sprint(other.said(xray.Bytes)),
		"version 2 of Engine.IO is not supported, only 3 and 4")
}
