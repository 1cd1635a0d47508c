package xray_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/xray"
)

func itoa(n int) string { return strconv.Itoa(n) }
func hexa(n int) string { return strconv.FormatInt(int64(n), 16) }

func TestHandshakeIsWorkedOut(t *testing.T) {
	w := upgraded(t, "/ws")
	for _, row := range w.rows() {
		if row.Layer == xray.HTTP && strings.Contains(row.Summary.EN, "101") {
			require.NotEmpty(t, row.Steps)
			assert.Contains(t, fmt.Sprint(row.Steps), "b37a4f2cc0624f1690f64606cf385945b2bec4ea")
			assert.Contains(t, fmt.Sprint(row.Steps), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
		}
	}
	wrong := newWire(t).in(upgrade + "\r\n").
		out(strings.Replace(switching, "s3pP", "XXXX", 1) + "\r\n")
	assert.Contains(t, fmt.Sprint(wrong.said(xray.HTTP)), " ! ")
}

func TestFrameLengths(t *testing.T) {
	for _, n := range []int{0, 125, 126, 65535, 65536} {
		w := upgraded(t, "/ws").in(frame(strings.Repeat("x", n)))
		row := w.only(xray.WS)
		assert.Contains(t, row.Summary.EN, itoa(n)+" bytes", n)
		assert.Equal(t, "01 02 03 04", field(t, row, "masking key").Value)
		assert.Equal(t, n, row.Size-6-map[bool]int{true: 2}[n >= 126 &&
			n < 65536]-map[bool]int{true: 8}[n >= 65536])
		assert.Contains(t, field(t, row, "opcode").Spec, "RFC 6455")
	}
}

func TestFragmentsWithAPingBetween(t *testing.T) {
	w := upgraded(t, "/ws")
	w.in(rawFrame(0x01, "hel", true), rawFrame(0x89, "p", true), rawFrame(0x00, "lo ", true),
		rawFrame(0x80, "world", true))
	w.out(rawFrame(0x8a, "p", false))
	assertSaid(t, w, []xray.Layer{xray.WS, xray.Message}, "text", "ping", "continuation",
		"continuation", "hello world", "pong")
}

func TestCloseFrames(t *testing.T) {
	w := upgraded(t, "/ws").in(rawFrame(0x88, "\x03\xe9gone", true)).out(rawFrame(0x88, "", false))
	assertSaid(t, w, []xray.Layer{xray.WS}, "close: 1001 going away gone", "close")
}

func TestFramesThatBreakTheProtocol(t *testing.T) {
	for name, bytes := range map[string]string{
		"reserved opcode": "\x83\x80\x01\x02\x03\x04",
		"RSV2":            "\xa1\x80\x01\x02\x03\x04",
		"long ping":       rawFrame(0x89, strings.Repeat("x", 126), true),
		"long length":     "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		w := upgraded(t, "/ws").in(bytes).in("more")
		assert.Contains(t, fmt.Sprint(w.said(xray.WS, xray.Bytes)), " ! ", name)
	}
}

func TestPermessageDeflate(t *testing.T) {
	for _, keep := range []bool{true, false} {
		t.Run(fmt.Sprint("context takeover ", keep), func(t *testing.T) {
			extension := "Sec-WebSocket-Extensions: permessage-deflate"
			if !keep {
				extension += "; server_no_context_takeover; client_no_context_takeover"
			}
			w := newWire(t).
				in(upgrade +
					"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n").
				out(switching + extension + "\r\n\r\n")
			up, down := deflater{keep: keep}, deflater{keep: keep}
			const many = 200
			for i := range many {
				text := fmt.Sprintf("message %d of a chat that repeats itself, message %d", i, i)
				w.in(rawFrame(0xc1, up.message(text), true)).
					out(rawFrame(0xc1, down.message(text), false))
			}
			got := w.said(xray.Message)
			require.Len(t, got, 2*many)
			for i := range many {
				for _, line := range got[2*i : 2*i+2] {
					assert.Contains(t, line, fmt.Sprintf("message %d of a chat", i))
				}
			}
		})
	}
}

func TestDeflateBombIsBounded(t *testing.T) {
	w := newWire(t).in(upgrade + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").
		out(switching + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	up := deflater{keep: true}
	w.in(rawFrame(0xc1, up.message(strings.Repeat("x", 40<<20)), true))
	held := 0
	for _, row := range w.rows() {
		held += len(row.Data)
		for _, v := range row.Views {
			held += len(v.Data)
		}
	}
	assert.Less(t, held, 32<<20)
	assert.Contains(t, fmt.Sprint(w.said(xray.WS, xray.Message, xray.Bytes)), " ! ")
}
