package xray_test

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is an x-ray on one connection, whose two ends the test plays.
type wire struct {
	testing.TB
	xray   *xray.Xray
	server net.Conn // tapped
	client net.Conn
}

func newWire(t testing.TB) *wire {
	w := &wire{TB: t, xray: xray.New(tap.New(tap.Config{}), xray.Config{})}
	t.Cleanup(w.xray.Close)
	w.connect()
	return w
}

// connect makes another connection, which the calls that follow are about.
func (w *wire) connect() {
	client, server := net.Pipe()
	w.client, w.server = client, w.xray.Tap().Conn(server)
	w.Cleanup(func() { client.Close(); server.Close() })
}

// in lets the server read these pieces.
func (w *wire) in(pieces ...string) *wire {
	for _, p := range pieces {
		w.pass(w.client, w.server, p)
	}
	return w
}

// out lets the server write these pieces.
func (w *wire) out(pieces ...string) *wire {
	for _, p := range pieces {
		w.pass(w.server, w.client, p)
	}
	return w
}

func (w *wire) pass(from, to net.Conn, p string) {
	w.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(from, p)
		done <- err
	}()
	_, err := io.ReadFull(to, make([]byte, len(p)))
	require.NoError(w, err)
	require.NoError(w, <-done)
}

// rows are all that were read, each of which is checked.
func (w *wire) rows() []*xray.Row {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rows, err := w.xray.Rows(ctx)
	require.NoError(w, err)
	for _, row := range rows {
		checkRow(w, row)
	}
	return rows
}

// checkRow holds a row against what every row promises.
func checkRow(t testing.TB, row *xray.Row) {
	t.Helper()
	at := 0
	for _, f := range row.Fields() {
		require.Equal(t, at, f.Start, "%s: field %q", row.Summary.EN, f.Name)
		require.Greater(t, f.End, f.Start, "%s: field %q", row.Summary.EN, f.Name)
		require.NotEmpty(t, f.Name, row.Summary.EN)
		require.NotEmpty(t, f.Meaning.EN, "%s: field %q", row.Summary.EN, f.Name)
		require.NotEmpty(t, f.Meaning.ZH, "%s: field %q", row.Summary.EN, f.Name)
		at = f.End
	}
	require.Equal(t, len(row.Data), at, "%s: every byte belongs to a field", row.Summary.EN)
	require.NotEmpty(t, row.Summary.EN)
	require.NotEmpty(t, row.Summary.ZH)
	require.NotContains(t, row.Line(lang.English), "\n")
	encoded, err := row.MarshalJSON()
	require.NoError(t, err)
	var shown struct{ Fields []struct{ Spec, Link string } }
	require.NoError(t, json.Unmarshal(encoded, &shown))
	for _, f := range shown.Fields {
		require.Equal(t, f.Spec != "", f.Link != "", "%q has a link", f.Spec)
	}
}

// said are the summaries of the rows of these layers, with their direction, and
// what was wrong with them.
func (w *wire) said(layers ...xray.Layer) []string {
	w.Helper()
	lines := []string{}
	for _, row := range w.rows() {
		if !slices.Contains(layers, row.Layer) {
			continue
		}
		arrow := "→ "
		if row.Dir == tap.Out {
			arrow = "← "
		}
		line := arrow + row.Summary.EN
		if row.Problem != nil {
			line += " ! " + row.Problem.EN
		}
		lines = append(lines, line)
	}
	return lines
}

// field returns what a row's field of that name says.
func field(t testing.TB, row *xray.Row, name string) xray.Field {
	t.Helper()
	for _, f := range row.Fields() {
		for _, f := range append([]xray.Field{f}, f.Parts...) {
			if f.Name == name {
				return f
			}
		}
	}
	names := []string{}
	for _, f := range row.Fields() {
		names = append(names, f.Name)
	}
	require.Fail(t, "no such field", "%q in %q", name, names)
	return xray.Field{}
}

func (w *wire) only(layer xray.Layer) *xray.Row {
	w.Helper()
	rows := slices.DeleteFunc(w.rows(), func(r *xray.Row) bool { return r.Layer != layer })
	require.Len(w, rows, 1)
	return rows[0]
}

const upgrade = "GET /ws HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: " +
	"Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

// upgraded is a connection that has become a WebSocket.
func upgraded(t testing.TB, path string) *wire {
	return newWire(t).in(upgradeTo(path)).out(switching + "\r\n")
}

// upgradeTo is the request for a WebSocket at a path.
func upgradeTo(path string) string { return strings.Replace(upgrade, "/ws", path, 1) + "\r\n" }

// frame is a client's text frame, masked, whose length is in the shortest form.
func frame(payload string) string { return rawFrame(0x81, payload, true) }

// rawFrame writes any frame.
func rawFrame(head byte, payload string, masked bool) string {
	b := []byte{head}
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, bit|byte(n))
	case n < 1<<16:
		b = append(b, bit|126, byte(n>>8), byte(n))
	default:
		b = append(b, bit|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	if !masked {
		return string(b) + payload
	}
	mask := [4]byte{1, 2, 3, 4}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return string(b)
}

func gzipped(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// deflater compresses messages for permessage-deflate (RFC 7692 section 7.2.1).
type deflater struct {
	out  strings.Builder
	w    *flate.Writer
	keep bool // the window, from message to message
}

func (d *deflater) message(text string) string {
	if d.w == nil || !d.keep {
		d.w, _ = flate.NewWriter(&d.out, flate.BestCompression)
	}
	d.out.Reset()
	if !d.keep {
		d.w.Reset(&d.out)
	}
	io.WriteString(d.w, text)
	d.w.Flush()
	return strings.TrimSuffix(d.out.String(), "\x00\x00\xff\xff")
}

func assertSaid(t *testing.T, w *wire, layers []xray.Layer, want ...string) {
	t.Helper()
	got := w.said(layers...)
	if !assert.Equal(t, len(want), len(got), "%q", got) {
		return
	}
	for i := range want {
		assert.Contains(t, got[i], want[i], fmt.Sprint(i))
	}
}
