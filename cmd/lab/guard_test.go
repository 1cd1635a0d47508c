package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons"
)

// everyDemo is the names of all demos.
func everyDemo() []string {
	var names []string
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			names = append(names, d.Name)
		}
	}
	return names
}

// startDemos runs demos in one process and returns the URL of each.
func startDemos(t *testing.T, names ...string) (process, map[string]string) {
	c, fields, lines := start(t, append([]string{"run", "--plain", "--addr", "127.0.0.1:0"},
		names...)...)
	urls := map[string]string{fields[0]: fields[1]}
	for range names[1:] {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		name, at, _ := strings.Cut(strings.TrimSpace(line), "\t")
		urls[name] = at
	}
	return process{c.Process, c.Wait}, urls
}

type process struct {
	*os.Process
	wait func() error
}

// endsSoon interrupts the process: it ends with status 0, whatever its clients do. One that waits
// for them is killed.
func (p process) endsSoon(t *testing.T) {
	began := time.Now()
	require.NoError(t, p.Signal(os.Interrupt))
	kill := time.AfterFunc(20*time.Second, func() { _ = p.Kill() })
	defer kill.Stop()
	require.NoError(t, p.wait())
	t.Log("ended in", time.Since(began))
}

// request is one HTTP request on a connection of its own.
func request(t *testing.T, method, target string, header map[string]string,
	body string) (*http.Response, string) {
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 30 * time.Second}
	res, err := client.Do(r)
	require.NoError(t, err, target)
	defer res.Body.Close()
	if res.StatusCode != 200 { // a stream has no end
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res, string(text)
	}
	return res, ""
}

var handshakeHeader = map[string]string{"Connection": "Upgrade", "Upgrade": "websocket",
	"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}

// endpoints lists the paths that attackers try: the page, the x-ray, and every transport.
var endpoints = []struct {
	method, path string
	header       map[string]string
	body         string
}{
	{"GET", "/", nil, ""},
	{"GET", "/lab/info.json", nil, ""},
	{"GET", "/lab/xray.jsonl", nil, ""},
	{"GET", "/lab/xray.har", nil, ""},
	{"GET", "/lab/xray.pcapng", nil, ""},
	{"GET", "/lab/shared/lab.js", nil, ""},
	{"GET", "/lab/xray", handshakeHeader, ""},
	{"GET", "/lab/compare", handshakeHeader, ""},
	{"GET", "/ws", handshakeHeader, ""},
	{"GET", "/messages?after=0&wait=1s", nil, ""},
	{"GET", "/stream?after=0", nil, ""},
	{"GET", "/events", nil, ""},
	{"POST", "/messages", map[string]string{"Content-Type": "application/json"},
		`{"from":"eve","text":"hi"}`},
	{"POST", "/messages", map[string]string{"Content-Type": "text/plain"},
		`{"from":"eve","text":"hi"}`},
	{"POST", "/cut?client=ann", nil, ""},
	{"GET", "/socket.io/?EIO=4&transport=polling", nil, ""},
	{"GET", "/socket.io/?EIO=4&transport=polling&j=0", nil, ""},
	{"POST", "/socket.io/?EIO=4&transport=polling&sid=x",
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "d=40"},
	{"OPTIONS", "/socket.io/?EIO=4&transport=polling", nil, ""},
	{"GET", "/socket.io/?EIO=4&transport=websocket", handshakeHeader, ""},
	{"GET", "/socket.io/socket.io.js", nil, ""},
	{"GET", "/api/events", nil, ""},
	{"GET", "/api/board.csv", nil, ""},
	{"POST", "/api/join", map[string]string{"Content-Type": "application/json"}, `{"name":"eve"}`},
	{"GET", "/nowhere", nil, ""},
}

// strangersAreRefused asks all that a server has in the name of other hosts and origins.
func strangersAreRefused(t *testing.T, at string) {
	for _, e := range endpoints {
		for status, stranger := range map[int][]map[string]string{
			http.StatusMisdirectedRequest: {{"Host": "evil.example"},
				{"Host": "evil.example", "Origin": "http://evil.example",
					"Sec-Fetch-Site": "same-origin"}},
			http.StatusForbidden: {{"Origin": "http://evil.example"}, {"Origin": "null"},
				{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}},
		} {
			for _, who := range stranger {
				header := map[string]string{}
				for _, part := range []map[string]string{e.header, who} {
					for name, value := range part {
						header[name] = value
					}
				}
				res, text := request(t, e.method, at+e.path, header, e.body)
				assert.Equal(t, status, res.StatusCode, "%s %s%s as %v", e.method, at, e.path, who)
				// a sentence, that of the server or of the demo login
				assert.Regexp(t, "his server|is not ours|page of another origin", text)
				secured(t, res, e.path)
			}
		}
		if e.header["Upgrade"] == "" {
			res, text := request(t, e.method, at+e.path, e.header, e.body)
			// the board answers 403 to a wrong code
			assert.NotContains(t, text, "another origin", "%s %s%s", e.method, at, e.path)
			assert.NotEqual(t, http.StatusMisdirectedRequest, res.StatusCode, "%s %s%s", e.method,
				at, e.path)
			secured(t, res, e.path)
		}
	}
}

// secured asserts that an answer has the security headers.
func secured(t *testing.T, res *http.Response, path string) {
	policy := res.Header.Get("Content-Security-Policy")
	assert.Contains(t, policy, "form-action 'none'", path)
	assert.Contains(t, policy, "frame-ancestors ", path)
	assert.NotContains(t, policy, "connect-src 'self' ws: wss:", path)
	assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), path)
	assert.Equal(t, "same-origin", res.Header.Get("Cross-Origin-Resource-Policy"), path)
}

func TestStrangersAreRefused(t *testing.T) {
	need.Time(t)
	demos, urls := startDemos(t, everyDemo()...)
	for _, at := range urls {
		strangersAreRefused(t, at)
	}
	demos.endsSoon(t)

	// a comparison that has just begun: in one of its rounds it resets connections
	c, fields, _ := start(t, "run", "compare", "--plain", "--addr", "127.0.0.1:0")
	main, err := url.Parse(fields[1])
	require.NoError(t, err)
	for _, lane := range lanes(t, fields[1]) {
		strangersAreRefused(t, lane)
		res, _ := request(t, "GET", lane+"/lab/lane/lane.html", nil, "")
		assert.Contains(t, res.Header.Get("Content-Security-Policy"),
			"frame-ancestors http://127.0.0.1:"+main.Port())
	}
	process{c.Process, c.Wait}.endsSoon(t)

	c, fields, _ = start(t, "class", "--addr", "127.0.0.1:0")
	strangersAreRefused(t, fields[1])
	process{c.Process, c.Wait}.endsSoon(t)

	c, _, lines := start(t, "xray", "--to", "http://127.0.0.1:1", "--addr", "127.0.0.1:0")
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	page := strings.Fields(line)[1]
	page, _, _ = strings.Cut(page, "#")
	strangersAreRefused(t, strings.TrimSuffix(page, "/"))
	process{c.Process, c.Wait}.endsSoon(t)
}

// lanes are the URLs of the comparison's lanes, as its page learns them.
func lanes(t *testing.T, at string) (urls []string) {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(at, "http")+
		"/lab/compare", nil)
	require.NoError(t, err)
	defer conn.Close()
	var welcome struct{ Lanes []struct{ Port int } }
	require.NoError(t, conn.ReadJSON(&welcome))
	for _, l := range welcome.Lanes {
		urls = append(urls, fmt.Sprintf("http://127.0.0.1:%d", l.Port))
	}
	require.Len(t, urls, 7)
	return urls
}

// TestLanesListenWhereThePageDoes: a page at another address than 127.0.0.1 reaches its lanes
// there.
func TestLanesListenWhereThePageDoes(t *testing.T) {
	for _, host := range []string{"127.0.0.2", "[::1]"} {
		l, err := net.Listen("tcp", host+":0")
		if err != nil {
			t.Log("this machine has no", host)
			continue
		}
		l.Close()
		c, fields, _ := start(t, "run", "compare", "--plain", "--addr", host+":0")
		for _, lane := range lanes(t, fields[1]) {
			res, _ := request(t, "GET", strings.Replace(lane, "127.0.0.1", host, 1)+
				"/lab/lane/lane.html", nil, "")
			assert.Equal(t, 200, res.StatusCode)
		}
		process{c.Process, c.Wait}.endsSoon(t)
	}
}

// TestAllowHost: a name of the hosts file or of a reverse proxy is let in by name.
func TestAllowHost(t *testing.T) {
	c, fields, _ := start(t, "run", "sse", "--plain", "--addr", "127.0.0.1:0", "--allow-host",
		"lab.test")
	res, _ := request(t, "GET", fields[1]+"/",
		map[string]string{"Host": "lab.test", "Origin": "http://lab.test"}, "")
	assert.Equal(t, 200, res.StatusCode)
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "ws://lab.test;")
	process{c.Process, c.Wait}.endsSoon(t)

	_, fields, _ = start(t, "run", "sse", "--plain", "--addr", "localhost:0")
	res, _ = request(t, "GET", fields[1]+"/", map[string]string{"Host": "localhost"}, "")
	assert.Equal(t, 200, res.StatusCode)
}

// TestXrayPassesHostsAndOriginsOn: in front of another server, the x-ray changes no byte and
// refuses no request.
func TestXrayPassesHostsAndOriginsOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Host+" "+r.Header.Get("Origin"))
	})}
	go server.Serve(l)
	defer server.Close()
	_, fields, _ := start(t, "xray", "--to", "http://"+l.Addr().String(), "--addr", "127.0.0.1:0")
	res, text := request(t, "GET", fields[1],
		map[string]string{"Host": "shop.test", "Origin": "http://other.test"}, "")
	assert.Equal(t, http.StatusTeapot, res.StatusCode)
	assert.Equal(t, "shop.test http://other.test", text)
	assert.Empty(t, res.Header.Get("Content-Security-Policy"))
}

// open reads from a demo as its clients do: over a WebSocket, or from an HTTP response.
func (p path) open(t *testing.T, at, origin string) net.Conn {
	host := strings.TrimPrefix(at, "http://")
	conn, err := net.Dial("tcp", host)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n", p, host, origin)
	if strings.Contains(string(p), "ws") || strings.Contains(string(p), "websocket") ||
		p == "/lab/compare" || p == "/lab/xray" {
		for name, value := range handshakeHeader {
			fmt.Fprintf(conn, "%s: %s\r\n", name, value)
		}
	}
	io.WriteString(conn, "\r\n")
	return conn
}

type path string

// pathOf returns the path at which a demo's clients read.
func pathOf(demo string) path {
	switch demo {
	case "compare":
		return "/lab/compare"
	case "short-polling":
		return "/messages?after=0"
	case "long-polling":
		return "/messages?after=1000&wait=60s"
	case "hanging":
		return "/stream?after=0"
	case "sse":
		return "/events"
	case "ws-echo", "ws-chat":
		return "/ws"
	}
	return "/socket.io/?EIO=4&transport=websocket"
}

// TestCtrlCWhateverTheClientsDo: all demos end in about a second, with status 0.
func TestCtrlCWhateverTheClientsDo(t *testing.T) {
	need.Time(t)
	each := func(t *testing.T, urls map[string]string, do func(demo, at string)) {
		for name, at := range urls {
			do(name, at)
		}
	}
	answered := func(t *testing.T, conn net.Conn) *bufio.Reader {
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		r := bufio.NewReader(conn)
		_, err := r.ReadString('\n')
		require.NoError(t, err)
		return r
	}
	for name, clients := range map[string]func(t *testing.T, demo, at string){
		"refused": func(t *testing.T, demo, at string) {
			answered(t, pathOf(demo).open(t, at, "http://evil.example"))
		},
		"half a head": func(t *testing.T, demo, at string) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
			require.NoError(t, err)
			t.Cleanup(func() { conn.Close() })
			io.WriteString(conn, "GET / HTTP/1.1\r\nHo")
		},
		"never answers the close frame": func(t *testing.T, demo, at string) {
			conn := pathOf(demo).open(t, at, at)
			if demo == "long-polling" {
				return // is held
			}
			r := answered(t, conn)
			go io.Copy(io.Discard, r)
		},
		"a session whose poll never comes": func(t *testing.T, demo, at string) {
			if strings.HasPrefix(string(pathOf(demo)), "/socket.io") {
				request(t, "GET", at+"/socket.io/?EIO=4&transport=polling", nil, "")
			}
		},
		"does not read": func(t *testing.T, demo, at string) {
			conn := pathOf(demo).open(t, at, at)
			path("/lab/xray").open(t, at, at)
			switch demo {
			case "hanging", "sse", "ws-chat":
				if demo != "ws-chat" {
					answered(t, conn)
				}
				for range 300 {
					if demo != "ws-chat" {
						request(t, "POST", at+"/messages",
							map[string]string{"Content-Type": "application/json"},
							`{"from":"a","text":"`+strings.Repeat("x", 20_000)+`"}`)
					}
				}
			}
			if demo == "ws-chat" || demo == "ws-echo" {
				flood(t, at, `{"from":"a","text":"`+strings.Repeat("x", 20_000)+`"}`)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			demos, urls := startDemos(t, everyDemo()...)
			each(t, urls, func(demo, at string) { clients(t, demo, at) })
			demos.endsSoon(t)
		})
	}
}

// flood sends messages over a WebSocket and reads none, until the server takes no more or has taken
// many.
func flood(t *testing.T, at, message string) {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(at, "http")+"/ws", nil)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	for range 600 {
		conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		if conn.WriteMessage(websocket.TextMessage, []byte(message)) != nil {
			return
		}
	}
}

// TestOutOfDescriptors: it is said once on stderr, and the demo serves again when there are some.
func TestOutOfDescriptors(t *testing.T) {
	need.Time(t)
	if runtime.GOOS == "windows" {
		t.Skip("there is no such limit")
	}
	c := exec.Command("sh", "-c",
		`ulimit -n 64; exec "$0" run sse --plain --layers ws --addr 127.0.0.1:0`, binary)
	var stderr locked.Buffer
	c.Stderr = &stderr
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	at := strings.Fields(line)[1]
	var crowd []net.Conn
	for range 100 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
		require.NoError(t, err)
		defer conn.Close()
		crowd = append(crowd, conn)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(stderr.String(), "ulimit -n")
	}, 20*time.Second, 10*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // ten more attempts
	assert.Equal(t, 1, strings.Count(stderr.String(), "cannot accept"), stderr.String())
	for _, conn := range crowd {
		conn.Close()
	}
	res, _ := request(t, "GET", at, nil, "")
	assert.Equal(t, 200, res.StatusCode)
	process{c.Process, c.Wait}.endsSoon(t)
}
