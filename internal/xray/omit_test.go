package xray_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// omitting is a wire that omits paths under /lab/.
func omitting(t testing.TB) *wire {
	w := &wire{TB: t, xray: xray.New(tap.New(tap.Config{Omit: xray.Omit("/lab/")}), xray.Config{})}
	t.Cleanup(w.xray.Close)
	w.connect()
	return w
}

// recorded returns the bytes that the tap holds for each direction, and checks their offsets.
func (w *wire) recorded() (streams [2]string) {
	w.Helper()
	events := w.xray.Tap().NewReader()
	defer events.Close()
	batch := make([]tap.Event, 10)
	for n := events.Read(batch); n > 0; n = events.Read(batch) {
		for _, e := range batch[:n] {
			if e.Kind == tap.Data {
				require.EqualValues(w, len(streams[e.Dir]), e.Offset, "offsets close up")
				streams[e.Dir] += string(e.Bytes)
			}
		}
	}
	return streams
}

// talk lists exchanges in order: a request, its response, and whether they must be omitted.
var talk = []struct {
	request, response string
	omit              bool
}{
	{"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
	{"GET /lab/page/a.js HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\nHTTP/1.1 200 " +
			"OK\r\nContent-Length: 3\r\n\r\nab\n", true},
	{"POST /lab/key HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\nGET " +
		"/ HTTP/1.1\r\nHost: x\r\n\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", true},
	{"POST /messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10;x=y\r\nGET " +
		"/lab/ HTTP/1\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n", false},
	{"HEAD /lab/xray.jsonl HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", true},
	{"GET /lab/xray.jsonl HTTP/1.1\nHost: x\n\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0\r\n\r\r\n" +
			"3\r\na\nb\r\n0\r\nTrailer: x\r\n\r\n", true},
	{"GET /lab HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 301 Moved Permanently\r\nLocation: /lab/\r\nContent-Length: 0\r\n\r\n", false},
	{"GET /laboratory?a=/lab/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", false},
	{"DELETE /lab/x HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 1\r\n\r\nx", true},
	{"PROPFINDANDMORETHAN16BYTES /lab/x HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 1\r\n\r\nx", false},
}

// One connection carries omitted and recorded exchanges in turn. The omitted ones leave no gap, in
// whatever pieces the bytes are read and written.
func TestOmitIsExact(t *testing.T) {
	var in, out string
	var want [2]string
	for _, x := range talk {
		in, out = in+x.request, out+x.response
		if !x.omit {
			want[tap.In], want[tap.Out] = want[tap.In]+x.request, want[tap.Out]+x.response
		}
	}
	for step := 1; step <= len(in); step += 1 + step/4 {
		w := omitting(t)
		for at := 0; at < len(in); at += step { // pipelined
			w.in(in[at:min(at+step, len(in))])
		}
		for at := 0; at < len(out); at += step {
			w.out(out[at:min(at+step, len(out))])
		}
		require.Equal(t, want, w.recorded(), "in steps of %d", step)
		n := w.xray.Tap().Counters()
		require.Equal(t, [2]int64{int64(len(want[0])), int64(len(want[1]))}, [2]int64{n.In, n.Out})
		w.server.Close()
		for _, row := range w.rows() {
			require.Nil(t, row.Problem, "%s", row.Summary.EN)
			require.NotEqual(t, xray.Bytes, row.Layer)
		}
	}
	w := omitting(t)
	for _, x := range talk {
		w.in(x.request).out(x.response)
	}
	assert.Equal(t, want, w.recorded(), "one after the other")
}

func TestOmitFollowsASwitchOfProtocols(t *testing.T) {
	for path, recorded := range map[string]bool{"/ws": true, "/lab/xray": false} {
		w := omitting(t)
		w.in(strings.Replace(upgrade, "/ws", path, 1) + "\r\n").
			out(switching + "\r\n" + rawFrame(0x81, "GET / HTTP/1.1\r\n\r\n", false))
		w.in(frame("GET /lab/ HTTP/1.1\r\n\r\n")).out(rawFrame(0x81, "more", false))
		w.server.Close()
		streams := w.recorded()
		assert.Equal(t, recorded, strings.Contains(streams[tap.Out], "more"), path)
		if !recorded {
			assert.Empty(t, w.rows(), "a connection that carries nothing else leaves no trace")
			assert.Zero(t, w.xray.Counters().Counters)
		}
	}
}

func TestOmitRecordsWhatIsNoHTTP(t *testing.T) {
	for _, text := range []string{"\x16\x03\x01\x02\x00\x01\x00\x01\n", "hello\r\n\r\n", "GET /lab",
		"\r\n\r\n", "POST /a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
		"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"} {
		w := omitting(t).in(text).out("HTTP/1.1 400 Bad Request\r\n\r\nbad")
		w.server.Close()
		assert.Equal(t, [2]string{text, "HTTP/1.1 400 Bad Request\r\n\r\nbad"}, w.recorded(),
			"%q", text)
	}
	w := omitting(t)
	w.server.Close() // it said nothing at all
	assertSaid(t, w, []xray.Layer{xray.TCP}, "opened", "closed after 0 bytes in")
}
