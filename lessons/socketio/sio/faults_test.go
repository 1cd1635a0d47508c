package sio_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// A JavaScript listener is called whatever the number of arguments.
func TestSurplusArgumentsAreDroppedAndMissingOnesAreZero(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int, text string, ack func(string)) { ack(fmt.Sprint(n, text)) })
		s.On("all", func(args ...any) { s.Emit("all", len(args)) })
	})
	p := join(t, url)
	for packet, want := range map[string]string{
		`421["n",1,"a"]`: `431["1a"]`, `422["n",1,"a",true,{}]`: `432["1a"]`,
		`423["n",1]`: `433["1"]`, `424["n"]`: `434["0"]`,
		`42["all",1,2,3]`: `42["all",3]`, `42["all"]`: `42["all",0]`,
	} {
		p.write(packet)
		assert.Equal(t, want, p.read(), packet)
	}
}

// A client that waits for an answer hears that its arguments do not fit.
func TestAnArgumentOfTheWrongTypeIsAnswered(t *testing.T) {
	io, url := serve(t, sio.Config{Log: quiet})
	errs := make(chan error, 10)
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int, ack sio.Ack) { ack(n) })
		s.On("fails", func(ack sio.Ack) error { ack("done"); return errors.New("on purpose") })
		s.OnError(func(err error) { errs <- err })
	})
	p := join(t, url)
	p.write(`421["n","text"]`)
	assert.Regexp(t, `^431\[\{"error":"event \\"n\\": argument 1: .*"\}\]$`, p.read())
	assert.ErrorContains(t, <-errs, `event "n": argument 1`)
	p.write(`422["fails"]`)
	assert.Equal(t, `432["done"]`, p.read())
	assert.ErrorContains(t, <-errs, "on purpose", "a handler's error goes to OnError")
}

func TestOnPanicsWhereAHandlerCanNeverBeCalled(t *testing.T) {
	for name, handler := range map[string]any{
		"no func":            7,
		"a func in between":  func(func(string), int) {},
		"a channel":          func(chan int) {},
		"a channel inside":   func([]struct{ C chan int }) {},
		"an interface":       func(fmt.Stringer) {},
		"a result":           func() int { return 1 },
		"two results":        func() (int, error) { return 1, nil },
		"an ack with result": func(func() error) {},
		"an ack of channels": func(func(chan int)) {},
	} {
		assert.Panics(t, func() { (&sio.Socket{}).On("x", handler) }, name)
	}
	for name, handler := range map[string]any{
		"nothing": func() {}, "a typed ack": func(func(string)) {},
		"an ack of two":  func(int, func(string, []byte)) {},
		"a variadic ack": func(func(int, ...string)) {}, "an error": func(string) error {
			return nil
		},
		"everything": func(bool, *int, []byte, map[string]any, time.Time, any,
			struct{ A [2]float64 }, ...sio.Args) {
		},
	} {
		if name != "everything" {
			assert.NotPanics(t, func() { (&sio.Socket{}).On("x", handler) }, name)
		}
	}
}

func TestTypedAcknowledgements(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("one", func(ack func(string)) { ack("x") })
		s.On("more", func(ack func(int, ...string)) { ack(1, "a", "b") })
	})
	p := join(t, url)
	p.write(`421["one"]`, `422["more"]`)
	assert.Equal(t, `431["x"]`, p.read())
	assert.Equal(t, `432[1,"a","b"]`, p.read())
}

// A lone surrogate becomes U+FFFD, in a name as in an argument.
func TestALoneSurrogateInAName(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		s.On("x:\ufffd", func(v string, ack sio.Ack) { ack(v) })
	})
	p := join(t, url)
	p.write(`421["x:\ud83d","\ud83d"]`)
	assert.Equal(t, "431[\"\ufffd\"]", p.read())
}

func TestPathWithoutASlashAtItsEnd(t *testing.T) {
	for path, ok := range map[string]bool{"/socket.io": true, "/socket.io/": true, "/a/b": true,
		"": true, "socket.io": false, "/a?b": false, "/a#b": false} {
		if !ok {
			assert.Panics(t, func() { sio.NewServer(sio.Config{Path: path}) }, path)
			continue
		}
		server := sio.NewServer(sio.Config{Path: path})
		web := httptest.NewServer(server)
		if path == "" {
			path = "/socket.io"
		}
		path = strings.TrimSuffix(path, "/")
		for url, want := range map[string]int{path + "/": 200, path + "x/": 404, path + "x": 404} {
			res, err := http.Get(web.URL + url + "?EIO=4&transport=polling")
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, want, res.StatusCode, url)
		}
		require.NoError(t, server.Close(t.Context()))
		web.Close()
	}
}

func TestTimeoutOfZeroIsAtOnce(t *testing.T) {
	io, url := serve(t, sio.Config{})
	got := make(chan error, 2)
	io.OnConnection(func(s *sio.Socket) {
		_, err := s.Timeout(0).EmitWithAck(context.Background(), "x")
		got <- err
		_, err = io.Timeout(0).EmitWithAck(context.Background(), "x")
		got <- err
	})
	join(t, url)
	assert.ErrorIs(t, <-got, sio.ErrTimeout)
	assert.ErrorIs(t, <-got, sio.ErrTimeout)
}

// Leaving rooms takes the same time for each, and so does a broadcast meanwhile.
func TestLeavingManyRoomsIsNotQuadratic(t *testing.T) {
	const many = 100_000
	io, url := serve(t, sio.Config{})
	sockets := make(chan *sio.Socket, 1)
	io.OnConnection(func(s *sio.Socket) { sockets <- s })
	join(t, url)
	s := <-sockets
	rooms := make([]string, many)
	for i := range rooms {
		rooms[i] = fmt.Sprint(i)
	}
	s.Join(rooms...)
	assert.Equal(t, append([]string{s.ID()}, rooms...), s.Rooms(), "in order")
	start := time.Now()
	for i := range rooms { // newest first
		s.Leave(rooms[many-1-i])
	}
	assert.Less(t, time.Since(start), 8*time.Second,
		"it took 12 s when it was quadratic, and 50 ms now")
	assert.Equal(t, []string{s.ID()}, s.Rooms())
}

// Every feature together with the others: whatever the client and the parser, no ghost stays.
func TestRecoveryWithOlderClientsAndOtherParsers(t *testing.T) {
	for name, parser := range map[string]sio.Parser{"json": sio.JSONParser{},
		"msgpack": sio.MsgpackParser{}} {
		for _, older := range []bool{false, true} {
			for _, recovery := range []*sio.Recovery{nil, {}} {
				t.Run(fmt.Sprintf("%s, older %v, recovery %v", name, older, recovery != nil),
					func(t *testing.T) {
						io, url := serve(t, sio.Config{Parser: parser, Recovery: recovery,
							Engine: engineio.Config{AllowEIO3: true}})
						joined, left := make(chan *sio.Socket, 1), make(chan sio.Reason, 1)
						io.OnConnection(func(s *sio.Socket) {
							s.OnDisconnect(func(r sio.Reason) { left <- r })
							s.Join("room")
							joined <- s
						})
						if older {
							url = strings.Replace(url, "EIO=4", "EIO=3", 1)
						}
						p := dial(t, url)
						if !older {
							connect := siopacket.Packet{Type: siopacket.Connect, Namespace: "/"}
							if name == "json" {
								p.write("40")
							} else {
								data, err := connect.AppendMsgpack(nil)
								require.NoError(t, err)
								require.NoError(t, p.WriteMessage(2, data))
							}
						}
						<-joined
						require.NoError(t, io.To("room").Emit("x", 1))
						p.NetConn().Close()
						// a write may see it first
						assert.Contains(t, []sio.Reason{sio.TransportClose, sio.TransportError},
							<-left)
						assert.Eventually(t, func() bool {
							return io.Len() == 0 && io.Clients() == 0
						}, time.Minute, time.Millisecond)
					})
			}
		}
	}
}

// A parser is the program's code: it may use the namespace that is broadcasting.
type askingParser struct {
	sio.JSONParser
	ask func()
}

func (p askingParser) Encode(packet siopacket.Packet) []*engineio.Message {
	p.ask()
	return p.JSONParser.Encode(packet)
}

func TestAParserRunsUnderNoLock(t *testing.T) {
	for _, recovery := range []*sio.Recovery{nil, {}} {
		var io atomic.Pointer[sio.Server]
		parser := askingParser{ask: func() {
			if io := io.Load(); io != nil {
				io.Len() // needs the lock of the namespace
			}
		}}
		server, url := serve(t, sio.Config{Parser: parser, Recovery: recovery})
		io.Store(server)
		if recovery == nil {
			p := join(t, url)
			require.NoError(t, server.Emit("x"))
			assert.Equal(t, `42["x"]`, p.read())
			continue
		}
		a, _, back := joinToReturn(t, server, url)
		a.NetConn().Close()
		require.Eventually(t, func() bool {
			return server.Len() == 0
		}, time.Minute, time.Millisecond)
		require.NoError(t, server.Emit("missed"))
		b := dial(t, url)
		b.write(back)
		assert.Regexp(t, `^42\["missed",`, b.read())
		assert.Regexp(t, `^40\{`, b.read())
	}
}

// If a goroutine changes the rooms while another one reports an earlier change, the other reports
// both. No change is left out.
func TestEveryChangeOfRoomsIsTold(t *testing.T) {
	io, url := serve(t, sio.Config{})
	var told, nested atomic.Int32
	io.OnRoom(func(e sio.RoomEvent) {
		if e.Kind == sio.RoomJoined && e.Room != e.Socket {
			told.Add(1)
		}
		if e.Room == "nested" && e.Kind == sio.RoomCreated {
			io.Sockets()[0].Join("in a listener") // told after this one has returned
			nested.Store(told.Load())
		}
	})
	join(t, url)
	require.Eventually(t, func() bool { return io.Len() == 1 }, time.Minute, time.Millisecond)
	s := io.Sockets()[0]
	// without the flag under the lock, one round in some 20,000 fails
	const rounds, goroutines = 50_000, 2
	for round := range rounds {
		var joining sync.WaitGroup
		for g := range goroutines {
			joining.Go(func() { s.Join(fmt.Sprint(g, " ", round)) })
		}
		joining.Wait()
		if want := int32((round + 1) * goroutines); told.Load() != want {
			// another goroutine may be at it
			require.Eventually(t, func() bool {
				return told.Load() == want
			}, time.Minute, time.Millisecond)
		}
	}
	s.Join("nested")
	assert.Eventually(t, func() bool {
		return told.Load() == rounds*goroutines+2
	}, time.Minute, time.Millisecond)
	assert.EqualValues(t, rounds*goroutines, nested.Load())
}

// Broadcasts of many goroutines have offsets in the order in which they are sent.
func TestOffsetsAreInOrder(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	p := dial(t, url)
	p.write("40")
	p.read()
	require.Eventually(t, func() bool { return io.Len() == 1 }, time.Minute, time.Millisecond)
	const senders, each = 8, 100
	for range senders {
		go func() {
			for range each {
				io.Emit("x")
			}
		}()
	}
	last := int64(-1)
	for range senders * each {
		text := p.read()
		offset := text[len(`42["x","12345678`) : len(text)-len(`"]`)]
		var n int64
		for _, digit := range offset {
			n = n*36 + int64(strings.IndexRune("0123456789abcdefghijklmnopqrstuvwxyz", digit))
		}
		require.Equal(t, last+1, n)
		last = n
	}
}
