package browserclient

import (
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siowebtransport"
)

//go:embed webtransport.html
var webTransportPage string

// wtLab is our server with WebTransport, and a page in Chromium that has loaded a client.
type wtLab struct {
	*testing.T
	tab     *labtest.Tab
	io      *sio.Server
	reasons chan sio.Reason
}

// listenBoth listens on the same port of TCP and UDP.
func listenBoth(t *testing.T) (net.Listener, net.PacketConn) {
	for range 20 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return tcp, udp
		}
		_ = tcp.Close()
	}
	require.FailNow(t, "no port is free for both TCP and UDP")
	return nil, nil
}

func newWTLab(t *testing.T, browser *labtest.Browser, client string) *wtLab {
	l := &wtLab{T: t, reasons: make(chan sio.Reason, 10)}
	l.io = sio.NewServer(sio.Config{Engine: engineio.Config{
		Transports: []string{engineio.Polling, engineio.WebSocket, engineio.WebTransport},
	}})
	l.io.OnConnection(l.serve)
	for _, name := range []string{"/a", "/b"} {
		l.io.Of(name).OnConnection(l.serve)
	}
	cert, hash, err := siowebtransport.NewCertificate("127.0.0.1")
	require.NoError(t, err)
	tcp, udp := listenBoth(t)
	wt := siowebtransport.NewServer(l.io,
		siowebtransport.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", l.io)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(webTransportPage))
	})
	mux.HandleFunc("/client.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, client)
	})
	mux.HandleFunc("/certificate.js", func(w http.ResponseWriter, _ *http.Request) {
		values, _ := json.Marshal(hash) // of an array, the numbers
		_, _ = fmt.Fprintf(w, "const certificateHash = new Uint8Array(%s);", values)
	})
	web := &http.Server{Handler: mux}
	done := make(chan error, 2)
	go func() { done <- web.Serve(tcp) }()
	go func() { done <- wt.Serve(udp) }()
	t.Cleanup(func() {
		l.close()
		_ = wt.Close()
		_ = web.Close()
		assert.Error(t, <-done)
		assert.Error(t, <-done)
		_ = udp.Close()
	})
	l.tab = browser.Tab(t)
	l.tab.AllowNetworkErrors()
	l.tab.Allow("WebTransport") // where it does not connect, or is cut, the official client says so
	l.tab.Open("http://" + tcp.Addr().String() + "/")
	return l
}

func (l *wtLab) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	assert.NoError(l, l.io.Close(ctx))
}

// serve adds the handlers that the page needs.
func (l *wtLab) serve(s *sio.Socket) {
	received := 0
	s.On("echo", func(value any, ack sio.Ack) { ack(value) })
	s.On("up", func(n int, bytes []byte) {
		if n != received || len(bytes) != 1 || bytes[0] != byte(n+1) {
			l.Errorf("message %d, with %x, came as number %d", n, bytes, received)
		}
		for i := range 3 {
			_ = s.Emit("down", 3*received+i)
		}
		received++
	})
	s.On("received", func(ack sio.Ack) { ack(received) })
	s.On("empty", func(ack sio.Ack) { ack([]byte{}) })
	s.On("where", func(ack sio.Ack) { ack(s.Namespace().Name()) })
	s.On("bye", func(text string) { l.reasons <- sio.Reason("bye " + text[:1]) })
	s.OnDisconnect(func(r sio.Reason) { l.reasons <- r })
}

// reason returns the next disconnect reason on the server.
func (l *wtLab) reason() sio.Reason {
	select {
	case reason := <-l.reasons:
		return reason
	case <-time.After(10 * time.Second):
		return "none"
	}
}

func (l *wtLab) values(call string) []any { return labtest.Eval[[]any](l.tab, call) }

// withEachClient runs a part with the official client and with ours, each time against a server of
// its own.
func withEachClient(t *testing.T, parts map[string]func(l *wtLab, ours bool)) {
	clients := map[string]string{
		"official": filepath.Join(node.Dir(t), "node_modules/socket.io-client/dist/socket.io.js"),
		"ours":     filepath.Join(node.Client(t), "dist/socket.io.js"),
	}
	browser := labtest.NewBrowser(t)
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		for _, name := range []string{"official", "ours"} {
			t.Run(part+"/"+name, func(t *testing.T) {
				parts[part](newWTLab(t, browser, clients[name]), name == "ours")
			})
		}
	}
}

func TestWebTransport(t *testing.T) {
	withEachClient(t, map[string]func(l *wtLab, ours bool){
		"direct": func(l *wtLab, _ bool) {
			assert.Equal(l, []any{"webtransport", map[string]any{"three": []any{nil, 4.0}}, 5.0},
				l.values(`direct()`))
		},
		"upgrade": func(l *wtLab, _ bool) {
			want := map[string]any{"moved": []any{"webtransport"}, "transport": "webtransport",
				"up": true, "down": true}
			assert.Equal(l, want, labtest.Eval[any](l.tab, `upgrade(["polling", "webtransport"])`))
		},
		"upgrade with a WebSocket to choose": func(l *wtLab, _ bool) {
			assert.Equal(l, map[string]any{"up": true, "down": true}, labtest.Eval[any](l.tab,
				`upgrade(["polling", "websocket", "webtransport"]).then(({ up, down }) => ({ up, down }))`))
		},
		"payloads": func(l *wtLab, _ bool) { assert.Empty(l, l.values(`payloads()`)) },
		"an empty buffer": func(l *wtLab, ours bool) {
			assert.Zero(l, labtest.Eval[int](l.tab, `emptyBuffer(false)`), "from the server")
			if ours { // the official client sends an invalid packet
				assert.Zero(l, labtest.Eval[int](l.tab, `emptyBuffer(true)`), "from the client")
			}
		},
		"namespaces": func(l *wtLab, _ bool) {
			assert.Equal(l, []any{"/a", "/b", "/a", true, "webtransport"}, l.values(`namespaces()`))
			assert.Equal(l, sio.Reason("client namespace disconnect"), l.reason())
		},
		"the client leaves": func(l *wtLab, ours bool) {
			assert.Equal(l, "io client disconnect", labtest.Eval[string](l.tab, `leave()`))
			if first := l.reason(); ours || first != sio.TransportClose {
				// the official client may cut off its last packets
				assert.Equal(l, sio.Reason("bye x"), first)
				assert.Contains(l, []sio.Reason{sio.ClientNamespaceDisconnect, sio.TransportClose},
					l.reason())
			}
		},
		"the server disconnects": func(l *wtLab, _ bool) {
			l.io.OnConnection(func(s *sio.Socket) { s.On("end", func() { s.Disconnect(true) }) })
			assert.Equal(l, "io server disconnect",
				labtest.Eval[string](l.tab, `untilDisconnected()`))
			assert.Equal(l, sio.ServerNamespaceDisconnect, l.reason())
		},
		"the server closes the connection": func(l *wtLab, _ bool) {
			l.io.OnConnection(func(s *sio.Socket) { s.On("end", func() { s.Conn().Close() }) })
			assert.Equal(l, "transport close", labtest.Eval[string](l.tab, `untilDisconnected()`))
			assert.Equal(l, sio.ForcedClose, l.reason())
		},
		"the server closes": func(l *wtLab, _ bool) {
			l.io.OnConnection(func(s *sio.Socket) { s.On("end", func() { go l.close() }) })
			assert.Equal(l, "transport close", labtest.Eval[string](l.tab, `untilDisconnected()`))
			assert.Equal(l, sio.ServerShuttingDown, l.reason())
		},
		"a certificate that the page does not know": func(l *wtLab, _ bool) {
			assert.Equal(l, []any{"webtransport error", "TransportError"},
				l.values(`refusedCertificate()`))
			assert.Equal(l, []any{"websocket", "there"}, l.values(`fallback()`))
			assert.Equal(l, []any{"webtransport", "there", "again", "polling"},
				l.values(`failedUpgrade()`))
		},
		"a browser without WebTransport": func(l *wtLab, ours bool) {
			if !ours {
				assert.Equal(l, "timeout", labtest.Eval[string](l.tab, `withoutWebTransport()`))
				return
			}
			assert.Equal(l, "webtransport error",
				labtest.Eval[string](l.tab, `withoutWebTransport()`))
			assert.Equal(l, []any{"websocket", "there"}, l.values(`fallback()`))
		},
	})
}
