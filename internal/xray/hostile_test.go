package xray_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// pour lets many connections carry bytes through a tap, and closes them.
func pour(t testing.TB, wire *tap.Tap, n int, in, out string) {
	for range n {
		client, server := net.Pipe()
		tapped := wire.Conn(server)
		go io.WriteString(client, in)
		_, err := io.ReadFull(tapped, make([]byte, len(in)))
		require.NoError(t, err)
		go io.Copy(io.Discard, client)
		_, err = io.WriteString(tapped, out)
		require.NoError(t, err)
		tapped.Close()
		client.Close()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestNothingIsHeldOfThousandsOfConnections(t *testing.T) {
	need.Time(t)
	wire := tap.New(tap.Config{MaxBytes: 1 << 20, MaxEvents: 1024})
	x := xray.New(wire, xray.Config{MaxRows: 500, MaxBytes: 1 << 20})
	defer x.Close()
	half := "POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: " +
		"x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("4x\x1e", 500)
	pour(t, wire, 200, half, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nhalf")
	require.NoError(t, x.Sync(t.Context()))
	before := heap()
	pour(t, wire, 5000, half, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nhalf")
	require.NoError(t, x.Sync(t.Context()))
	assert.Less(t, heap(), before+8<<20)
	assert.Zero(t, wire.Counters().Open)
}

func TestUnfinishedUnitsAreBounded(t *testing.T) {
	x := xray.New(tap.New(tap.Config{}), xray.Config{MaxPending: 1 << 20})
	t.Cleanup(x.Close)
	w := &wire{TB: t, xray: x}
	w.connect()
	w.in(upgrade + "\r\n").out(switching + "\r\n")
	watcher := x.Watch()
	defer watcher.Close()
	head := "\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x01\x02\x03\x04" // a frame of 2 GiB
	w.in(head)
	before := heap()
	for range 64 {
		w.in(strings.Repeat("x", 256<<10))
	}
	require.NotEmpty(t, w.rows())
	assert.Less(t, heap(), before+40<<20)
	assert.Contains(t, fmt.Sprint(w.said(xray.WS, xray.Bytes)), " ! ")
}

func TestGapsAreSaid(t *testing.T) {
	wire_ := tap.New(tap.Config{MaxBytes: 64 << 10, MaxEvents: 64})
	x := xray.New(wire_, xray.Config{})
	defer x.Close()
	client, server := net.Pipe()
	defer client.Close()
	tapped := wire_.Conn(server)
	defer tapped.Close()
	go io.WriteString(client, strings.Repeat("y", 1<<20)) // one piece larger than the ring holds
	_, err := io.ReadFull(tapped, make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, x.Sync(t.Context()))
	rows, err := x.Rows(t.Context())
	require.NoError(t, err)
	problems := 0
	for _, row := range rows {
		checkRow(t, row)
		if row.Problem != nil {
			problems++
		}
	}
	assert.NotZero(t, problems)
	assert.NotZero(t, x.Counters().Dropped)
}

// FuzzXray feeds random bytes, in pieces, to both directions.
func FuzzXray(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		uint8(7), false)
	f.Add("GET /events HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"+
			"Content-Length: 99\r\n\r\nid: 1\ndata: x\n\n", uint8(3), false)
	f.Add(frame("2probe")+frame("5")+frame(`420["q",{"_placeholder":true,"num":0}]`),
		rawFrame(0x81, `451-["b",{"_placeholder":true,"num":0}]`, false)+rawFrame(0x82, "abc",
			false), uint8(50), true)
	f.Add(rawFrame(0x01, "4", true)+rawFrame(0x80, `2["x"]`, true)+rawFrame(0x88, "\x03\xe8", true),
		rawFrame(0xc1, "\xca\xcf\x48\x05\x00", false), uint8(1), true)
	f.Add(command("PUBLISH", "socket.io#/#", broadcast)+command("SUBSCRIBE", "a"),
		":1\r\n"+respArray('>', "message", "a", broadcast)+"%1\r\n+a\r\n*-1\r\n", uint8(5), false)
	phases, _ := omittedTalk()
	f.Add(phases[0][tap.In]+phases[1][tap.In], phases[1][tap.Out][:200], uint8(9), false)
	f.Fuzz(func(t *testing.T, in, out string, size uint8, socket bool) {
		if len(in) > 1<<14 || len(out) > 1<<14 {
			return
		}
		w := omitting(t)
		if socket {
			w.in(strings.Replace(upgrade, "/ws", engine+"websocket", 1) +
				"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
			w.out(switching + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
		}
		n := max(int(size), 1+max(len(in), len(out))/64)
		for len(in) > 0 || len(out) > 0 {
			a, b := min(n, len(in)), min(n, len(out))
			if a > 0 {
				w.in(in[:a])
			}
			if b > 0 {
				w.out(out[:b])
			}
			in, out = in[a:], out[b:]
		}
		w.server.Close()
		start := time.Now()
		w.rows()
		require.Less(t, time.Since(start), 20*time.Second)
	})
}
