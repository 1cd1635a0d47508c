package slow

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
)

// A page is a test's view of a running demo.
type page struct {
	t   *testing.T
	url string
	ws  *websocket.Conn
}

// serve runs the demo on a server of net/http until the test ends.
func serve(t *testing.T, keyed bool) (url string) {
	t.Helper()
	instance, err := Demo().Start(lesson.Env{Lab: &lesson.Lab{Keyed: func(*http.Request) bool {
		return keyed
	}}})
	require.NoError(t, err)
	server := httptest.NewServer(instance.Handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		assert.NoError(t, instance.Close(ctx))
		server.Close()
		http.DefaultClient.CloseIdleConnections()
		assert.Zero(t, instance.Clients())
	})
	return server.URL
}

func dial(t *testing.T, url, path string) *websocket.Conn {
	t.Helper()
	ws, response, err := websocket.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1)+path,
		nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

// watch opens a page of the demo and waits until all readers are connected.
func watch(t *testing.T, keyed bool) *page {
	t.Helper()
	url := serve(t, keyed)
	p := &page{t, url, dial(t, url, path)}
	p.until("all readers receive", func(v view) bool {
		return len(v.Clients) == 4 && v.Others.P50 != nil && v.Readers[slowName].P50 != nil
	})
	return p
}

// until reads views until one fits.
func (p *page) until(what string, fits func(view) bool) view {
	p.t.Helper()
	var v view
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); {
		require.NoError(p.t, p.ws.SetReadDeadline(end))
		_, data, err := p.ws.ReadMessage()
		if err != nil && time.Now().After(end) {
			break
		}
		require.NoError(p.t, err, what)
		v = view{}
		require.NoError(p.t, json.Unmarshal(data, &v))
		if fits(v) {
			return v
		}
	}
	last, _ := json.Marshal(v)
	require.FailNow(p.t, "waited too long", "%s: %s", what, last)
	return v
}

// change posts a change and returns the status and the text of the answer.
func (p *page) change(body string) (status int, text string) {
	p.t.Helper()
	response, err := http.Post(p.url+path, "application/json", strings.NewReader(body))
	require.NoError(p.t, err)
	defer response.Body.Close()
	var b strings.Builder
	_, err = fmt.Fprint(&b, response.Status)
	require.NoError(p.t, err)
	said := make([]byte, 1000)
	n, _ := response.Body.Read(said)
	return response.StatusCode, string(said[:n])
}

func (p *page) set(body string) {
	p.t.Helper()
	status, text := p.change(body)
	require.Equal(p.t, http.StatusNoContent, status, text)
}

// settle chooses a policy and returns the view when every reader has a message from after the
// change, which empties the queues.
func (p *page) settle(policy Policy) view {
	p.t.Helper()
	p.set(`{"policy":"` + string(policy) + `"}`)
	changed := p.until("the policy", func(v view) bool { return v.Policy == policy })
	return p.until("messages under the policy", func(v view) bool {
		for _, r := range v.Readers {
			if r.Last <= changed.Last+1 {
				return false
			}
		}
		return true
	})
}

// of returns the slow client's connection as the server sees it.
func of(v view, name string) clientView {
	for _, c := range v.Clients {
		if c.Name == name {
			return c
		}
	}
	return clientView{}
}

func TestDisconnectOnTheWire(t *testing.T) {
	need.Time(t)
	p := watch(t, true)
	p.set(`{"policy":"disconnect","reading":2000,"rate":100}`)
	v := p.until("the server ends the slow connection", func(v view) bool {
		for _, e := range v.Events {
			if e.Kind == eventEnded && e.Client == slowName && e.Reason == errTooSlow.Error() {
				return true
			}
		}
		return false
	})
	for _, name := range steadyNames {
		assert.True(t, v.Readers[name].On, name)
		assert.Zero(t, v.Readers[name].Missed, name)
	}
	p.set(`{"reading":-1}`) // it reads the rest, learns, and returns
	v = p.until("it learns", func(v view) bool {
		for _, e := range v.Events {
			if e.Kind == eventLearned && e.Client == slowName {
				return true
			}
		}
		return false
	})
	p.until("it is back", func(v view) bool {
		return v.Readers[slowName].On && of(v, slowName).Name != ""
	})
}

func TestGrowOnTheWire(t *testing.T) {
	need.Time(t)
	p := watch(t, true)
	before := p.settle(Grow)
	p.set(`{"reading":0,"rate":100}`)
	v := p.until("the queue grows", func(v view) bool { return of(v, slowName).Warning })
	assert.Greater(t, of(v, slowName).Bytes, growWarning)
	assert.Greater(t, v.Heap, uint64(growWarning), "the messages are on the heap")
	if runtime.GOOS == "linux" {
		require.NotNil(t, of(v, slowName).TCP)
		tcp := *of(v, slowName).TCP
		assert.Positive(t, tcp.Unsent+tcp.InFlight,
			"the kernel holds what the client does not read")
		assert.Less(t, tcp.Window, 64<<10)
	} else {
		assert.Nil(t, of(v, slowName).TCP)
	}
	for _, name := range steadyNames {
		assert.Equal(t, before.Readers[name].Missed, v.Readers[name].Missed, name)
		assert.Less(t, of(v, name).Bytes, growWarning)
	}
	p.set(`{"reading":-1,"rate":5}`)
	v = p.until("it catches up", func(v view) bool {
		return of(v, slowName).Name != "" && of(v, slowName).Queue == 0
	})
	assert.Equal(t, before.Readers[slowName].Missed, v.Readers[slowName].Missed, "nothing is lost")
}

func TestDropOldestOnTheWire(t *testing.T) {
	need.Time(t)
	p := watch(t, true)
	before := p.settle(DropOldest)
	p.set(`{"reading":20000,"rate":50}`)
	v := p.until("the slow client misses messages", func(v view) bool {
		return v.Readers[slowName].Missed > before.Readers[slowName].Missed+20 &&
			of(v, slowName).Dropped > 20
	})
	assert.LessOrEqual(t, of(v, slowName).Queue, mostKept)
	assert.True(t, v.Readers[slowName].On, "and stays connected")
}

func TestBlockOnTheWire(t *testing.T) {
	need.Time(t)
	p := watch(t, true)
	p.set(`{"policy":"block","reading":4000,"rate":25}`)
	v := p.until("all others are late", func(v view) bool {
		return v.Others.P50 != nil && *v.Others.P50 > 1000 && v.Late > 1000
	})
	assert.Zero(t, of(v, slowName).Queue, "the delay is in the loop, not in a queue")
	assert.True(t, v.Readers[slowName].On)
	p.set(`{"policy":"drop"}`)
	p.until("the other clients are on time", func(v view) bool {
		return v.Others.P50 != nil && *v.Others.P50 < 1000 && v.Late < 1000
	})
}

// A client that reads nothing at all holds up the others for as long as one write may take, also
// when the write began under a policy that lets it take longer.
func TestBlockGivesUpOnAClientThatIsStuck(t *testing.T) {
	need.Time(t)
	p := watch(t, true)
	p.set(`{"policy":"grow","reading":0,"rate":100}`)
	p.until("a write waits", func(v view) bool { return of(v, slowName).Queue > 10 })
	p.set(`{"policy":"block","rate":25}`)
	p.until("the write ends", func(v view) bool {
		return len(v.Events) > 0 && v.Events[0].Kind == eventEnded &&
			v.Events[0].Client == slowName && v.Events[0].Reason == errStuck.Error()
	})
}

func TestChangesNeedTheKey(t *testing.T) {
	p := watch(t, false)
	status, text := p.change(`{"policy":"grow"}`)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, text, "the key")
	v := p.until("a view", func(view) bool { return true })
	assert.Equal(t, Disconnect, v.Policy)
	assert.False(t, v.Keyed)
	assert.NotNil(t, v.Events, "an empty list, which a page can walk")
}

func TestBadChangesAreRefused(t *testing.T) {
	p := watch(t, true)
	for body, want := range map[string]string{
		`{"policy":"pray"}`: `policy "pray": want block, grow, drop or disconnect`,
		`{"reading":-2}`:    "reading -2: want 0 to",
		`{"rate":0}`:        "rate 0: want 1 to 100",
		`{"rate":1e9}`:      "rate 1e+09: want 1 to 100",
		`{`:                 "unexpected EOF",
		`{"rate":"x"}` + strings.Repeat(" ", 2000): "cannot unmarshal string",
	} {
		status, text := p.change(body)
		assert.Equal(t, http.StatusBadRequest, status, body)
		assert.Contains(t, text, want)
	}
}

func TestPagesAreClients(t *testing.T) {
	p := watch(t, false)
	ws := dial(t, p.url, "/ws?client=page-7")
	var first tick
	require.NoError(t, ws.ReadJSON(&first))
	assert.Positive(t, first.N)
	assert.Positive(t, first.At)
	p.until("the page is listed", func(v view) bool { return of(v, "page-7").Sent > 0 })
	require.NoError(t, ws.Close())
	p.until("the page has left", func(v view) bool { return of(v, "page-7").Name == "" })

	for _, name := range []string{"", "slow", "steady-1", "page-<b>"} {
		_, response, err := websocket.DefaultDialer.Dial(strings.Replace(p.url, "http", "ws", 1)+
			"/ws?client="+name, nil)
		require.ErrorIs(t, err, websocket.ErrBadHandshake, name)
		assert.Equal(t, http.StatusBadRequest, response.StatusCode,
			"only the demo's own readers have these names")
		require.NoError(t, response.Body.Close())
	}
}

func TestUploadsAreReadSlowly(t *testing.T) {
	url := serve(t, false)
	ws := dial(t, url, "/upload?client=page-1")
	piece := make([]byte, 16<<10)
	sent := 0
	for range 8 {
		require.NoError(t, ws.WriteMessage(websocket.BinaryMessage, piece))
		sent += len(piece)
	}
	var report struct{ Read int }
	for i := 0; report.Read < sent; i++ {
		require.Less(t, i, 200)
		before := report.Read
		require.NoError(t, ws.ReadJSON(&report))
		require.GreaterOrEqual(t, report.Read, before)
	}
	assert.Equal(t, sent, report.Read)
	require.NoError(t, ws.WriteMessage(websocket.BinaryMessage, make([]byte, uploadMessage+1)))
	for {
		if err := ws.ReadJSON(&report); err != nil {
			assert.True(t, websocket.IsCloseError(err, websocket.CloseMessageTooBig), err)
			break
		}
	}
}

func TestAnUploadIsCut(t *testing.T) {
	url := serve(t, false)
	ws := dial(t, url, "/upload?client=page-1")
	var report struct{ Read int }
	require.NoError(t, ws.ReadJSON(&report))
	response, err := http.Post(url+"/cut?client=page-1", "", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	for err = nil; err == nil; {
		err = ws.ReadJSON(&report)
	}
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestCloseDoesNotWaitForTheSlow(t *testing.T) {
	p := watch(t, true)
	p.set(`{"policy":"block","reading":0}`)
	p.until("the loop is held up", func(v view) bool { return v.Late > 300 })
	dial(t, p.url, "/upload?client=page-1")
	dial(t, p.url, "/ws?client=page-1")
} // the server's end of the test waits for at most 20 s

func TestUnder(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	_, ok := under[*net.TCPConn](near)
	assert.False(t, ok)
	found, ok := under[net.Conn](&pacedConn{Conn: near})
	assert.True(t, ok)
	assert.IsType(t, &pacedConn{}, found)
	assert.Nil(t, readTCP(near), "a pipe is not TCP")
}
