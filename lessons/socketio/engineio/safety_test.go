//go:build unix

package engineio

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

func TestJSONPIsOffUnlessAsked(t *testing.T) {
	var last ConnectionError
	l := newLab(t, Config{OnConnectionError: func(e ConnectionError) { last = e }})
	status, body := l.do("GET", overPolling+"&j=0", "")
	assert.Equal(t, 400, status)
	assert.Equal(t, `{"code":3,"message":"Bad request"}`, body)
	assert.Equal(t, "JSONP_DISABLED", last.Context["name"])
	sid := l.open()
	status, _ = l.do("POST", overPolling+"&j=0&sid="+sid, "d=4a")
	assert.Equal(t, 400, status, "neither in a session that has another codec")

	for _, config := range []Config{{AllowJSONP: true}, {AllowEIO3: true}} {
		_, body = newLab(t, config).do("GET", overPolling+"&j=0", "")
		assert.Regexp(t, `^___eio\[0\]\("0\{.*\}"\);$`, body)
	}
}

func TestEveryAnswerSaysNosniff(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	for _, c := range [][2]string{
		{"GET", overPolling}, {"POST", overPolling + "&sid=" + sid},
		{"GET", overPolling + "&sid=" + sid},
		{"GET", "EIO=4&transport=tarot"}, {"POST", overPolling + "&sid=nobody"},
	} {
		res, _ := l.ask(c[0], c[1], "4a")
		assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), "%s %s", c[0], c[1])
	}
	res, _ := l.shake(overWebSocket + "&sid=nobody")
	assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
}

func TestAHandshakeLargerThanMaxHandshakeIsRefused(t *testing.T) {
	var last ConnectionError
	l := newLab(t, Config{OnConnectionError: func(e ConnectionError) { last = e }})
	for _, transport := range []string{Polling, WebSocket} {
		for _, c := range []struct {
			query  string
			header string
			status int
		}{
			{"", "", 0},
			{"", strings.Repeat("x", 15<<10), 0},
			{"", strings.Repeat("x", 17<<10), http.StatusRequestHeaderFieldsTooLarge},
			{strings.Repeat("x", 17<<10), "", http.StatusRequestHeaderFieldsTooLarge},
		} {
			client := l.rude()
			upgrade := ""
			if transport == WebSocket {
				upgrade = upgradeHeaders
			}
			client.ask("transport="+transport+"&q="+c.query, upgrade, "X-Large: "+c.header+"\r\n")
			res, err := http.ReadResponse(client.read, nil)
			require.NoError(t, err)
			client.conn.Close()
			switch {
			case c.status == 0:
				assert.Less(t, res.StatusCode, 400)
			case transport == WebSocket: // whatever the code, as the official server
				assert.Equal(t, 400, res.StatusCode)
				assert.Equal(t, "HANDSHAKE_TOO_LARGE", last.Context["name"])
			default:
				assert.Equal(t, c.status, res.StatusCode)
			}
			last = ConnectionError{}
		}
	}
}

// A session keeps the request that opened it, in a bounded number of bytes.
func TestHandshakesHoldABoundedAmountOfMemory(t *testing.T) {
	need.Time(t)
	const clients = 100
	l := newLab(t, Config{OnSession: func(*Session) {}})
	header := strings.Repeat("x", 900_000) // http.Server takes up to 1 MB
	handshakes := func(size int) {
		for range clients {
			res, err := l.client.Do(&http.Request{Method: "GET",
				URL:    mustURL(t, l.http.URL+"/?"+overPolling),
				Header: http.Header{"X-Large": {header[:size]}}})
			require.NoError(t, err)
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	handshakes(10)
	before := heapInUse()
	handshakes(900_000)
	handshakes(12_000)
	held := int64(heapInUse()) - int64(before)
	assert.Less(t, held, int64(clients*(16<<10)+1<<20), "held")
}

// Close has a deadline of 2 s for each connection, even for one that was closed before.
func TestCloseDoesNotWaitForAClientThatIgnoresItsEnd(t *testing.T) {
	need.Time(t)
	l := newLab(t, Config{})
	conn := l.dial(overWebSocket)
	sid := l.read(conn)[len(`0{"sid":"`):][:22]
	l.server.session(sid).Close() // and conn never answers the close frame
	l.endsWith(ForcedClose)
	probe := l.dial(overWebSocket + "&sid=" + l.open()) // never sends anything
	defer probe.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start := time.Now()
	require.NoError(t, l.server.Close(ctx))
	assert.Less(t, time.Since(start), 8*time.Second)
}

func mustURL(t *testing.T, text string) *url.URL {
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

const pausedServer = "LAB_ENGINE_PAUSED"

// TestPausedServer runs the process that TestAPausedProcessKeepsItsClients stops. It tests nothing.
func TestPausedServer(t *testing.T) {
	if os.Getenv(pausedServer) == "" {
		t.Skip("only as the other process of TestAPausedProcessKeepsItsClients")
	}
	l := newLab(t, Config{PingInterval: 300 * time.Millisecond, PingTimeout: time.Second,
		OnSession: func(s *Session) {
			s.OnClose(func(reason Reason, _ error) { fmt.Println("closed:", reason) })
		}})
	fmt.Println(l.http.URL)
	io.Copy(io.Discard, os.Stdin)
}

// A process that is stopped for longer than PingTimeout, as by the lid of a laptop, finds every
// timer over and the pongs still unread.
func TestAPausedProcessKeepsItsClients(t *testing.T) {
	need.Time(t)
	server := exec.Command(os.Args[0], "-test.run=^TestPausedServer$")
	server.Env = append(os.Environ(), pausedServer+"=1")
	in, err := server.StdinPipe()
	require.NoError(t, err)
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	defer server.Wait()
	defer in.Close()
	lines := bufio.NewReader(out)
	address, err := lines.ReadString('\n')
	require.NoError(t, err)

	const clients = 20
	ended := make(chan error, clients)
	for range clients {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+
			strings.TrimPrefix(strings.TrimSpace(address), "http")+"/?"+overWebSocket, nil)
		require.NoError(t, err)
		defer conn.Close()
		go func() { // a client that answers every ping
			for {
				_, data, err := conn.ReadMessage()
				if err == nil && string(data) == "2" {
					err = conn.WriteMessage(websocket.TextMessage, []byte("3"))
				}
				if err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	for range 3 {
		time.Sleep(350 * time.Millisecond) // at least one ping is answered, or is on its way
		require.NoError(t, server.Process.Signal(syscall.SIGSTOP))
		time.Sleep(2500 * time.Millisecond)
		require.NoError(t, server.Process.Signal(syscall.SIGCONT))
	}
	select {
	case err := <-ended:
		t.Errorf("a client was disconnected: %v", err)
	case <-time.After(time.Second):
	}
}
