package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
)

func narratedRow(id, parent uint64, layer xray.Layer, kind xray.Kind, summary string) *xray.Row {
	return &xray.Row{ID: id, Parent: parent, Layer: layer, Kind: kind,
		Summary: xray.Text{EN: summary, ZH: summary}}
}

func TestNarratorTellsWhoComesAndTheLastMessage(t *testing.T) {
	var out strings.Builder
	n := &narrator{out: &out, lang: lang.English}
	n.say(0, nil)
	assert.Empty(t, out.String(), "nothing happened")
	n.say(3, []*xray.Row{
		narratedRow(1, 0, xray.WS, "", "text frame, 1 byte"),
		narratedRow(2, 1, xray.EIO, xray.Heartbeat, "ping"),
	})
	n.say(2, []*xray.Row{
		narratedRow(3, 0, xray.WS, "", "text frame, 20 bytes"),
		narratedRow(4, 3, xray.Event, "", "the client emits \"a\""),
		narratedRow(5, 0, xray.WS, "", "text frame, 20 bytes"),
		narratedRow(6, 5, xray.Event, "", "the client emits \"b\x1b[2J\""),
		narratedRow(7, 0, xray.HTTP, "", "POST /messages HTTP/1.1"),
	})
	n.say(2, []*xray.Row{narratedRow(8, 0, xray.HTTP, "", "POST /socket.io/?EIO=4 HTTP/1.1"),
		narratedRow(9, 0, xray.HTTP, "", "GET / HTTP/1.1")})
	n.say(2, []*xray.Row{narratedRow(10, 0, xray.HTTP, "", "POST /messages HTTP/1.1")})
	assert.Equal(t, `3 clients joined. Connected now: 3.
1 client left. Connected now: 2.
2 messages. The last one: the client emits "b\x1b[2J"
A message: POST /messages HTTP/1.1
`, out.String())

	out.Reset()
	n.lang, n.name = lang.Chinese, "broadcast"
	n.say(3, nil)
	assert.Equal(t, "broadcast：有 1 个客户端加入。现在共连接 3 个。\n", out.String())
}

// TestAccessibleRunSaysWhatHappens speaks with a demo and reads the sentences.
func TestAccessibleRunSaysWhatHappens(t *testing.T) {
	addr := free(t)
	_, first, lines := start(t, "run", "broadcast", "--accessible", "--lang", "en", "--addr", addr)
	assert.Equal(t, "broadcast is running at http://"+addr, first[0])
	connected(t, addr)
	hears := func(want string) {
		for {
			line, err := lines.ReadString('\n')
			if !assert.NoError(t, err, "never said %q", want) || strings.Contains(line, want) {
				return
			}
		}
	}
	hears("1 client joined. Connected now: 1.")
	speakTo(t, addr, "hello")
	hears("hello")
}
