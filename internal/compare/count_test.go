package compare

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"realtimelab/internal/certificate"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
	"realtimelab/internal/relay"
)

// copied holds the bytes of a connection through a relay, each way.
type copied struct {
	net.Conn
	mu      sync.Mutex
	in, out bytes.Buffer // read from the client, written to it
}

func (c *copied) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in.Write(p[:n])
	return n, err
}

func (c *copied) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Write(p[:n])
	return n, err
}

func (c *copied) CloseWrite() error { return c.Conn.(interface{ CloseWrite() error }).CloseWrite() }

// copies keeps every connection that it accepts.
type copies struct {
	net.Listener
	mu  sync.Mutex
	all []*copied
}

func (r *copies) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	kept := &copied{Conn: c}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, kept)
	return kept, nil
}

// headsOf counts the heads of one direction with net/http, and their bytes.
func headsOf(stream []byte, read func(*bufio.Reader) (body io.ReadCloser, switched bool,
	err error)) (count, size int) {
	source := bytes.NewReader(stream)
	in := bufio.NewReader(source)
	for {
		at := source.Len() + in.Buffered()
		body, switched, err := read(in)
		if err != nil {
			return count, size
		}
		count, size = count+1, size+at-source.Len()-in.Buffered()
		if switched {
			return count, size
		}
		_, _ = io.Copy(io.Discard, body)
	}
}

func request(in *bufio.Reader) (io.ReadCloser, bool, error) {
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil, false, err
	}
	return r.Body, r.Header.Get("Upgrade") != "", nil
}

func response(in *bufio.Reader) (io.ReadCloser, bool, error) {
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, false, err
	}
	return r.Body, r.StatusCode == http.StatusSwitchingProtocols, nil
}

// framesOf counts the frames with headers of one direction of HTTP/2, and their bytes.
func framesOf(stream []byte) (heads, size int) {
	in := bytes.NewReader(stream)
	for {
		h, err := http2.ReadFrameHeader(in)
		if err != nil || in.Len() < int(h.Length) {
			return heads, size
		}
		_, _ = in.Seek(int64(h.Length), io.SeekCurrent)
		if h.Type == http2.FrameHeaders {
			heads++
		}
		if h.Type == http2.FrameHeaders || h.Type == http2.FrameContinuation {
			size += 9 + int(h.Length)
		}
	}
}

// counted returns the relay's counts of the bytes so far.
func (r *copies) counted() meter.Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := meter.Counts{Connections: int64(len(r.all))}
	for _, c := range r.all {
		c.mu.Lock()
		sum.In, sum.Out = sum.In+int64(c.in.Len()), sum.Out+int64(c.out.Len())
		requests, in := headsOf(c.in.Bytes(), request)
		_, out := headsOf(c.out.Bytes(), response)
		if frames, found := bytes.CutPrefix(c.in.Bytes(), []byte(http2.ClientPreface)); found {
			requests, in = framesOf(frames)
			_, out = framesOf(c.out.Bytes())
		}
		sum.Requests, sum.HeadersIn, sum.HeadersOut = sum.Requests+int64(requests),
			sum.HeadersIn+int64(in), sum.HeadersOut+int64(out)
		c.mu.Unlock()
	}
	return sum
}

// behindRelay returns a turn of that transport whose clients reach their server through a relay.
// The relay decrypts TLS, and has the protocol of each client chosen with the server.
func behindRelay(t *testing.T, name string, secure bool) (*turn, *copies) {
	_, lane, found := lesson.FindLane(runner.Lessons, name)
	require.True(t, found)
	s, err := startServer(ourselves, Serving{Lane: name, Workload: Feed, TLS: secure})
	require.NoError(t, err)
	t.Cleanup(func() { s.close() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	scheme, target, _ := strings.Cut(s.url, "://")
	between, dial := &copies{Listener: l}, relay.To(target)
	if s.trust != nil {
		made, err := certificate.Make()
		require.NoError(t, err)
		between.Listener = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{made},
			NextProtos: []string{"h2", "http/1.1"}})
		to := s.trust
		dial = func(ctx context.Context, client net.Conn) (net.Conn, error) {
			secured := client.(*copied).Conn.(*tls.Conn)
			if err := secured.HandshakeContext(ctx); err != nil {
				return nil, err
			}
			c := to.Clone()
			if chosen := secured.ConnectionState().NegotiatedProtocol; chosen != "" {
				c.NextProtos = []string{chosen}
			}
			return (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", target)
		}
		s.trust, err = trust(made.Certificate[0])
		require.NoError(t, err)
	}
	r := relay.Start(relay.Config{Listener: between, Dial: dial,
		Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { r.Close() })
	s.url = scheme + "://" + l.Addr().String()
	return small(Feed, name).turn(s, lane, Step{Transport: name}, func(Live) {}), between
}

// The server's counts equal the counts of a relay in between, which is independent of the tap and
// reads HTTP with net/http, with and without TLS.
func TestCountsAreThoseOfARelayInBetween(t *testing.T) {
	need.Time(t)
	for _, name := range everyLane() {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %t", name, secure), func(t *testing.T) {
				t.Parallel()
				countsAgree(t, name, secure)
			})
		}
	}
}

func countsAgree(t *testing.T, name string, secure bool) {
	turn, between := behindRelay(t, name, secure)
	defer turn.clients.close()
	require.NoError(t, turn.connect(t.Context()))
	require.NoError(t, turn.run(t.Context()))

	var own, relayed meter.Counts
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		// until nothing is on its way just now
		said, err := turn.server.ask("")
		require.NoError(t, err)
		own = said.Counts
		if relayed = between.counted(); relayed == own || time.Now().After(end) {
			break
		}
	}
	assert.Equal(t, relayed, own)
	assert.Positive(t, own.HeadersOut)
}
