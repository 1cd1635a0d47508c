package xray

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"realtimelab/internal/tap"
)

func TestHeadsAreCounted(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
	const upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
	for name, c := range map[string]struct {
		in, out         string // all of the requests come before the responses
		requests        int
		inHead, outHead int // bytes
	}{
		"lengths": {post + "a\nb\n" + post + "\r\n\r\n" + post[:7], ok + "\r\n" + ok[:20], 2,
			2 * len(post), len(ok)},
		"chunks": {post + "1234" + post, chunked + "3\r\na\nb\r\n0\r\n\r\n" + chunked +
			"1\r\nx\r\n", 2, 2 * len(post), 2 * len(chunked)},
		"switching": {upgrade, switching + "\x81\x02\n\nHTTP/1.1 200 OK\r\n\r\n", 1, len(upgrade),
			len(switching)},
		"not HTTP": {"\x16\x03\x01GET / HTTP/1.1\r\n\r\n", "", 0, 0, 0},
	} {
		for step := 1; step <= max(len(c.in), len(c.out)); step++ {
			h := NewHeadCounter()
			feedBy(h, tap.In, c.in, step)
			feedBy(h, tap.Out, c.out, step)
			assert.EqualValues(t, c.requests, h.Requests(), "%s by %d", name, step)
			assert.EqualValues(t, [2]int64{tap.In: int64(c.inHead), tap.Out: int64(c.outHead)},
				h.Bytes, "%s by %d", name, step)
		}
	}
	h := NewHeadCounter()
	feedBy(h, tap.In, upgrade, 100)
	feedBy(h, tap.Out, switching, 100)
	feedBy(h, tap.In, post, 100)
	assert.EqualValues(t, 1, h.Requests(), "after a switch there is no HTTP")
}

func feedBy(h *HeadCounter, dir tap.Direction, stream string, step int) {
	for at := 0; at < len(stream); at += step {
		h.Feed(dir, []byte(stream[at:min(at+step, len(stream))]))
	}
}

func TestHeadsOfHTTP2AreCounted(t *testing.T) {
	var in, out, block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range []hpack.HeaderField{{Name: ":method", Value: "GET"},
		{Name: ":path", Value: "/"}, {Name: ":scheme", Value: "https"},
		{Name: "accept", Value: "*/*"}} {
		require.NoError(t, encoder.WriteField(f))
	}
	in.WriteString(http2.ClientPreface)
	client := http2.NewFramer(&in, nil)
	require.NoError(t, client.WriteSettings())
	fragment := block.Bytes()
	require.NoError(t, client.WriteHeaders(http2.HeadersFrameParam{StreamID: 1,
		BlockFragment: fragment[:3], EndStream: true}))
	require.NoError(t, client.WriteContinuation(1, true, fragment[3:]))
	block = bytes.Buffer{}
	require.NoError(t, hpack.NewEncoder(&block).
		WriteField(hpack.HeaderField{Name: ":status", Value: "200"}))
	server := http2.NewFramer(&out, nil)
	require.NoError(t, server.WriteHeaders(http2.HeadersFrameParam{StreamID: 1,
		BlockFragment: block.Bytes(), EndHeaders: true}))
	require.NoError(t, server.WriteData(1, true, []byte("hello")))
	for step := 1; step < in.Len(); step++ {
		h := NewHeadCounter()
		feedBy(h, tap.In, in.String(), step)
		feedBy(h, tap.Out, out.String(), step)
		assert.EqualValues(t, 1, h.Requests())
		assert.EqualValues(t, [2]int64{tap.In: int64(2*frameHead + len(fragment)),
			tap.Out: int64(frameHead + block.Len())}, h.Bytes)
	}
}
