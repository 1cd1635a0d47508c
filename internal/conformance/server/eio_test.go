package server

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/cors"
	"realtimelab/lessons/socketio/engineio"
)

var (
	//go:embed eio_official.mjs
	officialEngine string
	//go:embed eio_client3.mjs
	officialClient3 string
)

// startOfficialEngine runs the official Engine.IO server with the options, and
// returns its address.
func startOfficialEngine(t *testing.T, options string) string {
	command := exec.Command("node", "--input-type=module", "-e", officialEngine, options)
	command.Dir = node.Dir(t)
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	command.Stderr = &stderr
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		stdin.Close()
		stuck := time.AfterFunc(10*time.Second, func() { command.Process.Kill() })
		defer stuck.Stop()
		assert.NoError(t, command.Wait(), &stderr)
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(url)
}

// startEngine runs our server, as an echo.
func startEngine(t *testing.T, config engineio.Config) string {
	config.OnSession = func(s *engineio.Session) {
		s.OnMessage(func(data []byte, binary bool) {
			m := engineio.TextMessage(data)
			if binary {
				m = engineio.BinaryMessage(data)
			}
			if strings.HasPrefix(string(data), "plain") {
				m = m.Uncompressed()
			}
			s.Send(m)
		})
	}
	engine := engineio.NewServer(config)
	server := httptest.NewServer(engine)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, engine.Close(ctx))
		server.Close()
	})
	return server.URL
}

// request of a conversation. In the query and the body, SID stands for the sid
// of the last handshake.
type request struct {
	method, query, body string
	headers             []string // pairs
}

var upgrading = []string{
	"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13",
	"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==",
}

// perHop lists the headers about the sending of an answer rather than its content, and the headers
// in which the two servers are known to differ.
var perHop = []string{"Date", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length",
	"X-Content-Type-Options", // only ours sends nosniff
}

var sidPattern = regexp.MustCompile(`sid\\?":\\?"([\w-]+)`)

// converse returns the answers of a server, in a form that allows comparison.
func converse(t *testing.T, url string, requests []request) string {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	var transcript strings.Builder
	sid := "none"
	for _, q := range requests {
		r, err := http.NewRequestWithContext(t.Context(), q.method,
			url+"/engine.io/?"+strings.ReplaceAll(q.query, "SID", sid), strings.NewReader(q.body))
		require.NoError(t, err)
		for i := 0; i < len(q.headers); i += 2 {
			r.Header.Set(q.headers[i], q.headers[i+1])
		}
		res, err := client.Do(r)
		require.NoError(t, err, "%+v", q)
		body := []byte{}
		if res.StatusCode != http.StatusSwitchingProtocols {
			body, err = io.ReadAll(res.Body)
			require.NoError(t, err)
		}
		res.Body.Close()
		if match := sidPattern.FindSubmatch(body); match != nil {
			sid = string(match[1])
		}
		fmt.Fprintf(&transcript, "%s %s → %d\n", q.method, q.query, res.StatusCode)
		for _, key := range slices.Sorted(maps.Keys(res.Header)) {
			if !slices.Contains(perHop, key) {
				value := strings.Join(res.Header.Values(key), " & ")
				// the order does not matter
				value = strings.ReplaceAll(value, "; Path=/; HttpOnly", "; HttpOnly; Path=/")
				fmt.Fprintf(&transcript, "  %s: %s\n", key, strings.ReplaceAll(value, sid, "SID"))
			}
		}
		if res.Header.Get("Content-Encoding") == "" {
			fmt.Fprintf(&transcript, "  %s\n", strings.ReplaceAll(shorten(body), sid, "SID"))
		}
	}
	return transcript.String()
}

// openLength is the length of a handshake of revision 3, which depends on that
// of the sid.
var openLength = regexp.MustCompile(`\d+:0\{`)

func shorten(body []byte) string {
	body = openLength.ReplaceAll(body, []byte("N:0{"))
	if len(body) > 500 {
		return fmt.Sprintf("%.10s… of %d bytes", body, len(body))
	}
	return string(body)
}

const (
	engineQuery = "EIO=4&transport=polling"
	olderQuery  = "EIO=3&transport=polling"
)

var (
	wholeSession = []request{
		{"GET", engineQuery, "", nil},
		{"POST", engineQuery + "&sid=SID", "4hello €\x1ebAQID", nil},
		{"GET", engineQuery + "&sid=SID", "", nil},
		{"POST", engineQuery + "&sid=SID", "1", nil},
		{"GET", engineQuery + "&sid=SID", "", nil},
	}
	refused = []request{
		{"GET", "EIO=4", "", nil},
		{"GET", "EIO=4&transport=tarot", "", nil},
		{"GET", engineQuery + "&sid=nobody", "", nil},
		{"POST", engineQuery, "", nil},
		{"OPTIONS", engineQuery, "", nil},
		{"GET", "EIO=4&transport=websocket", "", nil},
		{"GET", "EIO=3&transport=polling", "", nil},
		{"GET", "transport=polling", "", nil},
		{"GET", "EIO=4&transport=websocket&sid=nobody", "", upgrading},
		{"GET", "EIO=4&transport=tarot", "", upgrading},
		{"GET", engineQuery, "", nil},
		{"GET", "EIO=4&transport=websocket&sid=SID", "", nil},
		{"GET", "transport=polling&sid=SID", "", nil},
	}
	crossOrigin = []request{
		{"GET", engineQuery, "", []string{"Origin", "https://a.lab"}},
		{"POST", engineQuery + "&sid=SID", "4x", []string{"Origin", "https://a.lab"}},
		{"GET", engineQuery, "", []string{"Origin", "https://evil.example"}},
		{"GET", engineQuery + "&sid=nobody", "", []string{"Origin", "https://a.lab"}},
		{"GET", engineQuery, "", nil},
		{"OPTIONS", engineQuery, "", []string{"Origin", "https://a.lab",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers",
			"x-one, x-two"}},
		{"OPTIONS", engineQuery, "", []string{"Origin", "https://evil.example",
			"Access-Control-Request-Method", "POST"}},
	}
	olderSession = []request{
		{"GET", olderQuery, "", nil},
		{"POST", olderQuery + "&sid=SID", "9:4hello €🙂", nil},
		{"GET", olderQuery + "&sid=SID", "", nil},
		{"POST", olderQuery + "&sid=SID", "6:b4AQID1:22:4x", nil},
		{"GET", olderQuery + "&sid=SID", "", nil},
		{"POST", olderQuery + "&sid=SID", "\x00\x05\xff4a€\x01\x04\xff\x04\x01\x02\x03",
			[]string{"Content-Type", "application/octet-stream"}},
		{"GET", olderQuery + "&sid=SID", "", nil},
		{"GET", engineQuery + "&sid=SID", "", nil},
		{"POST", olderQuery + "&sid=SID", "1:1", nil},
		{"GET", olderQuery + "&b64=1", "", nil},
		{"POST", olderQuery + "&sid=SID", "6:b4AQID2:4x", nil},
		{"GET", olderQuery + "&sid=SID", "", nil},
		{"GET", "transport=polling&j=3", "", nil},
		{"POST", "transport=polling&j=3&sid=SID", "d=2:4x", nil},
		{"GET", "transport=polling&j=3&sid=SID", "", nil},
	}
	olderMistakes = func() (requests []request) {
		for _, body := range []string{"", "4x", ":4x", "1:4x", "3:4x", "2:4x:", "2:9x", "2:4x9:",
			"1:3", "0:", "2:4x0:", "x:4x"} {
			requests = append(requests,
				request{"GET", olderQuery, "", nil},
				request{"POST", olderQuery + "&sid=SID", body, nil},
				request{"POST", olderQuery + "&sid=SID", "1:2", nil})
		}
		return requests
	}()
	forbidding = []request{
		{"GET", engineQuery, "", nil},
		{"GET", "EIO=3&transport=polling", "", nil},
		{"GET", "EIO=4&transport=websocket", "", upgrading},
	}
)

// compressing requests echoes of several sizes by polling, with several encodings.
func compressing() (requests []request) {
	for _, size := range []int{1022, 1023, 5000} {
		for _, accept := range []string{"gzip, deflate, br", "deflate, gzip",
			"gzip;q=0.5, deflate;q=0.8", "*", "*;q=0.5, deflate", "gzip;q=0", "br", ""} {
			requests = append(requests,
				request{"GET", engineQuery, "", nil},
				request{"POST", engineQuery + "&sid=SID", "4" + strings.Repeat("x", size), nil},
				request{"GET", engineQuery + "&sid=SID", "", []string{"Accept-Encoding", accept}},
				request{"POST", engineQuery + "&sid=SID",
					"4plain" + strings.Repeat("x", size), nil},
				request{"GET", engineQuery + "&sid=SID", "", []string{"Accept-Encoding", accept}})
		}
	}
	return requests
}

func TestEngineAnswersAsTheOfficialOne(t *testing.T) {
	for _, c := range []struct {
		name, options string
		config        engineio.Config
		requests      []request
	}{
		{"a session", `{}`, engineio.Config{}, wholeSession},
		{"refusals", `{}`, engineio.Config{}, refused},
		{"allowRequest", `{"refuse":"not <you> \"€\""}`,
			engineio.Config{AllowRequest: func(*http.Request) error {
				return errors.New(`not <you> "€"`)
			}}, forbidding},
		{"allowRequest without a message", `{"refuse":""}`,
			engineio.Config{AllowRequest: func(*http.Request) error {
				return errors.New("")
			}}, forbidding},
		{"headers", `{"headers":true}`, engineio.Config{
			InitialHeaders: func(h http.Header, _ *http.Request) { h.Set("X-First", "yes") },
			Headers:        func(h http.Header, _ *http.Request) { h.Set("X-Each", "yes") },
		}, wholeSession},
		{"cookie", `{"cookie":true}`, engineio.Config{Cookie: &http.Cookie{Name: "io", Path: "/",
			HttpOnly: true, SameSite: http.SameSiteLaxMode}}, wholeSession},
		{"a cookie without a path", `{"cookie":{"path":null,"httpOnly":false}}`,
			engineio.Config{Cookie: &http.Cookie{SameSite: http.SameSiteLaxMode}}, wholeSession},
		{"initialPacket", `{"initialPacket":"hello"}`,
			engineio.Config{InitialPacket: engineio.TextMessage([]byte("hello"))}, wholeSession},
		{"generateId", `{"ids":true}`,
			engineio.Config{GenerateID: func(r *http.Request) (string, error) {
				return r.URL.Query().Get("id"), nil
			}}, []request{
				{"GET", engineQuery + "&id=a%3Cb%3E%E2%82%AC", "", nil},
				{"POST", engineQuery + "&sid=a%3Cb%3E%E2%82%AC", "4hello", nil},
				{"POST", engineQuery + "&sid=b", "4hello", nil},
			}},
		{"generateId with an error", `{"ids":true}`,
			engineio.Config{GenerateID: func(*http.Request) (string, error) {
				return "", errors.New("none")
			}}, []request{{"GET", engineQuery, "", nil}}},
		{"no upgrades", `{"allowUpgrades":false}`, engineio.Config{NoUpgrades: true}, wholeSession},
		{"polling only", `{"transports":["polling"]}`,
			engineio.Config{Transports: []string{engineio.Polling}}, wholeSession},
		{"websocket only", `{"transports":["websocket"]}`,
			engineio.Config{Transports: []string{engineio.WebSocket}}, wholeSession[:1]},
		{"httpCompression", `{}`, engineio.Config{}, compressing()},
		{"httpCompression off", `{"httpCompression":false}`,
			engineio.Config{HTTPCompression: engineio.HTTPCompression{Off: true}}, compressing()},
		{"httpCompression's threshold", `{"httpCompression":{"threshold":1023}}`,
			engineio.Config{HTTPCompression: engineio.HTTPCompression{Threshold: 1023}},
			compressing()},
		{"allowEIO3", `{"allowEIO3":true}`, engineio.Config{AllowEIO3: true}, olderSession},
		{"allowEIO3, mistakes", `{"allowEIO3":true}`, engineio.Config{AllowEIO3: true},
			olderMistakes},
		{"CORS of any origin", `{"cors":{"origin":"*"}}`,
			engineio.Config{CORS: &cors.Policy{Origins: []string{"*"}}}, crossOrigin},
		{"CORS by default", `{"cors":true}`, engineio.Config{CORS: &cors.Policy{}}, crossOrigin},
		{"CORS of one origin", `{"cors":{"origin":"https://a.lab","credentials":true}}`,
			engineio.Config{CORS: &cors.Policy{Origins: []string{"https://a.lab"},
				Credentials: true}}, crossOrigin},
		{"CORS of a list",
			`{"cors":{"origin":["https://a.lab",{"$regexp":"^https://\\w+\\.school$"}],"maxAge":600}}`,
			engineio.Config{CORS: &cors.Policy{
				Origins:  []string{"https://a.lab"},
				Patterns: []*regexp.Regexp{regexp.MustCompile(`^https://\w+\.school$`)},
				MaxAge:   10 * time.Minute,
			}}, crossOrigin},
		{"CORS with a function",
			`{"cors":{"origin":{"$allow":true},"methods":["GET","POST"],"allowedHeaders":["X-One"],"exposedHeaders":["X-Two","X-Three"],"credentials":true}}`,
			engineio.Config{CORS: &cors.Policy{
				Allow:   func(string, *http.Request) bool { return true },
				Methods: []string{"GET", "POST"}, AllowedHeaders: []string{"X-One"},
				ExposedHeaders: []string{"X-Two", "X-Three"}, Credentials: true,
			}}, crossOrigin},
	} {
		t.Run(c.name, func(t *testing.T) {
			official := converse(t, startOfficialEngine(t, c.options), c.requests)
			assert.Equal(t, official, converse(t, startEngine(t, c.config), c.requests))
		})
	}
}

func TestOfficialEngineClientOfRevision3(t *testing.T) {
	for name, options := range map[string]string{
		"polling":           `{"transport":"polling","client":{"transports":["polling"]}}`,
		"polling in base64": `{"transport":"polling","client":{"transports":["polling"],"forceBase64":true}}`,
		"websocket":         `{"transport":"websocket","client":{"transports":["websocket"]}}`,
		"websocket base64":  `{"transport":"websocket","client":{"transports":["websocket"],"forceBase64":true}}`,
		"upgrade":           `{"transport":"websocket","upgrades":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			url := startEngine(t, engineio.Config{
				AllowEIO3: true, PingInterval: 100 * time.Millisecond, PingTimeout: 5 * time.Second,
				PerMessageDeflate: &engineio.PerMessageDeflate{},
			})
			command := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e",
				officialClient3, url, options)
			command.Dir = node.Dir(t)
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, "ok\n", string(out))
		})
	}
}
