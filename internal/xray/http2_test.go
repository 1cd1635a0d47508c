package xray_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// h2wire is a wire that carries HTTP/2, whose frames the test writes.
type h2wire struct {
	*wire
	sides [2]*h2writer
}

// h2writer makes the frames of one direction.
type h2writer struct {
	buf   bytes.Buffer
	block bytes.Buffer
	*http2.Framer
	hpack *hpack.Encoder
}

func newH2Writer() *h2writer {
	w := &h2writer{}
	w.Framer = http2.NewFramer(&w.buf, nil)
	w.AllowIllegalWrites = true
	w.hpack = hpack.NewEncoder(&w.block)
	return w
}

// fields returns a header block of names and values.
func (w *h2writer) fields(pairs ...string) []byte {
	w.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		w.hpack.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return bytes.Clone(w.block.Bytes())
}

func (w *h2writer) head(id uint32, end bool, pairs ...string) {
	w.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: w.fields(pairs...),
		EndStream: end, EndHeaders: true})
}

func newH2Wire(w *wire) *h2wire {
	return &h2wire{w.in(http2.ClientPreface), [2]*h2writer{newH2Writer(), newH2Writer()}}
}

// send passes the frames that write makes, in pieces of at most size bytes.
func (w *h2wire) send(dir tap.Direction, size int, write func(*h2writer)) {
	side := w.sides[dir]
	side.buf.Reset()
	write(side)
	for all := side.buf.String(); all != ""; {
		n := min(size, len(all))
		if dir == tap.In {
			w.in(all[:n])
		} else {
			w.out(all[:n])
		}
		all = all[n:]
	}
}

func get(id uint32, path string) func(*h2writer) {
	return func(w *h2writer) {
		w.head(id, true, ":method", "GET", ":scheme", "https", ":authority", "lab.example", ":path",
			path, "cookie", "lab=1")
	}
}

// however calls test with sizes of pieces from single bytes to everything.
func however(test func(size int)) {
	for _, size := range []int{1, 5, 9, 10, 100, 1 << 20} {
		test(size)
	}
}

func TestHTTP2Frames(t *testing.T) {
	however(func(size int) {
		w := newH2Wire(newWire(t))
		w.send(tap.In, size, func(f *h2writer) {
			f.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
			f.WriteWindowUpdate(0, 1000)
			f.WritePing(false, [8]byte{1})
			f.WritePriority(3, http2.PriorityParam{StreamDep: 1, Weight: 7})
			f.WriteRawFrame(0x42, 0, 5, []byte("what?"))
			get(1, "/a?b=c")(f)
		})
		w.send(tap.Out, size, func(f *h2writer) {
			f.WriteSettings()
			f.WriteSettingsAck()
			f.WritePing(true, [8]byte{1})
			f.head(1, true, ":status", "204")
			f.WriteGoAway(1, http2.ErrCodeEnhanceYourCalm, []byte("calm"))
		})
		assertSaid(t, w.wire, []xray.Layer{xray.H2, xray.HTTP, xray.Bytes},
			"→ preface", "→ SETTINGS · MAX_CONCURRENT_STREAMS 100",
			"→ WINDOW_UPDATE · 1000 more bytes", "→ PING", "→ PRIORITY · stream 3",
			"→ 0x42 · stream 5",
			"→ HEADERS · stream 1 · END_STREAM END_HEADERS", "→ GET /a?b=c",
			"← SETTINGS · the defaults", "← SETTINGS · ACK", "← PING · ACK", "← HEADERS · stream 1",
			"← 204 · answers GET /a?b=c",
			"← GOAWAY · ENHANCE_YOUR_CALM, no request after stream 1")
		for _, row := range w.rows() {
			require.Nil(t, row.Problem)
			switch {
			case row.Layer == xray.HTTP && row.Dir == tap.In:
				assert.Equal(t,
					":method: GET\n:scheme: https\n:authority: lab.example\n"+
						":path: /a?b=c\ncookie: lab=1\n", string(row.Data))
				assert.Equal(t, "/a?b=c", field(t, row, ":path").Value)
				assert.Contains(t, field(t, row, "cookie").Spec, "RFC 6265")
				assert.EqualValues(t, 1, row.Stream)
			case row.Kind == xray.Close:
				assert.Equal(t, "ENHANCE_YOUR_CALM", field(t, row, "error code").Value)
				assert.Equal(t, "calm", field(t, row, "debug data").Value)
			case strings.HasPrefix(row.Summary.EN, "SETTINGS · MAX"):
				assert.Equal(t, "100", field(t, row, "MAX_CONCURRENT_STREAMS").Value)
			}
		}
	})
}

// TestHTTP2Bodies: the content of bodies is read as over HTTP/1.1, although two streams take turns.
func TestHTTP2Bodies(t *testing.T) {
	however(func(size int) {
		w := newH2Wire(newWire(t))
		w.send(tap.In, size, func(f *h2writer) {
			get(1, "/events")(f)
			f.head(3, false, ":method", "POST", ":scheme", "https", ":path",
				"/messages?client=page-1", "content-type", "application/json")
			f.WriteDataPadded(3, false, []byte(`{"text":`), make([]byte, 7))
			f.WriteDataPadded(3, true, []byte(`"hi"}`), nil)
			get(5, "/socket.io/?EIO=4&transport=polling")(f)
		})
		w.send(tap.Out, size, func(f *h2writer) {
			f.head(1, false, ":status", "200", "content-type", "text/event-stream")
			f.WriteData(1, false, []byte("id: 7\nda"))
			f.head(3, false, ":status", "201", "content-type", "application/json")
			f.WriteData(3, true, []byte(`{"id":8}`))
			f.WriteData(1, false, []byte("ta: hello\n\n: beat\n\n"))
			f.head(5, false, ":status", "200")
			f.WriteData(5, true, []byte(`0{"sid":"abc"}`))
		})
		assertSaid(t, w.wire, []xray.Layer{xray.Body, xray.SSE, xray.EIO, xray.Bytes},
			`→ body of 8 bytes · {"text":`, `→ body of 5 bytes · "hi"}`,
			"← body of 8 bytes · id: 7", `← body of 8 bytes · {"id":8}`,
			"← body of 19 bytes", "← event 7: hello", "← comment",
			`← body of 14 bytes · 0{"sid":"abc"}`, `← open: the handshake {"sid":"abc"}`)
		heads := map[uint64]string{}
		for _, row := range w.rows() {
			if row.Layer == xray.HTTP && row.Dir == tap.In {
				heads[row.ID] = row.Summary.EN
			}
			switch row.Layer {
			case xray.SSE:
				assert.Equal(t, "GET /events", heads[row.Request])
				assert.EqualValues(t, 1, row.Stream)
			case xray.EIO:
				assert.Contains(t, heads[row.Request], "GET /socket.io/")
			case xray.Body:
				if row.Stream == 3 {
					assert.Equal(t, "page-1", row.Client)
				}
			}
		}
		w.server.Close()
		assertSaid(t, w.wire, []xray.Layer{xray.Bytes}, "a body that was not finished")
		assert.Contains(t, w.kinds(), xray.Cut)
	})
}

// kinds returns the kinds of all rows.
func (w *h2wire) kinds() map[xray.Kind]int {
	all := map[xray.Kind]int{}
	for _, row := range w.rows() {
		all[row.Kind]++
	}
	return all
}

func TestHTTP2LargeData(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 20_000)
	for _, pad := range []int{0, 1, 255} {
		w := newH2Wire(newWire(t))
		w.send(tap.In, 1<<20, get(1, "/"))
		w.send(tap.Out, 50_000, func(f *h2writer) {
			f.head(1, false, ":status", "200", "content-type", "text/plain")
			f.WriteDataPadded(1, true, []byte(body), make([]byte, pad))
		})
		got := ""
		for _, row := range w.rows() {
			require.Nil(t, row.Problem)
			if row.Layer == xray.Body {
				got += string(row.Data)
			}
		}
		require.Equal(t, len(body), len(got))
		require.True(t, body == got)
		w.server.Close()
		assert.Zero(t, w.kinds()[xray.Cut], "the stream has ended")
	}
}

func TestHTTP2HeadInSeveralFrames(t *testing.T) {
	w := newH2Wire(newWire(t))
	w.send(tap.In, 1<<20, func(f *h2writer) {
		block := f.fields(":method", "GET", ":path", "/split", "x", "y")
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block[:3],
			EndStream: true, PadLength: 4, Priority: http2.PriorityParam{Weight: 9}})
		f.WriteContinuation(1, false, block[3:5])
		f.WriteContinuation(1, true, block[5:])
	})
	w.send(tap.Out, 1<<20, func(f *h2writer) {
		f.head(1, false, ":status", "103", "link", "</a>")
		f.head(1, false, ":status", "200")
		f.WriteData(1, false, []byte("x"))
		f.head(1, true, "checksum", "1")
		f.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2,
			BlockFragment: f.fields(":method", "GET", ":path", "/pushed"), EndHeaders: true})
	})
	assertSaid(t, w.wire, []xray.Layer{xray.H2, xray.HTTP, xray.Body},
		"preface", "HEADERS", "CONTINUATION", "CONTINUATION", "→ GET /split", "HEADERS", "← 103",
		"HEADERS", "← 200", "DATA", "body of 1 byte",
		"HEADERS", "← trailers", "PUSH_PROMISE", "← promises")
	for _, row := range w.rows() {
		if row.Summary.EN == "GET /split" {
			assert.EqualValues(t, len(http2.ClientPreface), row.Offset)
			assert.Greater(t, row.Size, 3*9)
		}
	}
	w.server.Close()
	assert.Zero(t, w.kinds()[xray.Cut])
}

func TestHTTP2Resets(t *testing.T) {
	w := newH2Wire(newWire(t))
	w.send(tap.In, 1<<20, get(1, "/events"))
	w.send(tap.Out, 1<<20, func(f *h2writer) {
		f.head(1, false, ":status", "200", "content-type", "text/event-stream")
	})
	w.send(tap.In, 1<<20, func(f *h2writer) {
		f.WriteRSTStream(1, http2.ErrCodeCancel)
		f.WriteRSTStream(9, http2.ErrCodeCancel)
	})
	assertSaid(t, w.wire, []xray.Layer{xray.H2, xray.Bytes}, "preface", "HEADERS", "HEADERS",
		"RST_STREAM · stream 1 · CANCEL, ends GET /events", "RST_STREAM · stream 9 · CANCEL")
	w.server.Close()
	assert.Equal(t, 1, w.kinds()[xray.Cut], "the reset, not the end of the connection")
}

// TestHTTP2TableOutlivesRows: heads refer to earlier ones whose rows are gone, or were never made.
func TestHTTP2TableOutlivesRows(t *testing.T) {
	for name, config := range map[string]xray.Config{"few rows": {MaxRows: 5}, "unwatched": {}} {
		x := xray.New(tap.New(tap.Config{MaxBytes: 64 << 10, MaxEvents: 256}), config)
		t.Cleanup(x.Close)
		plain := &wire{TB: t, xray: x}
		plain.connect()
		w := newH2Wire(plain)
		var watcher *xray.Watcher
		if name == "few rows" {
			watcher = x.Watch()
		}
		const batches, size = 25, 20
		for batch := range uint32(batches) {
			w.send(tap.In, 1<<20, func(f *h2writer) {
				for i := size * batch; i < size*(batch+1); i++ {
					f.head(2*i+1, false, ":method", "POST", ":path", fmt.Sprint("/", i%20),
						"cookie", strings.Repeat("c", 300), fmt.Sprint("x-", i%30), "v")
					f.WriteData(2*i+1, true, make([]byte, 1500))
				}
			})
			w.send(tap.Out, 1<<20, func(f *h2writer) {
				for i := size * batch; i < size*(batch+1); i++ {
					f.head(2*i+1, true, ":status", "204", "server", "x")
				}
			})
			if watcher == nil { // two batches fill the tap, and are skimmed
				require.Eventually(t, func() bool {
					return int64(size*(batch+1))-x.Counters().Requests <= size
				}, time.Minute, time.Millisecond)
			} else {
				require.NoError(t, x.Sync(t.Context()))
			}
		}
		rows := w.rows()
		seen := 0
		for _, row := range rows {
			require.Nil(t, row.Problem, name)
			if row.Layer == xray.HTTP && row.Dir == tap.In {
				seen++
				assert.Contains(t, string(row.Data), "cookie: "+strings.Repeat("c", 300)+"\n")
			}
		}
		if watcher != nil {
			assert.LessOrEqual(t, len(rows), 5)
			watcher.Close()
			continue
		}
		assert.Positive(t, seen)
		assert.LessOrEqual(t, seen, size)
		assert.Positive(t, x.Counters().Skimmed)
		assert.EqualValues(t, batches*size, x.Counters().Requests, "skimmed ones, too")
	}
}

// TestHTTP2BrokenFrames: an invalid frame gets a row that says so, and the frames after it are
// read.
func TestHTTP2BrokenFrames(t *testing.T) {
	raw := func(kind http2.FrameType, flags http2.Flags, id uint32,
		payload string) func(*h2writer) {
		return func(f *h2writer) { f.WriteRawFrame(kind, flags, id, []byte(payload)) }
	}
	for name, broken := range map[string]func(*h2writer){
		"settings of 5 bytes":        raw(http2.FrameSettings, 0, 0, "12345"),
		"settings on a stream":       raw(http2.FrameSettings, 0, 3, "123456"),
		"ping of 3 bytes":            raw(http2.FramePing, 0, 0, "abc"),
		"window of 0":                raw(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x00"),
		"empty window":               raw(http2.FrameWindowUpdate, 0, 1, ""),
		"reset of nothing":           raw(http2.FrameRSTStream, 0, 0, "1234"),
		"short goaway":               raw(http2.FrameGoAway, 0, 0, "1234"),
		"priority of itself":         raw(http2.FramePriority, 0, 3, "12"),
		"padding beyond the payload": raw(http2.FrameData, http2.FlagDataPadded, 1, "\xffabc"),
	} {
		w := newH2Wire(newWire(t))
		w.send(tap.In, 1<<20, func(f *h2writer) {
			f.head(1, false, ":method", "POST", ":path", "/")
			broken(f)
			get(5, "/after")(f)
		})
		problems := 0
		for _, row := range w.rows() {
			if row.Problem != nil {
				problems++
			}
		}
		assert.Equal(t, 1, problems, name)
		assert.Contains(t, w.said(xray.HTTP), "→ GET /after", name)
	}
	for name, broken := range map[string]func(*h2writer){
		"headers with an impossible index": raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 3,
			"\xff\xff\xff\x00"),
		"headers without a stream": raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 0,
			"\x82"),
		"padded headers": raw(http2.FrameHeaders,
			http2.FlagHeadersEndHeaders|http2.FlagHeadersPadded, 3, "\x09\x82"),
		"a continuation of nothing": raw(http2.FrameContinuation,
			http2.FlagContinuationEndHeaders, 3, "\x82"),
		"an interrupted block": func(f *h2writer) {
			raw(http2.FrameHeaders, 0, 3, "\x82")(f)
			raw(http2.FrameHeaders, 0, 5, "\x82")(f)
		},
		"half a field": raw(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 3,
			"\x40\x0aabc"),
	} {
		w := newH2Wire(newWire(t))
		w.send(tap.In, 1<<20, func(f *h2writer) {
			broken(f)
			get(5, "/after")(f)
			f.WritePing(false, [8]byte{})
		})
		assert.Empty(t, w.said(xray.HTTP), "%s: the table is unknown", name)
		said := w.said(xray.H2)
		assert.Contains(t, said[len(said)-2], " ! ", name)
		assert.Contains(t, said[len(said)-1], "PING", name)
		w.send(tap.Out, 1<<20, func(f *h2writer) {
			f.head(5, false, ":status", "200")
			f.WriteData(5, true, []byte("x"))
		})
		assert.Len(t, w.said(xray.HTTP), 1, "the other direction has a table of its own")
	}
	w := newH2Wire(newWire(t))
	w.in("\x7f\xff\xff\x04\x00\x00\x00\x00\x00", "more")
	assert.Contains(t, fmt.Sprint(w.said(xray.Bytes)), "8388607 bytes that is not DATA")
}

func TestHTTP2IsBounded(t *testing.T) {
	x := xray.New(tap.New(tap.Config{}), xray.Config{MaxPending: 1 << 20})
	t.Cleanup(x.Close)
	plain := &wire{TB: t, xray: x}
	plain.connect()
	w := newH2Wire(plain)
	watcher := x.Watch()
	defer watcher.Close()
	before := heap()
	w.send(tap.In, 1<<20, func(f *h2writer) { // a header block that expands 1000-fold
		f.head(1, true, ":method", "GET", ":path", "/", "x", strings.Repeat("x", 3900))
		f.WriteHeaders(http2.HeadersFrameParam{StreamID: 3,
			BlockFragment: bytes.Repeat([]byte{0xbe}, 60_000), EndStream: true, EndHeaders: false})
		for range 200 {
			f.WriteContinuation(3, false, bytes.Repeat([]byte{0xbe}, 60_000))
		}
		f.WriteContinuation(3, true, nil)
	})
	w.send(tap.In, 1<<20, func(f *h2writer) { // many bodies that do not end
		for i := range uint32(900) {
			f.head(2*i+5, false, ":method", "POST", ":path",
				"/socket.io/?EIO=4&transport=polling&sid=x")
			f.WriteData(2*i+5, false, bytes.Repeat([]byte("x"), 16<<10))
		}
	})
	require.NotEmpty(t, w.rows())
	assert.Less(t, heap(), before+60<<20)
	assert.Contains(t, fmt.Sprint(w.said(xray.Bytes, xray.H2)), " ! ")

	w = newH2Wire(newWire(t))
	w.send(tap.In, 1<<20, func(f *h2writer) {
		for i := range uint32(1100) {
			get(2*i+1, "/")(f)
		}
	})
	assert.Contains(t, fmt.Sprint(w.said(xray.Bytes)), "more than 1000 requests")
}

// TestHTTP2OfNetHTTP reads the frames that net/http's server and client send to each other.
func TestHTTP2OfNetHTTP(t *testing.T) {
	wire_ := tap.New(tap.Config{MaxBytes: 32 << 20, MaxEvents: 1 << 17}) // nothing is skimmed
	x := xray.New(wire_, xray.Config{MaxRows: 1 << 20, MaxBytes: 1 << 30})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	big := strings.Repeat("a line of it\n", 20_000)
	server := &http.Server{Protocols: &http.Protocols{},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprintf(w, "%s %d %s", r.URL.Path, n, big)
		})}
	server.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan error, 1)
	go func() { served <- server.Serve(wire_.Listener(l)) }()
	transport := &http.Transport{Protocols: server.Protocols}
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		<-served
		x.Close()
	})
	watcher := x.Watch()
	defer watcher.Close()
	results := make(chan error)
	for i := range 8 {
		go func() {
			res, err := client.Post(fmt.Sprintf("http://%s/%d", l.Addr(), i), "text/plain",
				strings.NewReader(big))
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			results <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-results)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rows, err := x.Rows(ctx)
	require.NoError(t, err)
	bodies := map[uint32][2]string{}
	for _, row := range rows {
		checkRow(t, row)
		require.Nil(t, row.Problem, "%s", row.Summary.EN)
		if row.Layer == xray.Body {
			both := bodies[row.Stream]
			both[row.Dir] += string(row.Data)
			bodies[row.Stream] = both
		}
	}
	require.Len(t, bodies, 8)
	for id, both := range bodies {
		assert.True(t, both[tap.In] == big, "stream %d", id)
		assert.True(t, strings.HasSuffix(both[tap.Out], big), "stream %d", id)
	}
}
