package xray_test

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// piped is a listener whose connections a test makes.
type piped struct{ conns chan net.Conn }

func (p piped) Accept() (net.Conn, error) { return <-p.conns, nil }
func (p piped) Close() error              { return nil }
func (p piped) Addr() net.Addr            { return &net.TCPAddr{} }

// onSide is a wire whose connection is on one side of a proxy, with the x-ray of another wire.
func (w *wire) onSide(side tap.Side) *wire {
	client, server := net.Pipe()
	listener := piped{make(chan net.Conn, 1)}
	listener.conns <- server
	tapped, err := w.xray.Tap().SideListener(listener, side).Accept()
	require.NoError(w, err)
	w.Cleanup(func() { client.Close(); tapped.Close() })
	return &wire{TB: w.TB, xray: w.xray, client: client, server: tapped}
}

// bySide returns the lines of a layer's rows, by the side of the proxy.
func (w *wire) bySide(layers ...xray.Layer) map[tap.Side][]string {
	w.Helper()
	all := map[tap.Side][]string{}
	for _, row := range w.rows() {
		if slices.Contains(layers, row.Layer) {
			line := row.Summary.EN
			if row.Problem != nil {
				line += " ! " + row.Problem.EN
			}
			all[row.Side] = append(all[row.Side], line)
		}
	}
	return all
}

const handshakeBody = `0{"sid":"s1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}`

// exchanged passes a request and its answer over one side after the other, as a proxy does: the
// request reaches the server's side before the client's side has its answer.
func exchanged(clientSide, serverSide *wire, request, response string) {
	clientSide.in(request)
	serverSide.in(request).out(response)
	clientSide.out(response)
}

// ok is a response with that body.
func ok(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\n" +
		"Content-Length: " + itoa(len(body)) + "\r\n\r\n" + body
}

// post is a request of the session s1 with that body.
func post(body string) string {
	return "POST " + engine + "polling&sid=s1 HTTP/1.1\r\nHost: x\r\n" +
		"Content-Length: " + itoa(len(body)) + "\r\n\r\n" + body
}

// joinedBySides is a session over polling on both sides of a proxy. Its client has joined.
func joinedBySides(t *testing.T) (all, page, backend *wire) {
	all = newWire(t)
	page, backend = all.onSide(tap.ClientSide), all.onSide(tap.ServerSide)
	exchanged(page, backend, "GET "+engine+"polling HTTP/1.1\r\nHost: x\r\n\r\n", ok(handshakeBody))
	exchanged(page, backend, post("40"), ok("ok"))
	request, response := poll("s1", `40{"sid":"x"}`)
	exchanged(page, backend, request, response)
	return all, page, backend
}

// A proxy's two sides carry the same session, by the same id. Each side has attachments and
// acknowledgements of its own: a packet on one side does not complete what the other side waits
// for.
func TestTheSidesOfAProxyHaveSessionsOfTheirOwn(t *testing.T) {
	all, page, backend := joinedBySides(t)
	// The attachment is in a later request, so both sides wait for it at the same time.
	exchanged(page, backend, post(`451-7["pic",{"_placeholder":true,"num":0}]`), ok("ok"))
	exchanged(page, backend, post("bAQID"), ok("ok"))
	request, response := poll("s1", `437["seen"]`)
	exchanged(page, backend, request, response)

	events, packets := all.bySide(xray.Event), all.bySide(xray.SIO, xray.Bytes)
	for _, side := range []tap.Side{tap.ClientSide, tap.ServerSide} {
		require.Len(t, events[side], 4, "joins, is welcomed, emits, is answered: %v", events)
		assert.Contains(t, events[side][2], `the client emits "pic"`)
		assert.Contains(t, events[side][3], `acks "pic" (7)`)
		lines := strings.Join(packets[side], "\n")
		assert.Contains(t, lines, `attachment 1 of 1, 3 bytes, for "pic"`)
		assert.NotContains(t, lines, " ! ")
	}
}

// The end of a session on one side, as when the proxy has cut it, leaves the other side's alone.
func TestASessionEndsOnOneSideOfAProxy(t *testing.T) {
	all, page, backend := joinedBySides(t)
	exchanged(page, backend, post(`420["q"]`), ok("ok"))
	request, response := poll("s1", "1")
	page.in(request).out(response)
	request, response = poll("s1", `430["a"]`)
	backend.in(request).out(response)
	events := all.bySide(xray.Event)
	assert.Contains(t, strings.Join(events[tap.ServerSide], "\n"), `acks "q" (0)`)
	assert.NotContains(t, strings.Join(events[tap.ClientSide], "\n"), "acks")

	page.in(request).out(response) // its side has forgotten the question
	assert.NotContains(t, strings.Join(all.bySide(xray.Event)[tap.ClientSide], "\n"), `acks "q"`)
}
