package engineio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/labtest/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is an echo server on loopback that writes down how its sessions end.
type lab struct {
	*testing.T
	server *Server
	http   *httptest.Server
	client *http.Client
	closed chan string
}

func newLab(t *testing.T, config Config) *lab {
	return startLab(t, config, (*httptest.Server).Start)
}

func newLabTLS(t *testing.T, config Config) *lab {
	return startLab(t, config, func(web *httptest.Server) {
		web.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that a client gives up
		web.StartTLS()
	})
}

func startLab(t *testing.T, config Config, start func(*httptest.Server)) *lab {
	l := &lab{T: t, closed: make(chan string, 100),
		client: &http.Client{Transport: &http.Transport{}}}
	if config.OnSession == nil {
		config.OnSession = func(s *Session) {
			s.OnMessage(func(data []byte, binary bool) {
				if binary {
					s.Send(BinaryMessage(data))
					return
				}
				s.Send(TextMessage(data))
			})
			s.OnClose(func(reason Reason, _ error) { l.closed <- string(reason) })
		}
	}
	l.server = NewServer(config)
	l.http = httptest.NewUnstartedServer(l.server)
	start(l.http)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, l.server.Close(ctx))
		l.client.CloseIdleConnections()
		l.http.Close()
	})
	return l
}

// newLabWatched is newLab with a channel that receives a value when the handler of a watched
// request returns.
func newLabWatched(t *testing.T, config Config, watched func(*http.Request) bool) (l *lab,
	returned <-chan struct{}) {
	told := make(chan struct{}, 10)
	l = startLab(t, config, func(web *httptest.Server) {
		inner := web.Config.Handler
		web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(w, r)
			if watched(r) {
				told <- struct{}{}
			}
		})
		web.Start()
	})
	return l, told
}

func (l *lab) waitFor(c <-chan struct{}) {
	l.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		l.Fatal("it did not happen")
	}
}

func (l *lab) do(method, query, body string) (int, string) {
	r, err := http.NewRequest(method, l.http.URL+"/engine.io/?"+query, strings.NewReader(body))
	require.NoError(l, err)
	res, err := l.client.Do(r)
	require.NoError(l, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(l, err)
	return res.StatusCode, string(text)
}

const overPolling = "EIO=4&transport=polling"

func (l *lab) open() (sid string) {
	status, body := l.do("GET", overPolling, "")
	require.Equal(l, 200, status)
	var h struct{ SID string }
	require.NoError(l, json.Unmarshal([]byte(body[1:]), &h))
	return h.SID
}

func (l *lab) post(sid, body string) (int, string) {
	return l.do("POST", overPolling+"&sid="+sid, body)
}
func (l *lab) get(sid string) (int, string) { return l.do("GET", overPolling+"&sid="+sid, "") }

func (l *lab) dial(query string) *websocket.Conn {
	dialer := websocket.Dialer{}
	if l.http.TLS != nil {
		dialer.TLSClientConfig = l.http.Client().Transport.(*http.Transport).TLSClientConfig
	}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(l.http.URL, "http")+"/engine.io/?"+
		query, nil)
	require.NoError(l, err)
	l.Cleanup(func() { conn.Close() })
	return conn
}

func (l *lab) read(conn *websocket.Conn) string {
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, data, err := conn.ReadMessage()
	require.NoError(l, err)
	return string(data)
}

func (l *lab) write(conn *websocket.Conn, texts ...string) {
	for _, text := range texts {
		require.NoError(l, conn.WriteMessage(websocket.TextMessage, []byte(text)))
	}
}

func (l *lab) endsWith(reason Reason) {
	l.Helper()
	select {
	case got := <-l.closed:
		assert.Equal(l, string(reason), got)
	case <-time.After(time.Minute):
		l.Error("the session did not end")
	}
}

func TestHandshakeOverPolling(t *testing.T) {
	l := newLab(t, Config{})
	status, body := l.do("GET", overPolling, "")
	assert.Equal(t, 200, status)
	assert.Regexp(t,
		`^0\{"sid":"[\w-]{22}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$`, body)
}

func TestHandshakeOverWebSocket(t *testing.T) {
	l := newLab(t, Config{})
	conn := l.dial("EIO=4&transport=websocket")
	assert.Regexp(t,
		`^0\{"sid":"[\w-]{22}","upgrades":\[\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$`, l.read(conn))
	l.write(conn, "4hello €")
	assert.Equal(t, "4hello €", l.read(conn))
	require.NoError(t, conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}))
	assert.Equal(t, "\x01\x02\x03", l.read(conn))
}

func TestRefusals(t *testing.T) {
	l := newLab(t, Config{})
	for _, c := range []struct{ method, query, want string }{
		{"GET", "EIO=4", `{"code":0,"message":"Transport unknown"}`},
		{"GET", "EIO=4&transport=tarot", `{"code":0,"message":"Transport unknown"}`},
		{"GET", overPolling + "&sid=nobody", `{"code":1,"message":"Session ID unknown"}`},
		{"POST", overPolling, `{"code":2,"message":"Bad handshake method"}`},
		{"OPTIONS", overPolling, `{"code":2,"message":"Bad handshake method"}`},
		{"GET", "EIO=4&transport=websocket", `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=3&transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
		{"GET", "transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
	} {
		status, body := l.do(c.method, c.query, "")
		assert.Equal(t, 400, status, c.query)
		assert.Equal(t, c.want, body, c.query)
	}
	for query, message := range map[string]string{
		"EIO=4&transport=websocket&sid=nobody": "Session ID unknown",
		"EIO=3&transport=websocket":            "Unsupported protocol version",
		"EIO=4&transport=tarot":                "Transport unknown",
	} {
		_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(l.http.URL, "http")+
			"/?"+query, nil)
		require.ErrorIs(t, err, websocket.ErrBadHandshake)
		body, _ := io.ReadAll(res.Body)
		assert.Equal(t, 400, res.StatusCode)
		assert.Equal(t, message, string(body))
		assert.True(t, res.Close)
	}
}

func TestPollingCarriesMessagesBothWays(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	status, body := l.post(sid, "4a\x1ebAQID\x1e4c")
	assert.Equal(t, 200, status)
	assert.Equal(t, "ok", body)
	_, body = l.get(sid)
	assert.Equal(t, "4a\x1ebAQID\x1e4c", body)
}

func TestClosePacketAnswersThePollWithNoop(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	answer := make(chan string)
	go func() { _, body := l.get(sid); answer <- body }()
	l.waitForPoll(sid)
	l.post(sid, "1")
	assert.Equal(t, "6", <-answer)
	l.endsWith(TransportClose)
	_, body := l.get(sid)
	assert.Contains(t, body, `"code":1`)
}

// waitForPoll returns when the server holds a poll of the session.
func (l *lab) waitForPoll(sid string) {
	require.Eventually(l, func() bool {
		s := l.server.session(sid)
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.transport.ready()
	}, 10*time.Second, time.Millisecond)
}

func TestOneGetASecondEndsTheSession(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	answer := make(chan string)
	go func() { _, body := l.get(sid); answer <- body }()
	l.waitForPoll(sid)
	status, _ := l.get(sid)
	assert.Equal(t, 400, status)
	assert.Equal(t, "1", <-answer)
	l.endsWith(TransportError)
}

func TestBadPacketsEndTheSession(t *testing.T) {
	for body, reason := range map[string]Reason{"abc": ParseError, "": ParseError,
		"2": TransportError, "4ok\x1e9": ParseError} {
		l := newLab(t, Config{})
		other, sid := l.open(), l.open()
		status, _ := l.post(sid, body)
		assert.Equal(t, 200, status)
		l.endsWith(reason)
		_, answer := l.post(sid, "4x")
		assert.Contains(t, answer, `"code":1`)
		_, answer = l.post(other, "4x")
		assert.Equal(t, "ok", answer)
	}
}

func TestMaxPayload(t *testing.T) {
	l := newLab(t, Config{MaxPayload: 100})
	sid := l.open()
	status, _ := l.post(sid, "4"+strings.Repeat("x", 99))
	assert.Equal(t, 200, status)
	status, body := l.post(sid, "4"+strings.Repeat("x", 100))
	assert.Equal(t, 413, status)
	assert.Empty(t, body)
	l.endsWith(TransportError)

	conn := l.dial("EIO=4&transport=websocket")
	l.read(conn)
	l.write(conn, "4"+strings.Repeat("x", 100))
	_, _, err := conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseMessageTooBig), "%v", err)
	l.endsWith(TransportError)
}

func TestHeartbeat(t *testing.T) {
	l := newLab(t, Config{PingInterval: 20 * time.Millisecond, PingTimeout: time.Minute})
	conn := l.dial("EIO=4&transport=websocket")
	l.read(conn)
	for range 3 {
		assert.Equal(t, "2", l.read(conn))
		l.write(conn, "3")
	}
	assert.Equal(t, "2", l.read(conn))

	l = newLab(t, Config{PingInterval: 20 * time.Millisecond, PingTimeout: 20 * time.Millisecond})
	conn = l.dial("EIO=4&transport=websocket") // which answers nothing
	l.read(conn)
	assert.Equal(t, "2", l.read(conn))
	l.endsWith(PingTimeout)
}

func TestUpgradeWithMessagesInFlight(t *testing.T) {
	var session *Session
	got := make(chan string, 10000)
	l := newLab(t, Config{OnSession: func(s *Session) {
		session = s
		s.OnMessage(func(data []byte, _ bool) { got <- string(data) })
	}})
	sid := l.open()
	const n = 300
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range n {
			assert.NoError(t, session.Send(TextMessage(fmt.Append(nil, i))))
		}
	})
	var received []string
	conn := l.dial("EIO=4&transport=websocket&sid=" + sid)
	l.write(conn, "2probe")
	polled := make(chan []string)
	go func() { // polls go on until the noop comes
		var texts []string
		for {
			_, body := l.get(sid)
			for _, text := range strings.Split(body, "\x1e") {
				if text == "6" {
					polled <- texts
					return
				}
				texts = append(texts, text)
			}
		}
	}()
	assert.Equal(t, "3probe", l.read(conn))
	for i := range n / 2 {
		l.post(sid, fmt.Sprint("4", i))
	}
	received = <-polled
	l.write(conn, "5")
	for i := n / 2; i < n; i++ {
		l.write(conn, fmt.Sprint("4", i))
	}
	sending.Wait()
	for len(received) < n {
		received = append(received, l.read(conn))
	}
	for i := range n {
		require.Equal(t, fmt.Sprint("4", i), received[i])
		require.Equal(t, fmt.Sprint(i), <-got)
	}
	assert.Equal(t, WebSocket, session.Transport())

	status, body := l.get(sid)
	assert.Equal(t, 400, status)
	assert.Equal(t, `{"code":3,"message":"Bad request"}`, body)
	second := l.dial("EIO=4&transport=websocket&sid=" + sid)
	_, _, err := second.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
	require.NoError(t, session.Send(TextMessage([]byte("still here"))))
	assert.Equal(t, "4still here", l.read(conn))
}

func TestFailedProbeLeavesPollingAlone(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	conn := l.dial("EIO=4&transport=websocket&sid=" + sid)
	l.write(conn, "2nonsense")
	_, _, err := conn.ReadMessage()
	assert.Error(t, err)
	l.post(sid, "4still")
	_, body := l.get(sid)
	assert.Equal(t, "4still", body)
}

func TestCloseDeliversWhatWasSentBefore(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	session := l.server.session(sid)
	session.Send(TextMessage([]byte("bye")))
	session.Close()
	_, body := l.get(sid)
	assert.Equal(t, "4bye", body)
	_, body = l.get(sid)
	assert.Equal(t, "6\x1e1", body)
	l.endsWith(ForcedClose)

	conn := l.dial("EIO=4&transport=websocket")
	var h struct{ SID string }
	require.NoError(t, json.Unmarshal([]byte(l.read(conn)[1:]), &h))
	session = l.server.session(h.SID)
	session.Send(TextMessage([]byte("bye")))
	session.Close()
	assert.Equal(t, "4bye", l.read(conn))
	_, _, err := conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
	l.endsWith(ForcedClose)
}

func TestDirtyClosesLeaveNothing(t *testing.T) {
	need.Time(t)
	l := newLab(t, Config{UpgradeTimeout: time.Second})
	for i := range 30 {
		sid := l.open()
		switch i % 3 {
		case 0: // a poll given up
			ctx, cancel := context.WithCancel(context.Background())
			r, _ := http.NewRequestWithContext(ctx, "GET",
				l.http.URL+"/?"+overPolling+"&sid="+sid, nil)
			done := make(chan struct{})
			go func() {
				defer close(done)
				if res, err := l.client.Do(r); err == nil {
					res.Body.Close()
				}
			}()
			l.waitForPoll(sid)
			cancel()
			<-done
			l.endsWith(TransportError)
		case 1: // half an upgrade, then gone
			conn := l.dial("EIO=4&transport=websocket&sid=" + sid)
			l.write(conn, "2probe")
			conn.NetConn().Close()
			l.post(sid, "1")
			l.endsWith(TransportClose)
		case 2: // a socket cut in the middle of a frame
			conn := l.dial("EIO=4&transport=websocket&sid=" + sid)
			l.write(conn, "2probe", "5", "4x")
			l.read(conn)
			conn.NetConn().Write([]byte{0x81, 0xfe, 0x10})
			conn.NetConn().Close()
			<-l.closed
		}
	}
	assert.Zero(t, l.server.Len())
}
