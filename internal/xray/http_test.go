package xray_test

import (
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/assert"

	"realtimelab/internal/xray"
)

func TestKeepAliveAndPipelining(t *testing.T) {
	w := newWire(t)
	w.in("GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: "+
		"x\r\nContent-Length: 2\r\n\r\nhi", "GET /c HTTP/1.1\r\nHo", "st: x\r\n\r\n")
	w.out("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\n\r\n")
	assertSaid(t, w, []xray.Layer{xray.HTTP, xray.Body},
		"→ GET /a", "→ POST /b", "→ body of 2 bytes · hi", "→ GET /c",
		"← 204 No Content · answers GET /a", "← 201 Created · answers POST /b",
		"← 304 Not Modified · answers GET /c")
}

func TestHeadFields(t *testing.T) {
	w := newWire(t).in("GET /x?y=1 HTTP/1.1\r\nHost: lab\r\nX-Odd: é\r\n\r\n")
	head := w.only(xray.HTTP)
	assert.Equal(t, "GET", field(t, head, "method").Value)
	assert.Contains(t, field(t, head, "Host").Spec, "RFC 9110")
}

func TestChunksAcrossWrites(t *testing.T) {
	w := newWire(t).in("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	w.out("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
		"lo\r\n3;x=y\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")
	assertSaid(t, w, []xray.Layer{xray.Chunk}, "chunk of 5 bytes · hello", "chunk of 3 bytes · abc",
		"the last chunk")
}

func TestCompressedBodies(t *testing.T) {
	body := gzipped(`0{"sid":"abc","upgrades":[],"pingInterval":1,"pingTimeout":1,"maxPayload":1}`)
	w := newWire(t).
		in("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: " +
			"x\r\nAccept-Encoding: gzip\r\n\r\n")
	w.out("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" +
		"Content-Encoding: gzip\r\nContent-Length: " + itoa(len(body)) + "\r\n\r\n" + body)
	assertSaid(t, w, []xray.Layer{xray.EIO}, `open: the handshake {"sid":"abc"`)

	var packed strings.Builder
	br := brotli.NewWriter(&packed)
	io.WriteString(br, "a body in brotli")
	br.Close()
	for coding, want := range map[string]string{"br": "a body in brotli",
		"zstd": "is not supported"} {
		w = newWire(t).in("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		w.out("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: " + coding +
			"\r\nContent-Length: " + itoa(packed.Len()) + "\r\n\r\n" + packed.String())
		assert.Contains(t, strings.Join(w.said(xray.Body, xray.Message, xray.Bytes), "\n"), want)
	}
}

func TestEventStream(t *testing.T) {
	w := newWire(t).in("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
	event := "id: 7\nevent: chat\nretry: 100\ndata: a\ndata: b\n\n"
	comment := ": still here\n\n"
	w.out("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n")
	w.out(hexa(len(event)) + "\r\n" + event + "\r\n")
	w.out(hexa(len(comment))+"\r\n"+comment[:5], comment[5:]+"\r\n")
	assertSaid(t, w, []xray.Layer{xray.SSE}, "7", "still here")
	for _, row := range w.rows() {
		if row.Layer == xray.SSE && strings.Contains(string(row.Data), "retry") {
			assert.Equal(t, "7", field(t, row, "id").Value)
			assert.Contains(t, field(t, row, "retry").Spec, "HTML")
		}
	}
}

func TestLinesOfAnEndlessResponse(t *testing.T) {
	w := newWire(t).in("GET /stream?after=0 HTTP/1.1\r\nHost: x\r\n\r\n")
	w.out("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n")
	w.out("9\r\n{\"id\":1}\n\r\n", "a\r\n{\"id\":22}\n\r\n")
	assertSaid(t, w, []xray.Layer{xray.Line}, `{"id":1}`, `{"id":22}`)
}

func TestWhatIsNotHTTPIsShownAsBytes(t *testing.T) {
	for _, text := range []string{
		"\x16\x04\x01\x02\x00\x01\x00\x01", "hello\r\n\r\n", "GET / HTTP/9\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		w := newWire(t).in(text).in("more of it")
		assert.NotEmpty(t, w.said(xray.Bytes), "%q", text)
	}
}
