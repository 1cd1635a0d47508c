package siowebtransport_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/netsim"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siowebtransport"
)

var quiet = slog.New(slog.DiscardHandler)

// both serves Socket.IO on one port, over TCP with TLS and over UDP. Without udp, nothing listens
// there.
func both(t *testing.T, config sio.Config, udp bool) (*sio.Server, string, sioclient.Config) {
	cert, _, err := siowebtransport.NewCertificate("127.0.0.1")
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	config.Log = quiet
	config.Engine.Transports = []string{engineio.Polling, engineio.WebSocket, engineio.WebTransport}
	server := sio.NewServer(config)
	tcp, packets := listen(t)
	ours := &tls.Config{Certificates: []tls.Certificate{cert}}
	web := &http.Server{Handler: server, ErrorLog: slog.NewLogLogger(quiet.Handler(), 0)}
	wt := siowebtransport.NewServer(server, siowebtransport.Config{TLS: ours, Log: quiet})
	served := make(chan error, 2)
	go func() { served <- web.Serve(tls.NewListener(tcp, ours)) }()
	if udp {
		go func() { served <- wt.Serve(packets) }()
	} else {
		packets.Close()
		served <- net.ErrClosed
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, server.Close(ctx))
		wt.Close()
		web.Close()
		assert.Error(t, <-served)
		assert.Error(t, <-served)
		packets.Close()
	})
	return server, "https://" + tcp.Addr().String(), sioclient.Config{
		Transports: []string{sioclient.WebTransport}, DialWebTransport: siowebtransport.Dial,
		TLS:               &tls.Config{RootCAs: roots},
		ReconnectionDelay: 5 * time.Millisecond, ReconnectionDelayMax: 10 * time.Millisecond,
		Log: quiet,
	}
}

// listen takes a port of TCP and the same of UDP.
func listen(t *testing.T) (net.Listener, net.PacketConn) {
	for range 20 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return tcp, udp
		}
		tcp.Close()
	}
	require.FailNow(t, "no port is free for both TCP and UDP")
	return nil, nil
}

func connect(t *testing.T, url string, c sioclient.Config) *sioclient.Socket {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := sioclient.Dial(ctx, url, c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		require.Fail(t, "nothing came")
		panic("unreachable")
	}
}

func TestClientOverWebTransport(t *testing.T) {
	server, address, c := both(t, sio.Config{}, true)
	reasons := make(chan sio.Reason, 1)
	last := make(chan int, 1)
	server.OnConnection(func(s *sio.Socket) {
		h := s.Handshake()
		var token struct{ Token string }
		assert.NoError(t, h.Auth(&token))
		assert.Equal(t, []string{"7", "v", "secret"},
			[]string{h.Query.Get("room"), h.Headers.Get("X-Mine"), token.Token})
		s.On("echo", func(v any, ack sio.Ack) { ack(v) })
		s.On("ask me", func(n int, ack sio.Ack) {
			args, err := s.EmitWithAck(t.Context(), "question", n)
			assert.NoError(t, err)
			ack(args.Any(0))
		})
		s.On("last", func(n int) { last <- n })
		s.OnDisconnect(func(r sio.Reason) { reasons <- r })
	})
	c.Query, c.Header = url.Values{"room": {"7"}}, http.Header{"X-Mine": {"v"}}
	c.Auth = func() any { return map[string]any{"token": "secret"} }
	s := connect(t, address, c)
	assert.Equal(t, sioclient.WebTransport, s.Manager().Transport())
	for _, v := range []any{nil, true, 1.5, "你好\u2028", []any{1.0, []byte{0, 255}},
		strings.Repeat("long", 5000), map[string]any{"b": bytes.Repeat([]byte{1}, 70_000)}} {
		args, err := s.EmitWithAck(t.Context(), "echo", v)
		require.NoError(t, err)
		assert.Equal(t, v, args.Any(0))
	}
	args, err := s.EmitWithAck(t.Context(), "echo", []byte{})
	require.NoError(t, err)
	var empty []byte
	require.NoError(t, args.Decode(0, &empty))
	assert.Empty(t, empty)
	s.On("question", func(n int, ack sioclient.Ack) { ack(n * 2) })
	args, err = s.EmitWithAck(t.Context(), "ask me", 21)
	require.NoError(t, err)
	assert.Equal(t, 42.0, args.Any(0))

	require.NoError(t, s.Emit("last", 1))
	s.Close()
	assert.Equal(t, 1, next(t, last), "what was sent before Close arrives")
	assert.Equal(t, sio.ClientNamespaceDisconnect, next(t, reasons))
	assert.Eventually(t, func() bool {
		return server.Clients() == 0
	}, time.Minute, time.Millisecond)
}

func TestUpgradeToWebTransportLosesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		transports []string
		udp        bool
		want       string
	}{
		"from polling": {[]string{"polling", "webtransport"}, true, "webtransport"},
		"a UDP port is closed": {[]string{"polling", "webtransport", "websocket"}, false,
			"websocket"},
	} {
		t.Run(name, func(t *testing.T) {
			server, address, c := both(t, sio.Config{}, test.udp)
			server.OnConnection(func(s *sio.Socket) { s.On("n", func(n int) { s.Emit("n", n) }) })
			c.Transports = test.transports
			s := connect(t, address, c)
			got := make(chan int, 100)
			s.On("n", func(n int) { got <- n })
			n := 0
			for done := false; !done; n++ { // until some have gone over the new transport
				done = n > 100 && s.Manager().Transport() == test.want
				require.NoError(t, s.Emit("n", n))
				require.Equal(t, n, next(t, got))
			}
			require.NoError(t, s.Emit("n", n))
			assert.Equal(t, n, next(t, got))
		})
	}
}

// Many events are on their way in both directions while the session moves.
func TestUpgradeToWebTransportUnderLoad(t *testing.T) {
	server, address, c := both(t, sio.Config{}, true)
	server.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int) { s.Emit("n", n, []byte{byte(n)}) })
	})
	c.Transports = []string{"polling", "websocket", "webtransport"}
	s := connect(t, address, c)
	const many = 3000
	got := make(chan int, many)
	s.On("n", func(n int, b []byte) {
		assert.Equal(t, []byte{byte(n)}, b)
		got <- n
	})
	for n := range many {
		require.NoError(t, s.Emit("n", n))
	}
	for n := range many {
		require.Equal(t, n, next(t, got))
	}
	require.Eventually(t, func() bool {
		return s.Manager().Transport() != "polling"
	}, time.Minute, time.Millisecond)
}

func TestTheServerEndsWebTransport(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(*sio.Server, *sio.Socket)
		reason sioclient.Reason
	}{
		"disconnects": {func(_ *sio.Server, s *sio.Socket) {
			s.Disconnect(false)
		}, sioclient.ServerDisconnect},
		"closes the session": {func(_ *sio.Server, s *sio.Socket) {
			s.Conn().Close()
		}, sioclient.TransportClose},
		"closes": {func(server *sio.Server, _ *sio.Socket) {
			server.Close(context.Background())
		}, sioclient.TransportClose},
	} {
		t.Run(name, func(t *testing.T) {
			server, address, c := both(t, sio.Config{}, true)
			server.OnConnection(func(s *sio.Socket) {
				s.On("end", func() { go test.end(server, s) })
			})
			c.NoReconnect = true
			s := connect(t, address, c)
			reasons := make(chan sioclient.Reason, 1)
			s.OnDisconnect(func(r sioclient.Reason, _ error) { reasons <- r })
			require.NoError(t, s.Emit("end"))
			assert.Equal(t, test.reason, next(t, reasons))
		})
	}
}

// The server's recovery works as over the other transports.
func TestReconnectOverWebTransport(t *testing.T) {
	server, address, c := both(t, sio.Config{Recovery: &sio.Recovery{}}, true)
	server.OnConnection(func(s *sio.Socket) {
		s.Join("all")
		s.Emit("begin")
		s.On("cut", func() {
			s.Conn().Close()
			server.To("all").Emit("missed", 7)
		})
	})
	begun, missed := make(chan bool, 1), make(chan int, 10)
	c.Setup = func(s *sioclient.Socket) {
		s.On("begin", func() { begun <- true })
		s.On("missed", func(n int) { missed <- n })
	}
	s := connect(t, address, c)
	next(t, begun) // with the offset that a recovery needs
	connected, id := make(chan bool, 10), s.ID()
	s.OnConnect(func() { connected <- s.Recovered() })
	require.NoError(t, s.Emit("cut"))
	assert.True(t, next(t, connected), "recovered")
	assert.Equal(t, 7, next(t, missed))
	assert.Equal(t, id, s.ID())
	assert.Equal(t, sioclient.WebTransport, s.Manager().Transport())
}

// A reset is an error to the client, which comes back.
func TestAResetOfWebTransport(t *testing.T) {
	l := serve(t, siowebtransport.Config{})
	reasons := make(chan sio.Reason, 10)
	l.io.OnConnection(func(s *sio.Socket) { s.OnDisconnect(func(r sio.Reason) { reasons <- r }) })
	connected, lost := make(chan bool, 10), make(chan sioclient.Reason, 10)
	connect(t, "https://"+l.addr, sioclient.Config{
		Transports: []string{sioclient.WebTransport}, DialWebTransport: siowebtransport.Dial,
		TLS:               l.client,
		ReconnectionDelay: 5 * time.Millisecond, ReconnectionDelayMax: 10 * time.Millisecond,
		Log: quiet,
		Setup: func(s *sioclient.Socket) {
			s.OnConnect(func() { connected <- true })
			s.OnDisconnect(func(r sioclient.Reason, _ error) { lost <- r })
		},
	})
	next(t, connected)
	local, err := net.ResolveUDPAddr("udp", l.addr)
	require.NoError(t, err)
	l.wt.Reset(local)
	assert.Equal(t, sioclient.TransportError, next(t, lost))
	assert.Equal(t, sio.TransportClose, next(t, reasons))
	next(t, connected)
}

func TestHeartbeatOverWebTransport(t *testing.T) {
	server, address, c := both(t,
		sio.Config{Engine: engineio.Config{PingInterval: 20 * time.Millisecond,
			PingTimeout: 10 * time.Second}}, true)
	pings := make(chan struct{}, 100)
	server.OnConnection(func(*sio.Socket) {})
	c.DialWebTransport = func(ctx context.Context, url string, header http.Header,
		config *tls.Config) (net.Conn, error) {
		conn, err := siowebtransport.Dial(ctx, url, header, config)
		return &watched{conn, func(written []byte) {
			if string(written) == "\x013" {
				pings <- struct{}{}
			}
		}}, err
	}
	s := connect(t, address, c)
	for range 5 {
		next(t, pings)
	}
	assert.True(t, s.Connected())
}

// watched passes on what is written.
type watched struct {
	net.Conn
	wrote func([]byte)
}

func (w *watched) Write(p []byte) (int, error) { w.wrote(p); return w.Conn.Write(p) }

func TestClientIsRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	refuse := errors.New("not you")
	server, address, c := both(t,
		sio.Config{Engine: engineio.Config{AllowRequest: func(r *http.Request) error {
			if r.URL.Query().Get("no") != "" {
				return refuse
			}
			return nil
		}}}, true)
	server.OnConnection(func(*sio.Socket) {})
	for name, test := range map[string]struct {
		change func(*sioclient.Config)
		url    string
		want   string
	}{
		"an unknown certificate": {func(c *sioclient.Config) {
			c.TLS = nil
		}, address, "certificate"},
		"another namespace": {func(*sioclient.Config) {}, address + "/else",
			"Invalid namespace"},
		"another origin": {func(c *sioclient.Config) {
			c.Header = http.Header{"Origin": {"https://else.example"}}
		}, address, "the server answered 403 Forbidden"},
		"a hook": {func(c *sioclient.Config) {
			c.Query = url.Values{"no": {"1"}}
		}, address, "the server did not open an Engine.IO session"},
		"no such host": {func(*sioclient.Config) {}, "https://no.invalid", "no.invalid"},
		"nobody listens": {func(c *sioclient.Config) {
			c.Timeout = 300 * time.Millisecond
		}, "https://127.0.0.1:9", "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			config := c
			config.NoReconnect = true
			test.change(&config)
			_, err := sioclient.Dial(ctx, test.url, config)
			assert.ErrorContains(t, err, test.want)
		})
	}
	_, err := sioclient.New(address, sioclient.Config{Transports: []string{sioclient.WebTransport}})
	assert.ErrorContains(t, err, "siowebtransport.Dial")
	assert.Zero(t, server.Clients())
}

func TestDialTakesHTTPSOnly(t *testing.T) {
	for _, address := range []string{"http://127.0.0.1:1/", "https:///path",
		"https://127.0.0.1:99999/", "%"} {
		_, err := siowebtransport.Dial(t.Context(), address, nil, nil)
		assert.ErrorContains(t, err, "siowebtransport: ", address)
	}
}

// A server that accepts the connection and never answers does not hold Dial up.
func TestDialEndsWithItsContext(t *testing.T) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer udp.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = siowebtransport.Dial(ctx, "https://"+udp.LocalAddr().String(), nil, nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCloseEndsAReadUnderWay(t *testing.T) {
	_, address, c := both(t, sio.Config{}, true)
	conn, err := siowebtransport.Dial(t.Context(), address+path, nil, c.TLS)
	require.NoError(t, err)
	_, err = io.WriteString(conn, "\x010")
	require.NoError(t, err)
	read := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, conn)
		read <- err
	}()
	require.NoError(t, conn.Close())
	assert.Error(t, next(t, read))
	require.NoError(t, conn.Close())
}

// While every packet is lost, only the heartbeat tells both sides; what was missed comes
// afterwards.
func TestACutOfWebTransportIsFoundAndRecovered(t *testing.T) {
	need.Time(t)
	server, address, c := both(t, sio.Config{Recovery: &sio.Recovery{},
		Engine: engineio.Config{PingInterval: time.Second, PingTimeout: time.Second}}, true)
	gone := make(chan sio.Reason, 10)
	server.OnConnection(func(s *sio.Socket) {
		s.OnDisconnect(func(r sio.Reason) { gone <- r })
		s.Emit("begin")
	})
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	front := netsim.Start(netsim.Config{UDP: udp, Target: strings.TrimPrefix(address, "https://"),
		Link: netsim.Link{RTT: 10 * time.Millisecond, Loss: 0.02}})
	defer front.Close()
	begun, missed, connected, lost := make(chan bool, 10), make(chan int, 10), make(chan bool, 10),
		make(chan sioclient.Reason, 10)
	c.Setup = func(s *sioclient.Socket) {
		s.On("begin", func() { begun <- true })
		s.On("missed", func(n int) { missed <- n })
		s.OnConnect(func() { connected <- s.Recovered() })
		s.OnDisconnect(func(r sioclient.Reason, _ error) { lost <- r })
	}
	s := connect(t, "https://"+front.Addr().String(), c)
	assert.False(t, next(t, connected))
	next(t, begun)
	id := s.ID()

	front.Blackout(true)
	assert.Equal(t, sio.PingTimeout, next(t, gone))
	server.Emit("missed", 7)
	assert.Equal(t, sioclient.PingTimeout, next(t, lost))
	front.Blackout(false)
	assert.True(t, next(t, connected), "recovered")
	assert.Equal(t, 7, next(t, missed))
	assert.Equal(t, id, s.ID())
	s.Close()
}
