package webtransport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	wt "github.com/quic-go/webtransport-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
	"realtimelab/internal/feed"
	"realtimelab/internal/feed/client"
	"realtimelab/internal/feed/feedtest"
	"realtimelab/internal/feed/wire"
	"realtimelab/internal/netsim"
	"realtimelab/internal/wtclient"
)

var ways = []Way{Stream, Streams, Datagrams}

// lab is a server of the test, and what its clients trust.
type lab struct {
	*testing.T
	*Server
	addr  string
	trust *tls.Config
	close func()
}

// identity is the certificate of every server of the tests, and what trusts it.
var identity = sync.OnceValues(func() (server, client *tls.Config) {
	cert, err := certificate.Make("127.0.0.1")
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: roots}
})

// serve serves on a UDP port, a free one if addr is empty.
func serve(t *testing.T, addr string) *lab {
	ours, theirs := identity()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	udp, err := net.ListenPacket("udp", addr)
	require.NoError(t, err)
	s := NewServer(Config{TLS: ours, StreamTimeout: time.Second})
	served := make(chan error, 1)
	go func() { served <- s.Serve(udp) }()
	l := &lab{t, s, udp.LocalAddr().String(), theirs, nil}
	closed := false
	l.close = func() {
		if closed {
			return
		}
		closed = true
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, s.Close(ctx))
		assert.Error(t, <-served)
		udp.Close()
	}
	t.Cleanup(l.close)
	return l
}

func (l *lab) client(way Way) *Client {
	return &Client{URL: "https://" + l.addr, Way: way, TLS: l.trust, Backoff: feedtest.Backoff}
}

// follow subscribes until the test ends or stop is called.
func (l *lab) follow(c *Client, after int64) (got chan feed.Message, stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	got, done := make(chan feed.Message, 10_000), make(chan error, 1)
	go func() { done <- c.Subscribe(ctx, after, func(m feed.Message) { got <- m }) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return next(l.T, done)
	}
	l.Cleanup(func() { _ = stop() })
	return got, stop
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

// clients waits for a number of sessions.
func (l *lab) clients(n int) {
	require.Eventually(l, func() bool { return l.Clients() == n }, time.Minute, time.Millisecond)
}

func eachWay(t *testing.T, f func(t *testing.T, way Way)) {
	for _, way := range ways {
		t.Run(strings.TrimPrefix(string(way), "/"), func(t *testing.T) { f(t, way) })
	}
}

func TestMessagesReachEveryClient(t *testing.T) {
	eachWay(t, func(t *testing.T, way Way) {
		l := serve(t, "")
		ann, bob := l.client(way), l.client(way)
		toAnn, _ := l.follow(ann, 0)
		toBob, _ := l.follow(bob, 0)
		l.clients(2)
		for i := range 20 {
			text := fmt.Sprintf("%d 你好", i)
			require.NoError(t, ann.Publish(t.Context(), "ann", text))
			for _, got := range []chan feed.Message{toAnn, toBob} {
				m := next(t, got)
				assert.Equal(t, []any{int64(i + 1), "ann", text}, []any{m.ID, m.From, m.Text})
				assert.Equal(t, l.Feed.Since(int64(i))[0].Message, m)
			}
		}
		assert.EqualValues(t, 1, bob.Counters.Requests.Load())
		assert.EqualValues(t, 20, bob.Counters.Messages.Load())
		assert.Zero(t, bob.Lost())
	})
}

func TestAClientBeginsAfterItsCursor(t *testing.T) {
	for _, way := range []Way{Stream, Streams} {
		l := serve(t, "")
		for i := range 5 {
			l.Feed.Publish("lab", fmt.Sprint(i))
		}
		got, _ := l.follow(l.client(way), 3)
		ids := []int64{next(t, got).ID, next(t, got).ID}
		slices.Sort(ids)
		assert.Equal(t, []int64{4, 5}, ids)
	}
	l := serve(t, "")
	l.Feed.Publish("lab", "old")
	got, _ := l.follow(l.client(Datagrams), 0)
	l.clients(1)
	for len(got) == 0 { // the session may be counted before it has subscribed
		l.Feed.Publish("lab", "new")
		time.Sleep(time.Millisecond)
	}
	assert.Equal(t, "new", next(t, got).Text, "datagrams begin with the newest")
}

// Over a network that loses packets, the streams repair what datagrams do not.
func TestLostPackets(t *testing.T) {
	eachWay(t, func(t *testing.T, way Way) {
		l := serve(t, "")
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		front := netsim.Start(netsim.Config{UDP: udp, Target: l.addr,
			Link: netsim.Link{RTT: 10 * time.Millisecond}})
		defer front.Close()
		c := l.client(way)
		c.URL = "https://" + front.Addr().String()
		got, stop := l.follow(c, 0)
		defer stop()
		l.clients(1)
		require.NoError(t, c.Publish(t.Context(), "ann", "first"))
		assert.EqualValues(t, 1, next(t, got).ID)

		front.Set(netsim.Link{RTT: 10 * time.Millisecond, Loss: 0.1})
		const many = 300
		for i := range many {
			l.Feed.Publish("lab", fmt.Sprint(i))
			time.Sleep(time.Millisecond)
		}
		front.Set(netsim.Link{})
		if way != Datagrams {
			var ids []int64
			for range many {
				ids = append(ids, next(t, got).ID)
			}
			if way == Streams {
				assert.False(t, slices.IsSorted(ids), "a later message overtakes a lost one")
				slices.Sort(ids)
			}
			for i, id := range ids {
				require.EqualValues(t, i+2, id)
			}
			return
		}
		for m := next(t, got); m.Text != "end"; {
			// as often as it takes: one that is lost is counted with the next
			if len(got) > 0 {
				m = next(t, got)
				continue
			}
			l.Feed.Publish("lab", "end")
			time.Sleep(time.Millisecond)
		}
		assert.Greater(t, c.Lost(), int64(many/20))
		assert.Less(t, c.Lost(), int64(many/2))
	})
}

func TestACutIsMended(t *testing.T) {
	eachWay(t, func(t *testing.T, way Way) {
		l := serve(t, "")
		udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		front := netsim.Start(netsim.Config{UDP: udp, Target: l.addr})
		defer front.Close()
		c := l.client(way)
		c.URL = "https://" + front.Addr().String()
		got, stop := l.follow(c, 0)
		defer stop()
		l.clients(1)
		require.NoError(t, c.Publish(t.Context(), "ann", "before"))
		assert.Equal(t, "before", next(t, got).Text)
		front.Blackout(true)
		// The message is longer than what else may be lost: acknowledgements and pings.
		missed := strings.Repeat("missed ", 140)
		lost := front.Counters().Bytes + int64(len(missed))
		l.Feed.Publish("lab", missed)
		require.Eventually(t, func() bool {
			return front.Counters().Bytes >= lost
		}, time.Minute, time.Millisecond)
		front.Blackout(false)
		l.Feed.Publish("lab", "after")
		if way == Datagrams {
			m := next(t, got)
			assert.Equal(t, "after", m.Text)
			assert.EqualValues(t, 1, c.Lost())
			return
		}
		texts := []string{next(t, got).Text, next(t, got).Text}
		slices.Sort(texts)
		assert.Equal(t, []string{"after", missed}, texts)
	})
}

func TestAClientComesBackAfterAReset(t *testing.T) {
	eachWay(t, func(t *testing.T, way Way) {
		l := serve(t, "")
		c := l.client(way)
		got, _ := l.follow(c, 0)
		l.clients(1)
		require.NoError(t, c.Publish(t.Context(), "ann", "before"))
		assert.Equal(t, "before", next(t, got).Text)
		local, err := net.ResolveUDPAddr("udp", l.addr)
		require.NoError(t, err)
		l.Reset(&net.UDPAddr{IP: local.IP, Port: local.Port + 1})
		assert.EqualValues(t, 1, c.Counters.Requests.Load(), "another address")
		l.Reset(local)
		require.Eventually(t, func() bool {
			return c.Counters.Requests.Load() == 2
		}, time.Minute, time.Millisecond)
		l.clients(1)
		require.NoError(t, c.Publish(t.Context(), "ann", "after"))
		assert.Equal(t, "after", next(t, got).Text)
	})
}

// A client finds the server again after a restart, and reads its new log from the beginning.
func TestARestart(t *testing.T) {
	eachWay(t, func(t *testing.T, way Way) {
		l := serve(t, "")
		c := l.client(way)
		got, _ := l.follow(c, 0)
		l.clients(1)
		for i := range 3 {
			l.Feed.Publish("lab", fmt.Sprint(i))
			next(t, got)
		}
		l.close()
		time.Sleep(2 * time.Millisecond) // so that no message has the time of one before
		again := serve(t, l.addr)
		again.clients(1)
		for len(got) == 0 {
			again.Feed.Publish("lab", "again")
			time.Sleep(time.Millisecond)
		}
		assert.Equal(t, "again", next(t, got).Text)
	})
}

func TestCloseSendsTheLastMessages(t *testing.T) {
	l := serve(t, "")
	c := l.client(Stream)
	got, _ := l.follow(c, 0)
	l.clients(1)
	for i := range 100 {
		l.Feed.Publish("lab", fmt.Sprint(i))
	}
	l.close()
	for i := range 100 {
		assert.EqualValues(t, i+1, next(t, got).ID)
	}
}

func TestRefusals(t *testing.T) {
	l := serve(t, "")
	for path, status := range map[string]int{"/else": 404, "/stream?after=x": 400} {
		_, err := wtclient.Dial(t.Context(), "https://"+l.addr+path, nil, l.trust)
		var refused *wtclient.RefusedError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, status, refused.Status)
		assert.Contains(t, string(refused.Body), `{"error":"`)
	}
	c := l.client(Stream)
	c.Header = http.Header{"Origin": {"https://else.example"}}
	var refused *client.RefusedError
	require.ErrorAs(t, c.Subscribe(t.Context(), 0, func(feed.Message) {}), &refused)
	assert.Equal(t, http.StatusForbidden, refused.Status)

	eachWay(t, func(t *testing.T, way Way) {
		c := l.client(way)
		got, stop := l.follow(c, 0)
		defer stop()
		require.ErrorAs(t, c.Publish(t.Context(), "", "no name"), &refused)
		assert.Equal(t, http.StatusBadRequest, refused.Status)
		if way == Datagrams {
			require.ErrorAs(t, c.Publish(t.Context(), "ann", strings.Repeat("x", 2000)), &refused)
			assert.Equal(t, http.StatusRequestEntityTooLarge, refused.Status)
		}
		require.NoError(t, c.Send(t.Context(), []byte("no JSON")))
		require.NoError(t, c.Publish(t.Context(), "ann", "still here"))
		for next(t, got).Text != "still here" {
		}
	})
}

// A client that breaks the rules gets a code and the reason, as does one that opens no stream in
// time.
func TestASessionEndsWithACode(t *testing.T) {
	l := serve(t, "")
	for name, test := range map[string]struct {
		do   func(*wtclient.Session)
		path string
		want string
	}{
		"no stream": {func(*wtclient.Session) {}, "/stream", "no stream came"},
		"a line too long": {func(s *wtclient.Session) {
			stream, err := s.OpenStream()
			require.NoError(t, err)
			go stream.Write([]byte(strings.Repeat("x", wire.MaxBody+1) + "\n"))
		}, "/stream", "the message is too large"},
		"a stream too long": {func(s *wtclient.Session) {
			stream, err := s.OpenUniStream()
			require.NoError(t, err)
			go func() {
				stream.Write(make([]byte, wire.MaxBody+1))
				stream.Close()
			}()
		}, "/streams", "the message is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := wtclient.Dial(t.Context(), "https://"+l.addr+test.path, nil, l.trust)
			require.NoError(t, err)
			defer s.Close()
			test.do(s)
			select {
			case <-s.Context().Done():
			case <-time.After(time.Minute):
				t.Fatal("the session is still open")
			}
			var code *wt.SessionError
			require.ErrorAs(t, ended(s.Session), &code)
			assert.Equal(t, []any{codeFault, test.want}, []any{code.ErrorCode, code.Message})
		})
	}
}

func TestTrack(t *testing.T) {
	at := func(id int64, ms int) feed.Message {
		return feed.Message{ID: id, At: feed.Time{Time: time.UnixMilli(int64(ms))}}
	}
	var seen track
	assert.True(t, seen.add(at(1, 1)))
	assert.True(t, seen.add(at(3, 3)))
	assert.EqualValues(t, 1, seen.last.ID)
	assert.False(t, seen.add(at(3, 3)))
	assert.True(t, seen.add(at(2, 2)))
	assert.EqualValues(t, 3, seen.last.ID)
	assert.False(t, seen.add(at(2, 2)))
	assert.True(t, seen.add(at(1, 9)), "of another log")
	assert.EqualValues(t, 1, seen.last.ID)
	for id := range int64(maxAhead + 1) {
		assert.True(t, seen.add(at(10+id, 20)))
	}
	assert.EqualValues(t, 10+maxAhead, seen.last.ID, "the feed keeps no more")
	assert.Empty(t, seen.ahead)
}
