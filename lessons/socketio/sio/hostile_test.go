package sio_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestNamespacesByTheThousandAreCleanedUp(t *testing.T) {
	need.Time(t)
	const many = 3000
	io, url := serve(t, sio.Config{CleanupEmptyChildNamespaces: true, MaxSockets: many})
	io.OfRegexp(regexp.MustCompile(`^/\d+$`))
	a := dial(t, url)
	for i := range many {
		a.write(fmt.Sprintf("40/%d,", i))
		require.Regexp(t, fmt.Sprintf(`^40/%d,\{"sid":"[\w-]{20}"\}$`, i), a.read())
	}
	assert.Len(t, io.Namespaces(), many+1)
	a.Conn.Close()
	assert.Eventually(t, func() bool {
		return len(io.Namespaces()) == 1
	}, time.Minute, time.Millisecond)
}

func TestRoomsByTheThousandAreLeft(t *testing.T) {
	const many = 10_000
	io, url := serve(t, sio.Config{})
	var mu sync.Mutex
	rooms := map[string]bool{}
	io.OnRoom(func(e sio.RoomEvent) {
		mu.Lock()
		defer mu.Unlock()
		switch e.Kind {
		case sio.RoomCreated:
			rooms[e.Room] = true
		case sio.RoomDeleted:
			delete(rooms, e.Room)
		}
	})
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(rooms) }
	io.OnConnection(func(s *sio.Socket) {
		s.On("join", func(n int, ack sio.Ack) {
			for i := range n {
				s.Join(fmt.Sprint(i))
			}
			ack()
		})
	})
	a := join(t, url)
	a.write(fmt.Sprintf(`420["join",%d]`, many))
	assert.Equal(t, "430[]", a.read())
	assert.Equal(t, many+1, count())
	a.Conn.Close()
	assert.Eventually(t, func() bool { return count() == 0 }, time.Minute, time.Millisecond)
}

func TestPanicsOfUserCodeCloseThatClientOnly(t *testing.T) {
	server, url := serve(t, sio.Config{})
	server.OfFunc(func(name string, _ sio.Handshake) bool {
		if name == "/rule" {
			panic("on purpose")
		}
		return false
	})
	server.Of("/middleware").Use(func(*sio.Socket) error { panic("on purpose") })
	server.Of("/connection").OnConnection(func(*sio.Socket) { panic("on purpose") })
	server.Of("/disconnect").OnConnection(func(s *sio.Socket) {
		s.OnDisconnect(func(sio.Reason) { panic("on purpose") })
	})
	other := join(t, url)
	for _, namespace := range []string{"/rule", "/middleware"} {
		a := dial(t, url)
		a.write("40" + namespace + ",")
		a.isClosed()
	}
	for _, namespace := range []string{"/connection", "/disconnect"} {
		a := dial(t, url)
		a.write("40" + namespace + ",")
		require.Regexp(t, `^40`+namespace+`,\{"sid"`, a.read())
		if namespace == "/disconnect" {
			a.Conn.Close()
			continue
		}
		a.isClosed()
	}
	server.Emit("still there")
	assert.Equal(t, `42["still there"]`, other.read())
	assert.Eventually(t, func() bool {
		return server.Clients() == 1
	}, time.Minute, time.Millisecond)
}

func TestDeepJSONIsRefused(t *testing.T) {
	_, url := serve(t, sio.Config{})
	a := join(t, url)
	a.write(`42["x",` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + "]")
	a.isClosed()
}

// pollingPeer is a client of the polling transport that polls only when told.
type pollingPeer struct {
	*testing.T
	url string
}

func joinByPolling(t *testing.T, wsURL string) pollingPeer {
	p := pollingPeer{t, "http" + strings.TrimPrefix(strings.Replace(wsURL, "transport=websocket",
		"transport=polling", 1), "ws")}
	sid := regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(p.poll())
	require.NotNil(t, sid)
	p.url += "&sid=" + sid[1]
	p.post("40")
	require.Regexp(t, `^40\{`, p.poll())
	return p
}

func (p pollingPeer) poll() string { return p.answer(http.Get(p.url)) }

func (p pollingPeer) post(packet string) {
	require.Equal(p, "ok", p.answer(http.Post(p.url, "text/plain", strings.NewReader(packet))))
}

func (p pollingPeer) answer(r *http.Response, err error) string {
	require.NoError(p, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(p, err)
	require.Equal(p, http.StatusOK, r.StatusCode, "%s", body)
	return string(body)
}

func TestVolatileMissesWhoCannotBeSentToAtOnce(t *testing.T) {
	io, url := serve(t, sio.Config{})
	a := joinByPolling(t, url)
	io.Volatile().Emit("x", 1) // no poll waits
	io.Sockets()[0].Volatile().Emit("x", 2)
	io.Emit("x", 3)
	assert.Equal(t, `42["x",3]`, a.poll())
}

func TestRecoveryIsBounded(t *testing.T) {
	for name, test := range map[string]struct {
		recovery  sio.Recovery
		missed    int
		recovered bool
	}{
		"what fits is replayed": {sio.Recovery{MaxPackets: 4}, 3, true},
		"too much was missed":   {sio.Recovery{MaxPackets: 4}, 6, false},
		// 21 bytes each, with the offset
		"as many bytes as fit": {sio.Recovery{MaxBytes: 100}, 3, true},
		"too many were missed": {sio.Recovery{MaxBytes: 100}, 6, false},
		"away for too long":    {sio.Recovery{MaxDisconnection: time.Nanosecond}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			io, url := serve(t, sio.Config{Recovery: &test.recovery,
				Engine: engineio.Config{PingInterval: time.Minute}})
			a := dial(t, url)
			a.write("40")
			first := regexp.MustCompile(`"sid":"([^"]+)","pid":"([^"]+)"`).
				FindStringSubmatch(a.read())
			require.NotNil(t, first)
			io.Emit("n", 0)
			offset := regexp.MustCompile(`^42\["n",0,"(\w+)"\]$`).FindStringSubmatch(a.read())
			require.NotNil(t, offset)
			a.NetConn().Close()
			require.Eventually(t, func() bool {
				return io.Len() == 0
			}, time.Minute, time.Millisecond)
			for i := range test.missed {
				io.Emit("n", i+1)
			}
			b := dial(t, url)
			b.write(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, first[2], offset[1]))
			if test.recovered {
				for i := range test.missed {
					require.Regexp(t, fmt.Sprintf(`^42\["n",%d,"\w+"\]$`, i+1), b.read())
				}
			}
			answer := b.read()
			assert.Regexp(t, `^40\{"sid":`, answer)
			assert.Equal(t, test.recovered, strings.Contains(answer, first[1]), answer)
		})
	}
}

func TestClientsThatNeverJoinAreClosed(t *testing.T) {
	io, url := serve(t, sio.Config{ConnectTimeout: 50 * time.Millisecond})
	io.Of("/refuse").Use(func(*sio.Socket) error { return errors.New("no") })
	decide := make(chan struct{})
	defer close(decide)
	io.Of("/wait").Use(func(*sio.Socket) error { <-decide; return nil })
	for packet, answer := range map[string]string{
		"40/refuse,":  `44/refuse,{"message":"no"}`,
		"40/unknown,": `44/unknown,{"message":"Invalid namespace"}`,
		"40/wait,":    "",
	} {
		a := dial(t, url)
		a.write(packet)
		a.SetReadDeadline(time.Now().Add(time.Minute))
		_, data, err := a.ReadMessage()
		if err == nil { // a busy machine may be late with the answer
			assert.Equal(t, answer, string(data))
			_, _, err = a.ReadMessage()
		}
		assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
	}
}

func TestAFirstPacketThatIsNotConnectCloses(t *testing.T) {
	_, url := serve(t, sio.Config{})
	for _, packet := range []string{"41", "41/a,", `42["x"]`, "430[]", `44{"message":"x"}`} {
		a := dial(t, url)
		a.write(packet)
		a.isClosed()
	}
	a := join(t, url)
	a.write("41", "41", "40")
	assert.Regexp(t, `^40\{"sid"`, a.read())
}

func TestAPacketThatCannotBeDecodedIsReported(t *testing.T) {
	io, url := serve(t, sio.Config{})
	told := make(chan string, 10)
	listen := func(s *sio.Socket) {
		s.OnError(func(err error) { told <- s.Namespace().Name() + " " + err.Error() })
		s.OnDisconnect(func(reason sio.Reason) {
			told <- s.Namespace().Name() + " " + string(reason)
		})
	}
	io.OnConnection(listen)
	io.Of("/chat").OnConnection(listen)
	a := join(t, url)
	a.write("40/chat,")
	require.Regexp(t, `^40/chat,`, a.read())
	a.write("45woooot")
	a.isClosed()
	got := map[string][]string{}
	for range 4 {
		namespace, text, _ := strings.Cut(<-told, " ")
		got[namespace] = append(got[namespace], text)
	}
	want := []string{"siopacket: illegal attachments at byte 1", "forced close"}
	assert.Equal(t, map[string][]string{"/": want, "/chat": want}, got)

	b := join(t, url)
	b.write("40") // decoded, but out of place
	b.isClosed()
	assert.Equal(t, "/ forced close", <-told)
}

func TestAPollingClientOutOfPlaceIsForgottenAtOnce(t *testing.T) {
	io, url := serve(t, sio.Config{})
	reasons := make(chan sio.Reason, 1)
	io.OnConnection(func(s *sio.Socket) {
		s.OnDisconnect(func(reason sio.Reason) { reasons <- reason })
	})
	a := joinByPolling(t, url)
	a.post("40")
	assert.Equal(t, sio.ForcedServerClose, <-reasons) // before any poll
	assert.Zero(t, io.Len())
	assert.Contains(t, a.poll(), "1")
}

// A client of Socket.IO 2 keeps its id when it joins a namespace again, perhaps before the handlers
// of its leave have run.
func TestRoomsAreLeftByASocketWhoseIDHasASuccessor(t *testing.T) {
	io, url := serve(t, sio.Config{Engine: engineio.Config{AllowEIO3: true}})
	io.Of("/x")
	gate, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	io.Of("/x").OnConnection(func(s *sio.Socket) {
		once.Do(func() {
			s.Join("old")
			s.OnDisconnecting(func(sio.Reason) { <-gate })
			s.OnDisconnect(func(sio.Reason) { close(ended) })
		})
		s.Emit("here")
	})
	a := dial(t, strings.Replace(url, "EIO=4", "EIO=3", 1))
	require.Equal(t, "40", a.read())
	a.write("40/x")
	require.Equal(t, "40/x,", a.read())
	require.Equal(t, `42/x,["here"]`, a.read())
	a.write("41/x", "40/x")
	require.Equal(t, "40/x,", a.read())
	require.Equal(t, `42/x,["here"]`, a.read())
	close(gate)
	<-ended
	assert.Equal(t, 1, io.Of("/x").Len(), "the successor stays")
	io.Of("/x").To("old").Emit("the room is empty")
	io.Of("/x").Emit("for the successor")
	assert.Equal(t, `42/x,["for the successor"]`, a.read())
}

// A client's namespaces have bounds together, too.
func TestTheSocketsOfOneClientAreBounded(t *testing.T) {
	io, url := serve(t, sio.Config{MaxSockets: 2})
	io.OfRegexp(regexp.MustCompile(`^/\d$`))
	a := join(t, url)
	a.write("40/1,")
	require.Regexp(t, `^40/1,`, a.read())
	a.write("40/2,")
	assert.Equal(t, `44/2,{"message":"too many namespaces"}`, a.read())
	assert.Equal(t, []string{"/", "/1"}, io.Namespaces(),
		"no namespace is made for a refused socket")
	a.write("41/1,", "40/2,")
	assert.Regexp(t, `^40/2,`, a.read())
}

func TestTheWaitingEventsOfOneClientAreBounded(t *testing.T) {
	const namespaces, each = 16, 4
	io, url := serve(t, sio.Config{})
	release := make(chan struct{})
	var ran atomic.Int32
	io.OfRegexp(regexp.MustCompile(`^/\d+$`)).OnConnection(func(s *sio.Socket) {
		s.On("hold", func() { s.Context(); <-release })
		s.On("large", func(string) { ran.Add(1) })
	})
	a := dial(t, url)
	written := make(chan struct{})
	go func() {
		defer close(written)
		large := strings.Repeat("x", 800_000)
		for i := range namespaces {
			a.write(fmt.Sprintf("40/%d,", i), fmt.Sprintf(`42/%d,["hold"]`, i))
			for range each {
				a.write(fmt.Sprintf(`42/%d,["large","%s"]`, i, large))
			}
		}
	}()
	select {
	case <-written:
		t.Error("51 MB were read while no handler ran")
	case <-time.After(time.Second): // the client's writes block by then
	}
	close(release)
	<-written
	assert.Eventually(t, func() bool {
		return ran.Load() == namespaces*each
	}, time.Minute, time.Millisecond)
}
