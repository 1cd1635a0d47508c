package engineio

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lending makes a server that runs what comes on the reader: "wait" until "go" comes,
// "ask" until "answer" does, and asks for the reader to be reclaimed; all else is
// echoed with "lent " before it, or "own ".
func lending(t *testing.T) *lab {
	return newLab(t, Config{OnSession: func(s *Session) {
		wake := make(chan struct{}, 1)
		s.OnMessage(func(data []byte, _ bool) {
			text := string(data)
			echo := func(how string) { s.Send(TextMessage([]byte(how + " " + text))) }
			handle := func() {
				switch text {
				case "go":
					wake <- struct{}{}
				case "ask":
					s.Reclaim()
					<-wake
				case "wait":
					<-wake
				}
				echo("lent")
			}
			if !s.Lend(handle) {
				echo("own")
			}
		})
	}})
}

func TestAReaderIsLentAndReadsOn(t *testing.T) {
	l := lending(t)
	ws := l.dial(overWebSocket)
	l.read(ws)
	for range 1000 {
		l.write(ws, "4a")
		assert.Equal(t, "4lent a", l.read(ws))
	}
}

func TestAReaderThatIsLentForLongIsReplaced(t *testing.T) {
	l := lending(t)
	ws := l.dial(overWebSocket)
	l.read(ws)
	for _, long := range []string{"wait", "ask", "wait", "wait"} {
		l.write(ws, "4"+long, "4go", "4b")
		got := map[string]int{}
		for range 3 {
			got[l.read(ws)]++
		}
		assert.Equal(t, map[string]int{"4lent " + long: 1, "4lent go": 1, "4lent b": 1}, got)
	}
}

func TestAPollsGoroutineIsNotLent(t *testing.T) {
	l := lending(t)
	sid := l.open()
	status, _ := l.post(sid, "4a")
	require.Equal(t, 200, status)
	_, body := l.get(sid)
	assert.Equal(t, "4own a", body)
}

func TestASessionEndsWhileItsReaderIsLent(t *testing.T) {
	ended := make(chan Reason, 1)
	release := make(chan struct{})
	l := newLab(t, Config{OnSession: func(s *Session) {
		s.OnClose(func(reason Reason, _ error) { ended <- reason })
		s.OnMessage(func([]byte, bool) { s.Lend(func() { <-release }) })
	}})
	ws := l.dial(overWebSocket)
	l.read(ws)
	l.write(ws, "4a")
	ws.Close()
	select {
	case <-ended: // the goroutine that reads on has seen it
	case <-time.After(10 * time.Second):
		t.Error("the end was not seen")
	}
	close(release)
}

// A POST whose body is still on the way when the session is upgraded is refused, and
// what it brings does not come between the messages of the WebSocket.
func TestAPostThatAnUpgradeOvertakesIsDropped(t *testing.T) {
	var mu sync.Mutex
	var got []string
	l := newLab(t, Config{OnSession: func(s *Session) {
		s.OnMessage(func(data []byte, _ bool) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, string(data))
			if string(data) == "last" {
				s.Send(TextMessage([]byte("heard")))
			}
		})
	}})
	sid := l.open()
	body, late := io.Pipe()
	request, err := http.NewRequest("POST", l.http.URL+"/engine.io/?"+polling+"&sid="+sid, body)
	require.NoError(t, err)
	answered := make(chan int, 1)
	go func() {
		res, err := l.client.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	_, err = late.Write([]byte("4la"))
	require.NoError(t, err)
	ws := l.dial(overWebSocket + "&sid=" + sid)
	l.write(ws, "2probe")
	require.Equal(t, "3probe", l.read(ws))
	l.write(ws, "5", "4first")
	_, err = late.Write([]byte("te"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(got) == 1 }, 10*time.Second, time.Millisecond)
	late.Close()
	assert.Equal(t, http.StatusBadRequest, <-answered)
	l.write(ws, "4last")
	for l.read(ws) != "4heard" {
	}
	assert.Equal(t, []string{"first", "last"}, got)
}
