package load

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

func TestOnlyThisMachineAndPrivateNetworks(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1": true, "127.8.9.10": true, "::1": true, "10.1.2.3": true, "192.168.0.9": true,
		"172.16.0.1": true, "fd00::1": true, "fe80::1": true, "::ffff:10.0.0.1": true,
		"203.0.113.7": false, "8.8.8.8": false, "172.32.0.1": false, "2001:db8::1": false,
		"0.0.0.0": false, "::ffff:203.0.113.7": false, "100.64.0.1": false,
	} {
		assert.Equal(t, ok, permitted(netip.MustParseAddr(address)), address)
	}
	// refused before it is dialed
	_, err := Run(t.Context(), Config{URL: "http://203.0.113.7:3000"}, nil)
	var notOwned *NotOwnedError
	require.ErrorAs(t, err, &notOwned)
	assert.Equal(t, "203.0.113.7", notOwned.Address)
	assert.ErrorContains(t, err, "--i-own-this-server")
}

// A redirect may not lead the clients to another server.
func TestRedirectsAreNotFollowed(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("http://203.0.113.7/", http.StatusFound))
	t.Cleanup(server.Close)
	for _, as := range []string{SocketIO, SocketIOPolling, SSE, WebSocket} {
		_, err := Run(t.Context(), Config{URL: server.URL, As: as}, nil)
		assert.ErrorContains(t, err, "302", as)
	}
}

func TestWrongTargets(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":5,"message":"Unsupported protocol version"}`))
	}))
	t.Cleanup(other.Close)
	silent := serveBytes(t, "")
	ssh := serveBytes(t, "SSH-2.0-OpenSSH_9.9\r\n")
	_, chat := serveSocketIO(t)

	for name, one := range map[string]struct {
		config  Config
		want    []string
		chinese string
	}{
		"nobody listens": {Config{URL: "http://" + closed.Addr().String()},
			[]string{"no server answers at", "connection refused"}, "连接被拒绝"},
		"no such host": {Config{URL: "http://host.invalid:3000"},
			[]string{"cannot find the host"}, "找不到 http://host.invalid:3000 的主机"},
		"a web server": {Config{URL: page.URL},
			[]string{"does not answer as socketio", "404", "/socket.io/", "--path"},
			"意外的 HTTP 状态码：404"},
		"polling": {Config{URL: page.URL, As: SocketIOPolling}, []string{"404", "--path"},
			"意外的 HTTP 状态码：404"},
		"no WebSocket": {Config{URL: page.URL, As: WebSocket},
			[]string{"404", "path of the WebSocket"}, "意外的 HTTP 状态码：404"},
		"Socket.IO 2": {Config{URL: other.URL},
			[]string{"Unsupported protocol version", "--eio 3"}, "意外的 HTTP 状态码：400"},
		"silence": {Config{URL: silent, Timeout: 300 * time.Millisecond},
			[]string{"timeout", "300ms"}, "超时：300ms 内没有应答握手"},
		"another protocol": {Config{URL: ssh}, []string{"protocol violated", "not HTTP"},
			"违反协议：应答不是 HTTP"},
		"a namespace": {Config{URL: chat, Namespace: "/members"},
			[]string{"namespace refused", "/members", "--auth"}, "命名空间被拒绝：/members"},
		"no namespace": {Config{URL: chat, Namespace: "/nowhere"},
			[]string{"Invalid namespace"}, "命名空间被拒绝：/nowhere"},
		"not Socket.IO": {Config{URL: serveWebSocket(t, echo), As: SocketIO,
			Timeout: time.Second}, []string{"timeout"}, "超时"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), one.config, nil)
			for _, want := range one.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Contains(t, lang.Message(err, lang.Chinese), one.chinese)
		})
	}
}

// serveBytes answers each connection with a text, and keeps it open. It returns a URL with http.
func serveBytes(t *testing.T, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	var open []net.Conn
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, conn)
			_, _ = conn.Write([]byte(text))
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for _, conn := range open {
			_ = conn.Close()
		}
	})
	return "http://" + l.Addr().String()
}

func TestBadInput(t *testing.T) {
	const url = "http://127.0.0.1:1"
	for _, one := range []struct {
		config Config
		want   string
	}{
		{Config{URL: "ftp://127.0.0.1"}, "want http://"},
		{Config{URL: "http://"}, "want http://"},
		{Config{URL: "127.0.0.1:3000"}, "not a URL; did you mean http://127.0.0.1:3000?"},
		{Config{URL: "localhost:3000"}, "did you mean http://localhost:3000?"},
		{Config{URL: "http://ann:secret@127.0.0.1"}, "--header"},
		{Config{URL: url, As: "mqtt"}, "unknown protocol"},
		{Config{URL: url, Profile: "flood"}, "unknown profile"},
		{Config{URL: url, Clients: -1}, "clients"},
		{Config{URL: url, Clients: 300_000}, "clients"},
		{Config{URL: url, Clients: 100_000, Arrivals: 1}, "to connect"},
		{Config{URL: url, Profile: Publish, Rate: 1e6, Duration: time.Hour}, "messages in one run"},
		{Config{URL: url, Profile: Connect, Rate: 5}, "sends no messages"},
		{Config{URL: url, Profile: Emit, As: WebSocket}, "no acknowledgements"},
		{Config{URL: url, Profile: Rooms, As: SSE}, "no rooms"},
		{Config{URL: url, Profile: Slow, As: SSE}, "slow readers"},
		{Config{URL: url, Polling: 0.5, As: WebSocket}, "no polling"},
		{Config{URL: url, Polling: 1.5}, "polling 1.5"},
		{Config{URL: url, Upgrade: true, As: WebSocket}, "no upgrade"},
		{Config{URL: url, Upgrade: true, EIO: 3}, "over WebSocket only"},
		{Config{URL: url, EIO: 2}, "EIO 2"},
		{Config{URL: url, Namespace: "admin"}, "slash"},
		{Config{URL: url, Auth: []byte("{")}, "want JSON"},
		{Config{URL: url, Profile: Publish, Messages: []string{"{{id}}"}}, "want JSON"},
		{Config{URL: url, Profile: Publish, Messages: []string{`"hello"`}}, "{{id}}"},
		{Config{URL: url, Profile: Publish, As: WebSocket, Messages: []string{"{{id}}", "x"}},
			"one message"},
		{Config{URL: url, Receivers: "some"}, "unknown receivers"},
		{Config{URL: url, Fail: []string{"p98>1s"}}, "unknown metric"},
		{Config{URL: url, Fail: []string{"p99>200ms"}}, "connect.p99"},
		{Config{URL: url, Fail: []string{"back.p99>1s"}}, "storm"},
	} {
		assert.ErrorContains(t, one.config.Check(), one.want, "%+v", one.config)
	}
	assert.NoError(t, Config{URL: url}.Check())
	assert.NotContains(t, Config{URL: "http://ann:secret@127.0.0.1"}.Check().Error(), "secret")
}

func TestTooFewOpenFiles(t *testing.T) {
	limit, known := openFiles()
	if !known || limit > maxClients {
		assert.NoError(t, (&Config{Clients: maxClients}).checkFiles())
		return
	}
	err := (&Config{Clients: int(limit)}).checkFiles()
	require.ErrorContains(t, err, "ulimit -n")
	assert.NoError(t, (&Config{Clients: int(limit) - 64}).checkFiles())
}

func TestArrivals(t *testing.T) {
	c := Config{Arrivals: 100}
	assert.Equal(t, time.Duration(0), c.arrival(0))
	assert.Equal(t, time.Second, c.arrival(100))
	c.Ramp = 4 * time.Second // in which 200 arrive
	assert.Equal(t, 4*time.Second, c.arrival(200))
	assert.Equal(t, 5*time.Second, c.arrival(300))
	assert.Equal(t, 2*time.Second, c.arrival(50), "a quarter in the first half")
}

func TestShare(t *testing.T) {
	for part, want := range map[float64]int{0: 0, 0.1: 10, 0.3: 30, 0.5: 50, 1: 100} {
		n := 0
		for i := range 100 {
			if share(i, part) {
				n++
			}
		}
		assert.Equal(t, want, n, part)
	}
}
