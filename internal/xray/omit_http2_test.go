package xray_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// omittedTalk is a conversation over HTTP/2. It returns the bytes of each direction in phases, each
// of which depends on those before, and the bytes that are recorded.
func omittedTalk() (phases [][2]string, recorded [2]string) {
	sides := [2]*h2writer{newH2Writer(), newH2Writer()}
	phases = make([][2]string, 1)
	say := func(dir tap.Direction, kept bool, write func(*h2writer)) {
		f := sides[dir]
		f.buf.Reset()
		write(f)
		phases[len(phases)-1][dir] += f.buf.String()
		if kept {
			recorded[dir] += f.buf.String()
		}
	}
	next := func() { phases = append(phases, [2]string{}) }
	say(tap.In, true, func(f *h2writer) {
		f.buf.WriteString(http2.ClientPreface)
		f.WriteSettings()
		get(1, "/")(f)
		get(3, "/lab/page/a.js")(f)
		f.head(5, false, ":method", "POST", ":path", "/lab/key")
	})
	next()
	say(tap.In, false, func(f *h2writer) {
		f.WriteDataPadded(5, true, []byte("the key"), []byte("\x00\x00"))
		f.WriteWindowUpdate(3, 10)
		f.WritePriority(3, http2.PriorityParam{Weight: 3})
	})
	say(tap.Out, true, func(f *h2writer) {
		f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 20})
		f.head(3, false, ":status", "200", "content-type", "text/javascript")
	})
	say(tap.Out, false, func(f *h2writer) {
		f.WriteData(3, false, bytes.Repeat([]byte("lab"), 60_000))
	})
	say(tap.Out, true, func(f *h2writer) {
		f.head(1, false, ":status", "200", "content-type", "text/html")
		f.WriteData(1, false, []byte("<!doc"))
		f.head(5, true, ":status", "204")
	})
	say(tap.Out, false, func(f *h2writer) { f.WriteData(3, true, nil) })
	say(tap.Out, true, func(f *h2writer) { f.WriteData(1, true, []byte("type html>")) })
	say(tap.In, true, func(f *h2writer) {
		f.WriteWindowUpdate(0, 9)
		block := f.fields(":method", "GET", ":path", "/lab/split", "a", "b")
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 7, BlockFragment: block[:2],
			EndStream: true, PadLength: 3, Priority: http2.PriorityParam{Weight: 1}})
		f.WriteContinuation(7, true, block[2:])
	})
	say(tap.In, false, func(f *h2writer) { f.WriteRSTStream(7, http2.ErrCodeCancel) })
	next()
	say(tap.In, true, func(f *h2writer) { get(9, "/messages?after=0")(f) })
	next()
	say(tap.Out, true, func(f *h2writer) { f.head(9, true, ":status", "304") })
	return phases, recorded
}

func TestOmitOverHTTP2IsExact(t *testing.T) {
	phases, want := omittedTalk()
	for _, step := range []int{1, 2, 3, 7, 8, 9, 10, 11, 64, 1000, 1 << 20} {
		config := xray.Config{Lab: "/lab/", Omitted: "/lab/"}
		w := &wire{TB: t,
			xray: xray.New(tap.New(tap.Config{MaxEvents: 1 << 16, Omit: xray.Omit("/lab/")}),
				config)}
		t.Cleanup(w.xray.Close)
		w.connect()
		for _, phase := range phases {
			in, out := phase[tap.In], phase[tap.Out]
			for in != "" || out != "" { // in turns, so that each interrupts the frames of the other
				if n := min(step, len(in)); n > 0 {
					w.in(in[:n])
					in = in[n:]
				}
				large := len(out) / 500
				if n := min(max(step, large), len(out)); n > 0 {
					w.out(out[:n])
					out = out[n:]
				}
			}
		}
		got := w.recorded()
		for dir := range 2 {
			require.Equal(t, len(want[dir]), len(got[dir]), "in steps of %d", step)
			require.True(t, want[dir] == got[dir], "in steps of %d", step)
		}
		assertSaid(t, w, []xray.Layer{xray.HTTP, xray.Body, xray.Bytes}, "→ GET /", "← 200",
			"← body of 5 bytes", "← body of 10 bytes",
			"→ GET /messages", "← 304")
		for _, row := range w.rows() {
			require.False(t, row.Lab)
			require.Nil(t, row.Problem)
		}
		w.server.Close()
		rows := w.rows()
		assert.Equal(t, xray.Close, rows[len(rows)-1].Kind,
			"nothing of what is shown was unfinished")
	}
}

// TestOmitOverHTTP2IsBounded: a client that opens more omitted streams than are remembered, or
// whose headers cannot be decoded, does no harm.
func TestOmitOverHTTP2IsBounded(t *testing.T) {
	w := newH2Wire(omitting(t))
	w.send(tap.In, 1<<20, func(f *h2writer) {
		for i := range uint32(3000) {
			get(2*i+1, fmt.Sprint("/lab/", i))(f)
		}
		f.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 7001,
			[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
		f.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersPadded|http2.FlagHeadersPriority, 7003,
			[]byte("\xff"))
		f.WriteRawFrame(http2.FrameHeaders, 0, 7005, make([]byte, 100_000))
		get(7007, "/lab/after")(f)
		f.WriteData(7007, true, []byte("recorded"))
	})
	assert.Contains(t, w.recorded()[tap.In], "recorded")
}
