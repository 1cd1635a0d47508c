package socketio

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/sio"
)

// countingClient is a client that counts what it receives.
type countingClient struct {
	ws      *websocket.Conn
	bytes   atomic.Int64
	updates atomic.Int64
	last    atomic.Pointer[string] // update
	failed  atomic.Pointer[error]
}

func (l *countingClient) send(t *testing.T, packet string) {
	require.NoError(t, l.ws.WriteMessage(websocket.TextMessage, []byte(packet)))
}

func (l *countingClient) read() {
	for {
		_, data, err := l.ws.ReadMessage()
		if err != nil {
			l.failed.Store(&err)
			return
		}
		l.bytes.Add(int64(len(data)))
		if text := string(data); strings.HasPrefix(text, `42["people changed"`) {
			l.last.Store(&text)
			l.updates.Add(1)
		}
	}
}

// listen connects a client with a name to a demo.
func listen(t *testing.T, url, name string, reading *sync.WaitGroup) *countingClient {
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+
		"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	l := &countingClient{ws: ws}
	t.Cleanup(func() { ws.Close() })
	l.send(t, "40")
	l.send(t, fmt.Sprintf(`42["name",%q]`, name))
	reading.Go(l.read)
	return l
}

// TestPeopleAreToldWithoutALock: a listener of the program runs within Emit, and may ask who is
// here.
func TestPeopleAreToldWithoutALock(t *testing.T) {
	io := sio.NewServer(sio.Config{})
	p := newPeople(io)
	var mu sync.Mutex
	var sent []string
	locked := false
	io.OnConnection(func(s *sio.Socket) {
		s.OnAnyOutgoing(func(event string, args sio.Args) {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, fmt.Sprint(event, " ", args.Any(0)))
			if !p.mu.TryLock() {
				locked = true
				return
			}
			p.mu.Unlock()
		})
		s.On("name", func(name string) { p.introduce(s, name) })
	})
	server := httptest.NewServer(io)
	defer server.Close()
	defer io.Close(context.Background())
	var reading sync.WaitGroup
	listen(t, server.URL, "ann", &reading)
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(sent) == 2
	}, time.Minute, time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	assert.False(t, locked, "the lock is held while listeners run")
	assert.Equal(t, "people []", sent[0], "the list as it was")
	assert.Contains(t, sent[1], "people changed")
	assert.Contains(t, sent[1], "ann")
}

// TestOneClientCannotFloodTheOthers: with 200 clients, one says 1,000 names a second. The others
// get at most ten small updates a second, every client stays connected, and in the end everyone
// knows the last name.
func TestOneClientCannotFloodTheOthers(t *testing.T) {
	need.Time(t)
	const clients, events = 200, 2000
	for _, demo := range []string{"broadcast", "rooms"} {
		t.Run(demo, func(t *testing.T) {
			var reading sync.WaitGroup
			t.Cleanup(reading.Wait)
			url := serveDemo(t, demo)
			var all []*countingClient
			for i := range clients {
				all = append(all, listen(t, url, fmt.Sprint("guest ", i), &reading))
			}
			noisy := all[0]
			count := func(of func(*countingClient) int64) (sum int64) {
				for _, l := range all {
					sum += of(l)
				}
				return sum
			}
			received := func(l *countingClient) int64 { return l.bytes.Load() }
			updates := func(l *countingClient) int64 { return l.updates.Load() }
			settled := func() { // no update for some paces
				for before := int64(-1); before != count(updates); {
					before = count(updates)
					time.Sleep(10 * updatePace)
				}
			}
			settled()

			bytes, told, began := count(received), count(updates), time.Now()
			for i := range events {
				noisy.send(t, fmt.Sprintf(`42["name","name %d"]`, i))
				if i%10 == 0 {
					time.Sleep(10 * time.Millisecond)
				}
			}
			want := fmt.Sprintf(`"name":"name %d"`, events-1)
			require.Eventually(t, func() bool {
				for _, l := range all {
					if last := l.last.Load(); last == nil || !strings.Contains(*last, want) {
						return false
					}
				}
				return true
			}, 30*time.Second, 50*time.Millisecond, "everyone learns the last name")
			most := clients * int64(time.Since(began)/updatePace+2)
			assert.LessOrEqual(t, count(updates)-told, most,
				"at most ten updates a second for each client")
			assert.LessOrEqual(t, count(received)-bytes, most*200,
				"an update tells the difference only")

			told = count(updates)
			for range events {
				noisy.send(t, fmt.Sprintf(`42["name","name %d"]`, events-1))
			}
			settled()
			assert.Equal(t, told, count(updates), "a change of nothing sends nothing")
			for i, l := range all {
				if err := l.failed.Load(); err != nil {
					assert.NoError(t, *err, "client %d was dropped", i)
				}
			}
		})
	}
}

// TestNamesAreBounded: a name has 40 characters at most, in any script, and an update arrives for
// who comes and goes.
func TestNamesAreBounded(t *testing.T) {
	var reading sync.WaitGroup
	t.Cleanup(reading.Wait)
	url := serveDemo(t, "broadcast")
	ann := listen(t, url, "ann", &reading)
	hears := func(want string) {
		require.Eventually(t, func() bool {
			last := ann.last.Load()
			return last != nil && strings.Contains(*last, want)
		}, 20*time.Second, 10*time.Millisecond, want)
	}
	hears(`"name":"ann"`)
	bob := listen(t, url, strings.Repeat("你", 1000), &reading)
	hears(`"name":"` + strings.Repeat("你", 40) + `"`)
	bob.ws.Close()
	hears(`"here":[],"gone":["`)
}
