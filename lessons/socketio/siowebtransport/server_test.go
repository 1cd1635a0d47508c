package siowebtransport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siowebtransport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a Socket.IO server over WebTransport, and how to reach it.
type lab struct {
	*testing.T
	io     *sio.Server
	wt     *siowebtransport.Server
	addr   string
	client *tls.Config
}

func serve(t *testing.T, config siowebtransport.Config) *lab {
	cert, _, err := siowebtransport.NewCertificate("127.0.0.1")
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)

	io := sio.NewServer(sio.Config{Engine: engineio.Config{
		Transports: []string{engineio.Polling, engineio.WebSocket, engineio.WebTransport},
	}})
	config.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	wt := siowebtransport.NewServer(io, config)
	done := make(chan error, 1)
	go func() { done <- wt.Serve(udp) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, io.Close(ctx))
		wt.Close()
		assert.Error(t, <-done)
		udp.Close()
	})
	return &lab{t, io, wt, udp.LocalAddr().String(), &tls.Config{RootCAs: roots}}
}

// dial opens a WebTransport session.
func (l *lab) dial(path string) (*webtransport.Session, error) {
	d := &webtransport.Transport{TLSClientConfig: l.client}
	l.Cleanup(func() { d.Close() })
	ctx, cancel := context.WithTimeout(l.Context(), time.Minute)
	defer cancel()
	_, session, err := d.Dial(ctx, "https://"+l.addr+path, http.Header{})
	return session, err
}

// client is a stream of short packets.
type client struct {
	*testing.T
	*webtransport.Stream
	session *webtransport.Session
}

func (l *lab) open(path string) client {
	session, err := l.dial(path)
	require.NoError(l, err)
	stream, err := session.OpenStream()
	require.NoError(l, err)
	return client{l.T, stream, session}
}

func (c client) write(packets ...string) {
	for _, p := range packets {
		_, err := io.WriteString(c.Stream, string(rune(len(p)))+p)
		require.NoError(c, err)
	}
}

func (c client) read() string {
	c.SetReadDeadline(time.Now().Add(time.Minute))
	var head [1]byte
	_, err := io.ReadFull(c.Stream, head[:])
	require.NoError(c, err)
	body := make([]byte, head[0])
	_, err = io.ReadFull(c.Stream, body)
	require.NoError(c, err)
	return string(body)
}

const path = "/socket.io/?EIO=4&transport=webtransport&room=7"

func TestAnEventAndItsAnswer(t *testing.T) {
	l := serve(t, siowebtransport.Config{})
	room := make(chan string, 1)
	reasons := make(chan sio.Reason, 1)
	l.io.OnConnection(func(s *sio.Socket) {
		assert.Equal(t, path, s.Request().RequestURI)
		assert.Equal(t, http.NoBody, s.Request().Body)
		room <- s.Handshake().Query.Get("room") + " " + s.Conn().Transport()
		s.On("ferret", func(name string, ack sio.Ack) { ack(name + " woot") })
		s.OnDisconnect(func(r sio.Reason) { reasons <- r })
	})
	c := l.open(path)
	c.write("0")
	assert.Contains(t, c.read(), `"upgrades":[]`)
	c.write("40")
	assert.Regexp(t, `^40\{"sid":`, c.read())
	assert.Equal(t, "7 webtransport", <-room)
	c.write(`421["ferret","tobi"]`)
	assert.Equal(t, `431["tobi woot"]`, c.read())
	c.session.CloseWithError(0, "")
	assert.Equal(t, sio.TransportClose, <-reasons)
}

func TestTheServersCloseEndsTheSession(t *testing.T) {
	l := serve(t, siowebtransport.Config{})
	l.io.OnConnection(func(s *sio.Socket) {
		s.Emit("bye")
		s.Disconnect(true)
	})
	c := l.open(path)
	c.write("0", "40")
	c.read()
	assert.Regexp(t, `^40\{"sid":`, c.read())
	assert.Equal(t, `42["bye"]`, c.read())
	assert.Equal(t, "41", c.read())
	select {
	case <-c.session.Context().Done():
	case <-time.After(time.Minute):
		t.Error("the session is still open")
	}
}

func TestPollingOverHTTP3(t *testing.T) {
	l := serve(t, siowebtransport.Config{})
	transport := &http3.Transport{TLSClientConfig: l.client}
	defer transport.Close()
	res, err := (&http.Client{Transport: transport}).
		Get("https://" + l.addr + "/socket.io/?EIO=4&transport=polling")
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), `"upgrades":["websocket","webtransport"]`)
}

func TestWhoIsNotServed(t *testing.T) {
	lines := make(chan string, 100)
	log := slog.New(slog.NewTextHandler(writer(func(line []byte) { lines <- string(line) }), nil))
	l := serve(t, siowebtransport.Config{
		CheckOrigin: func(r *http.Request) bool {
			return !strings.HasPrefix(r.URL.Path, "/forbidden/")
		},
		Log: log,
	})
	impatient := serve(t, siowebtransport.Config{StreamTimeout: 50 * time.Millisecond, Log: log})
	_, err := l.dial("/forbidden/")
	assert.ErrorContains(t, err, "403")
	assert.Contains(t, <-lines, "origin not allowed")
	for name, c := range map[string]func() *webtransport.Session{
		"another path": func() *webtransport.Session {
			c := l.open("/else/")
			c.write("0")
			return c.session
		},
		"no stream": func() *webtransport.Session {
			s, err := impatient.dial(path)
			require.NoError(t, err)
			return s
		},
		"no packet": func() *webtransport.Session {
			c := l.open(path)
			c.write("9")
			return c.session
		},
	} {
		t.Run(name, func(t *testing.T) {
			select {
			case <-c().Context().Done():
			case <-time.After(time.Minute):
				t.Error("the session is still open")
			}
		})
	}
	assert.Zero(t, l.io.Clients()+impatient.io.Clients())
	assert.Contains(t, <-lines, "no stream")
}

// writer is an io.Writer that passes each write on.
type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }
