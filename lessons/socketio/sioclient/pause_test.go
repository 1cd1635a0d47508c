//go:build unix

package sioclient_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/sioclient"
)

// pinging is a server that pings every 100 ms, whatever its client does.
type pinging struct {
	connect chan struct{} // closed when CONNECT has come by polling
	polls   atomic.Int32
}

func (p *pinging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const open = `0{"sid":"x","upgrades":[],"pingInterval":200,"pingTimeout":1500,"maxPayload":100000}`
	switch {
	case r.URL.Query().Get("transport") == "websocket":
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte(open))
		conn.ReadMessage()
		conn.WriteMessage(websocket.TextMessage, []byte(`40{"sid":"y"}`))
		for conn.WriteMessage(websocket.TextMessage, []byte("2")) == nil {
			time.Sleep(100 * time.Millisecond)
		}
	case r.Method == http.MethodPost:
		if body, _ := io.ReadAll(r.Body); string(body) == "40" {
			close(p.connect)
		}
		io.WriteString(w, "ok")
	case r.URL.Query().Get("sid") == "":
		io.WriteString(w, open)
	case p.polls.Add(1) == 1:
		<-p.connect
		io.WriteString(w, `40{"sid":"y"}`)
	default:
		time.Sleep(100 * time.Millisecond)
		io.WriteString(w, "2")
	}
}

const pausedClient = "LAB_CLIENT_PAUSED"

// TestPausedClient runs the process that TestAPausedProcessKeepsItsServer stops. It tests nothing.
func TestPausedClient(t *testing.T) {
	url, transport, ok := strings.Cut(os.Getenv(pausedClient), " ")
	if !ok {
		t.Skip("only as the other process of TestAPausedProcessKeepsItsServer")
	}
	s := dial(t, url, sioclient.Config{Transports: []string{transport}, NoReconnect: true})
	s.OnDisconnect(func(reason sioclient.Reason, err error) {
		fmt.Println("disconnected:", reason, err)
	})
	fmt.Println("connected")
	io.Copy(io.Discard, os.Stdin)
}

func TestAPausedProcessKeepsItsServer(t *testing.T) {
	need.Time(t)
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			server := httptest.NewServer(&pinging{connect: make(chan struct{})})
			defer server.Close()
			client := exec.Command(os.Args[0], "-test.run=^TestPausedClient$")
			client.Env = append(os.Environ(), pausedClient+"="+server.URL+" "+transport)
			in, err := client.StdinPipe()
			require.NoError(t, err)
			out, err := client.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, client.Start())
			defer client.Wait()
			defer in.Close()
			lines := make(chan string, 10)
			go func() {
				for scanner := bufio.NewScanner(out); scanner.Scan(); {
					lines <- scanner.Text()
				}
			}()
			require.Equal(t, "connected", next(t, lines))
			for range 3 {
				time.Sleep(300 * time.Millisecond)
				require.NoError(t, client.Process.Signal(syscall.SIGSTOP))
				time.Sleep(2500 * time.Millisecond)
				require.NoError(t, client.Process.Signal(syscall.SIGCONT))
			}
			select {
			case line := <-lines:
				assert.Fail(t, line)
			case <-time.After(2 * time.Second):
			}
		})
	}
}
