package netsim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/siowebtransport"
)

func listenUDP(t *testing.T) *net.UDPConn {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// echoUDP answers each datagram, and keeps the address of the newest client.
func echoUDP(t *testing.T) (addr string, client *atomic.Value) {
	c := listenUDP(t)
	client = &atomic.Value{}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			client.Store(from.String())
			if n == 1 { // asks for a large answer
				n = maxDatagram + int(buffer[0])
			}
			c.WriteTo(buffer[:n], from)
		}
	}()
	return c.LocalAddr().String(), client
}

func udpFront(t *testing.T, c Config) *Front {
	c.UDP, c.Log = listenUDP(t), slog.New(slog.DiscardHandler)
	f := Start(c)
	t.Cleanup(func() { f.Close() })
	return f
}

func dialUDP(t *testing.T, addr string) net.Conn {
	c, err := net.Dial("udp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

// trip sends a datagram and waits for the answer.
func trip(t *testing.T, c net.Conn, data string) time.Duration {
	began := time.Now()
	_, err := io.WriteString(c, data)
	require.NoError(t, err)
	answer := make([]byte, 64<<10)
	n, err := c.Read(answer)
	require.NoError(t, err)
	require.Equal(t, data, string(answer[:n]))
	return time.Since(began)
}

func TestADatagramCrossesTheLink(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target, Link: Link{RTT: 60 * time.Millisecond}})
	c := dialUDP(t, f.Addr().String())
	assert.GreaterOrEqual(t, trip(t, c, "hello"), 60*time.Millisecond)
	assert.Equal(t, Counters{Packets: 2, Bytes: 2 * (20 + 8 + 5)}, f.Counters())
	f.Set(Link{RTT: 100 * time.Millisecond})
	assert.GreaterOrEqual(t, trip(t, c, "hello"), 100*time.Millisecond)
}

// The seed decides which datagrams are lost: exactly these do not come back.
func TestTheSeedLosesDatagrams(t *testing.T) {
	const many = 500
	link := Link{Loss: 0.1}
	for _, seed := range []uint64{1, 2} {
		target, _ := echoUDP(t)
		f := udpFront(t, Config{Target: target, Link: link, Seed: seed})
		c := dialUDP(t, f.Addr().String())
		up, down := newPath(link, seed, 0), newPath(link, seed, 1)
		var lost int64
		for i := range many {
			_, comes := up.send(0, 32)
			if comes {
				_, comes = down.send(0, 32)
			}
			var data [4]byte
			binary.BigEndian.PutUint32(data[:], uint32(i))
			if comes {
				trip(t, c, string(data[:]))
				continue
			}
			lost++
			_, err := c.Write(data[:])
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				return f.Counters().Lost == lost
			}, time.Minute, 100*time.Microsecond)
		}
		assert.InDelta(t, 0.19*many, lost, 50, "of 10% each way")
	}
}

func TestTooLargeDatagramsAreRefused(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target})
	c := dialUDP(t, f.Addr().String())
	trip(t, c, string(make([]byte, 1472)))
	for i, data := range []string{string(make([]byte, 1473)), string(make([]byte, 9000)), "\x01",
		"\xff"} {
		// the last two: from the server
		_, err := io.WriteString(c, data)
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return f.Counters().Refused == int64(i+1)
		}, time.Minute, time.Millisecond)
	}
	trip(t, c, "next")
	assert.Zero(t, f.Counters().Lost)
}

func TestDatagramsStayInOrder(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target,
		Link: Link{RTT: 20 * time.Millisecond, Jitter: 20 * time.Millisecond}})
	c := dialUDP(t, f.Addr().String())
	for i := range 100 {
		_, err := c.Write([]byte{byte(i), 0})
		require.NoError(t, err)
	}
	var answer [2]byte
	for i := range 100 {
		_, err := c.Read(answer[:])
		require.NoError(t, err)
		require.EqualValues(t, i, answer[0])
	}
}

func TestAFullQueueLosesDatagrams(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target, Link: Link{Rate: 8e3}}) // 1,000 bytes a second
	c := dialUDP(t, f.Addr().String())
	for range 60 { // the queue holds 32 packets of 1,500 bytes
		_, err := c.Write(make([]byte, 1400))
		require.NoError(t, err)
	}
	assert.Eventually(t, func() bool {
		return f.Counters().Lost > 0
	}, time.Minute, time.Millisecond)
}

func TestABlackoutLosesDatagrams(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target})
	c := dialUDP(t, f.Addr().String())
	trip(t, c, "before")
	f.Blackout(true)
	_, err := io.WriteString(c, "lost")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return f.Counters().Lost == 1
	}, time.Minute, time.Millisecond)
	f.Blackout(false)
	trip(t, c, "after")
}

// One host's TCP and UDP share its link, and each client gets its own answers.
func TestClientsOfUDPAreToldApart(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target})
	one, two := dialUDP(t, f.Addr().String()), dialUDP(t, f.Addr().String())
	for range 10 {
		trip(t, one, "one")
		trip(t, two, "two")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	assert.Len(t, f.wires, 1)
	assert.Equal(t, 2, f.wires["127.0.0.1"].conns)
}

func TestTCPAndUDPOfAHostShareItsLink(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Listener: l, Target: target, Link: Link{RTT: 10 * time.Millisecond}})
	trip(t, dialUDP(t, f.config.UDP.LocalAddr().String()), "one")
	before := f.Counters().Packets
	// nothing listens behind; the handshake on the link counts
	c, err := net.Dial("tcp", f.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	require.Eventually(t, func() bool {
		return f.Counters().Packets >= before+3
	}, time.Minute, time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	assert.Len(t, f.wires, 1)
}

func TestAnIdleClientOfUDPIsForgotten(t *testing.T) {
	target, from := echoUDP(t)
	f := udpFront(t, Config{Target: target, UDPIdle: time.Second})
	c := dialUDP(t, f.Addr().String())
	trip(t, c, "one")
	port := from.Load()
	require.Eventually(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.wires["127.0.0.1"].conns == 0
	}, time.Minute, time.Millisecond)
	trip(t, c, "again")
	assert.NotEqual(t, port, from.Load(), "a new port")
}

func TestMoreClientsOfUDPThanFitAreRefused(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target, MaxUDPClients: 1})
	one, two := dialUDP(t, f.Addr().String()), dialUDP(t, f.Addr().String())
	trip(t, one, "one")
	_, err := io.WriteString(two, "two")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return f.Counters().Refused == 1
	}, time.Minute, time.Millisecond)
	trip(t, one, "one")
}

func TestAClosedServerPortEndsNothing(t *testing.T) {
	gone := listenUDP(t)
	addr := gone.LocalAddr().String()
	gone.Close()
	f := udpFront(t, Config{Target: addr})
	c := dialUDP(t, f.Addr().String())
	for range 3 {
		_, err := io.WriteString(c, "nobody")
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		return f.Counters().Packets == 3
	}, time.Minute, time.Millisecond)
	f.udp.mu.Lock()
	defer f.udp.mu.Unlock()
	assert.Len(t, f.udp.clients, 1)
}

func TestCloseDropsDatagramsOnTheirWay(t *testing.T) {
	target, _ := echoUDP(t)
	f := udpFront(t, Config{Target: target, Link: Link{RTT: 10 * time.Second}})
	c := dialUDP(t, f.Addr().String())
	_, err := io.WriteString(c, "on its way")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return f.Counters().Packets == 1
	}, time.Minute, time.Millisecond)
	require.NoError(t, f.Close())
}

// quicPair connects a client and a server of QUIC through a front.
func quicPair(t *testing.T, link Link) (f *Front, client, server *quic.Conn) {
	cert, _, err := siowebtransport.NewCertificate("127.0.0.1")
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	config := &quic.Config{EnableDatagrams: true, HandshakeIdleTimeout: time.Minute,
		MaxIdleTimeout: time.Minute}
	l, err := quic.Listen(listenUDP(t),
		&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"lab"}}, config)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	f = udpFront(t, Config{Target: l.Addr().String(), Link: link, Seed: 1})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err = quic.Dial(ctx, listenUDP(t), f.Addr(),
		&tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: []string{"lab"}}, config)
	require.NoError(t, err)
	t.Cleanup(func() { client.CloseWithError(0, "") })
	server, err = l.Accept(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { server.CloseWithError(0, "") }) // the client's may be lost
	return f, client, server
}

func TestQUICRepairsAStream(t *testing.T) {
	f, client, server := quicPair(t, Link{RTT: 20 * time.Millisecond, Loss: 0.02})
	assert.GreaterOrEqual(t, client.ConnectionStats().MinRTT, 20*time.Millisecond)
	const size = 1 << 20
	go func() {
		s, err := client.OpenStream()
		if assert.NoError(t, err) {
			s.Write(make([]byte, size))
			s.Close()
		}
	}()
	s, err := server.AcceptStream(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.SetReadDeadline(time.Now().Add(time.Minute)))
	n, err := io.Copy(io.Discard, s)
	require.NoError(t, err)
	assert.EqualValues(t, size, n)
	counts := f.Counters()
	assert.Positive(t, counts.Lost)
	assert.Greater(t, counts.Bytes, int64(size))
	// Path MTU discovery finds the link's: more than the 1,200 bytes with which QUIC begins.
	assert.Less(t, counts.Packets, 2*int64(size)/1200)
}

func TestDatagramsOfQUICAreLostForGood(t *testing.T) {
	f, client, server := quicPair(t, Link{Loss: 0.05})
	const many = 400
	go func() {
		for i := range many {
			if client.SendDatagram([]byte{byte(i >> 8), byte(i)}) != nil {
				return
			}
		}
		s, err := client.OpenUniStream() // its end shows that everything was sent
		if assert.NoError(t, err) {
			s.Close()
		}
	}()
	got := map[[2]byte]bool{}
	ctx, cancel := context.WithCancel(t.Context())
	received := make(chan error, 1)
	go func() {
		for {
			data, err := server.ReceiveDatagram(ctx)
			if err != nil {
				received <- err
				return
			}
			got[[2]byte(data)] = true
		}
	}()
	s, err := server.AcceptUniStream(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = s.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
	cancel()
	require.ErrorIs(t, <-received, context.Canceled)
	assert.Less(t, len(got), many)
	assert.NotEmpty(t, got)
	assert.Positive(t, f.Counters().Lost)
}

func TestAStreamOfQUICSurvivesABlackout(t *testing.T) {
	f, client, server := quicPair(t, Link{RTT: 10 * time.Millisecond})
	up, err := client.OpenStream()
	require.NoError(t, err)
	_, err = io.WriteString(up, "a")
	require.NoError(t, err)
	down, err := server.AcceptStream(t.Context())
	require.NoError(t, err)
	require.NoError(t, down.SetReadDeadline(time.Now().Add(time.Minute)))
	var one [1]byte
	_, err = down.Read(one[:])
	require.NoError(t, err)
	f.Blackout(true)
	lost := f.Counters().Lost
	_, err = io.WriteString(up, "b")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return f.Counters().Lost > lost
	}, time.Minute, time.Millisecond)
	f.Blackout(false)
	_, err = down.Read(one[:])
	require.NoError(t, err)
	assert.Equal(t, "b", string(one[:]))
}
