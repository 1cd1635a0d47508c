package sioclient_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// streamTo returns a dialer of one stream, whose other end serve has until it returns.
func streamTo(t *testing.T, serve func(in *bufio.Reader, out net.Conn)) func(context.Context,
	string, http.Header, *tls.Config) (net.Conn, error) {
	return func(_ context.Context, url string, _ http.Header, _ *tls.Config) (net.Conn, error) {
		assert.Regexp(t, `^https://127\.0\.0\.1:1/socket\.io/\?EIO=4&transport=webtransport$`, url)
		client, server := net.Pipe()
		served := make(chan struct{})
		go func() {
			defer close(served)
			defer server.Close()
			serve(bufio.NewReader(server), server)
		}()
		t.Cleanup(func() { <-served })
		return client, nil
	}
}

// packet is a short packet with its header.
func packet(text string) string { return string(rune(len(text))) + text }

const opening = `0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`

func TestAWebTransportEnds(t *testing.T) {
	for name, test := range map[string]struct {
		last   string // bytes from the server, before it closes
		reason sioclient.Reason
	}{
		"by its server":            {"", sioclient.TransportClose},
		"with a close packet":      {packet("1"), sioclient.TransportClose},
		"inside a header":          {"\x7e\x00", sioclient.TransportClose},
		"inside a packet":          {"\x0642", sioclient.TransportClose},
		"with an empty packet":     {"\x00", sioclient.ParseError},
		"with a packet too large":  {"\x7e\x10\x01", sioclient.ParseError},
		"with an unknown packet":   {packet("x"), sioclient.ParseError},
		"with a bad event":         {packet("42{"), sioclient.ParseError},
		"with a lone attachment":   {"\x81a", sioclient.ParseError},
		"with a server disconnect": {packet("41"), sioclient.ServerDisconnect},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := sioclient.New("http://127.0.0.1:1", sioclient.Config{
				Transports: []string{sioclient.WebTransport}, NoReconnect: true, MaxMessage: 4096,
				Log: quiet,
				DialWebTransport: streamTo(t, func(in *bufio.Reader, out net.Conn) {
					open := make([]byte, 2)
					io.ReadFull(in, open)
					assert.Equal(t, packet("0"), string(open))
					io.WriteString(out, packet(opening))
					join := make([]byte, 3)
					io.ReadFull(in, join)
					assert.Equal(t, packet("40"), string(join))
					io.WriteString(out, packet(`40{"sid":"s"}`)+test.last)
				}),
			})
			require.NoError(t, err)
			defer s.Close()
			reasons := make(chan sioclient.Reason, 1)
			s.OnDisconnect(func(r sioclient.Reason, _ error) { reasons <- r })
			require.NoError(t, s.Connect(t.Context()))
			assert.Equal(t, test.reason, next(t, reasons))
		})
	}
}

func TestAWebTransportThatDoesNotOpen(t *testing.T) {
	for name, test := range map[string]struct {
		first, want string
	}{
		"the server ends the stream": {"", "the server did not open an Engine.IO session"},
		"another packet": {packet("40"),
			"the server did not open an Engine.IO session"},
		"no sid": {packet("0{}"),
			"the server did not open an Engine.IO session"},
		"an empty packet": {"\x00", "packet that is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sioclient.Dial(t.Context(), "https://127.0.0.1:1", sioclient.Config{
				Transports: []string{sioclient.WebTransport}, NoReconnect: true, Log: quiet,
				DialWebTransport: streamTo(t, func(in *bufio.Reader, out net.Conn) {
					io.ReadFull(in, make([]byte, 2))
					io.WriteString(out, test.first)
				}),
			})
			assert.ErrorContains(t, err, test.want)
		})
	}
}

// A WebTransport that hangs does not keep the WebSocket from being tried.
func TestAnUpgradeDoesNotWaitForWebTransport(t *testing.T) {
	io, url := serve(t,
		sio.Config{Engine: engineio.Config{Transports: []string{engineio.Polling,
			engineio.WebSocket, engineio.WebTransport}}})
	echo(io)
	c := fast
	dialed, ended := make(chan bool, 1), make(chan bool, 1)
	c.Transports = []string{sioclient.Polling, sioclient.WebSocket, sioclient.WebTransport}
	c.DialWebTransport = func(ctx context.Context, url string, _ http.Header,
		_ *tls.Config) (net.Conn, error) {
		assert.True(t, strings.HasPrefix(url, "https://"), url)
		assert.Contains(t, url, "sid=")
		dialed <- true
		<-ctx.Done()
		ended <- true
		return nil, fmt.Errorf("nothing answers: %w", ctx.Err())
	}
	s := dial(t, url, c)
	next(t, dialed)
	require.Eventually(t, func() bool {
		return s.Manager().Transport() == sioclient.WebSocket
	}, time.Minute, time.Millisecond)
	next(t, ended)
	args, err := s.EmitWithAck(t.Context(), "echo", 1)
	require.NoError(t, err)
	assert.Equal(t, 1.0, args.Any(0))
}
