package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sio"
)

// A difference is a row of docs/differences.md: a conversation, and both servers' parts in it.
type difference struct {
	row            string
	talk           func(t *testing.T, url string) string
	official, ours string
}

var differences = []difference{
	{"DISCONNECT from a namespace that the client is not in",
		overWebSocket("40", "41/other"), "40{} closed", "40{} synced"},
	{"EVENT without data",
		overWebSocket("40", "42"), "40{} synced", "40{} closed"},
	{"ACK without data",
		overWebSocket("40", "431"), "40{} synced", "40{} closed"},
	{"placeholder with a fraction",
		overWebSocket("40", `451-["x",{"_placeholder":true,"num":0.5}]`, "\x01"), "40{} synced",
		"40{} closed"},
	{"ack id above 2^53",
		overWebSocket("40", `429007199254740993["echo",1]`), "40{} 439007199254740992[1] synced",
		"40{} closed"},
	{"event whose name is a number",
		overWebSocket("40", `42[1e3]`), `40{} 42["thousand"] synced`, `40{} synced`},
	{"lone surrogate",
		overWebSocket("40", `421["echo","\ud83d"]`), `40{} 431["\ud83d"] synced`,
		"40{} 431[\"\ufffd\"] synced"},
	{"-0 and numbers above the largest",
		overWebSocket("40", `421["echo",-0,1e400]`), `40{} 431[0,null] synced`,
		"40{} 431[-0,1.7976931348623157e+308] synced"},
	{"volatile event behind another one",
		overWebSocket("40", `42["volatile"]`), `40{} 42["plain"] synced`,
		`40{} 42["plain"] 42["volatile"] synced`},
	{"Emit after Disconnect",
		overWebSocket("40", `42["kick"]`), `40{} 41 42["after"] closed`, `40{} 41 closed`},
	{"EVENT behind CONNECT in one POST",
		overPolling("40\x1e42[\"sync\"]"), "closed", "40{} synced"},
	{"invalid base64 in a payload",
		overPolling("40", "451-[\"x\",{\"_placeholder\":true,\"num\":0}]\x1eb*"), "40{} synced",
		"40{} closed"},
	{"more than 256 namespaces on one connection", joinMany, "300 joined",
		`256 joined, then 44 {"message":"too many namespaces"}`},
	{"JSONP",
		ask("EIO=4&transport=polling&j=0", false), "200", `400 {"code":3,"message":"Bad request"}`},
	{"WebSocket handshake with transport=polling",
		ask("EIO=4&transport=polling", true), "101", "400 Bad request"},
	{"unsupported version over WebSocket",
		ask("EIO=3&transport=websocket", true), "101", "400 Unsupported protocol version"},
	{"client file that is not there",
		askFile, `400 {"code":0,"message":"Transport unknown"}`,
		`400 {"code":0,"message":"Transport unknown","hint":"this server has no such`},
	{"WebSocket handshake without a key",
		ask("EIO=4&transport=websocket", true, "Sec-WebSocket-Key"),
		"400 Missing or invalid Sec-WebSocket-Key header", "400 Bad request"},
	{"X-Content-Type-Options", func(t *testing.T, url string) string {
		res, err := http.Get(url + "/socket.io/?EIO=4&transport=polling")
		require.NoError(t, err)
		res.Body.Close()
		return res.Header.Get("X-Content-Type-Options")
	}, "", "nosniff"},
	{"acknowledgements that a disconnected client owes", pendingAck, "",
		"sio: socket has been disconnected"},
	{"handlers of different sockets", parallelHandlers, "", "both run"},
}

// sid is the payload of CONNECT's answer.
var sid = regexp.MustCompile(`\{"sid":"[^"]+"\}`)

// overWebSocket sends the messages, of which "\x01" is binary, and checks whether the socket is
// still served: the conversation ends with "synced" or "closed".
func overWebSocket(messages ...string) func(*testing.T, string) string {
	return func(t *testing.T, url string) string {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+
			"/socket.io/?EIO=4&transport=websocket", nil)
		require.NoError(t, err)
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, _, err = conn.ReadMessage() // the handshake
		require.NoError(t, err)
		var got []string
		for _, message := range append(messages, `42["sync"]`) {
			kind := websocket.TextMessage
			if message == "\x01" {
				kind = websocket.BinaryMessage
			}
			if conn.WriteMessage(kind, []byte(message)) != nil {
				break // closed, as the reading shows
			}
			if message == "40" || message == `42["kick"]` {
				// the next message depends on the effect of this one
				_, data, err := conn.ReadMessage()
				require.NoError(t, err)
				got = append(got, sid.ReplaceAllString(string(data), "{}"))
			}
		}
		for {
			_, data, err := conn.ReadMessage()
			switch {
			case err != nil:
				return strings.Join(append(got, "closed"), " ")
			case string(data) == `42["synced"]`:
				return strings.Join(append(got, "synced"), " ")
			}
			got = append(got, string(data))
		}
	}
}

// joinMany asks for 300 namespaces, and says how many the server lets a client join.
func joinMany(t *testing.T, url string) string {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+
		"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, _, err = conn.ReadMessage() // the handshake
	require.NoError(t, err)
	for n := range 300 {
		require.NoError(t, conn.WriteMessage(websocket.TextMessage,
			fmt.Appendf(nil, "40/many%d,", n)))
	}
	joined, refused := 0, ""
	for range 300 {
		_, data, err := conn.ReadMessage()
		require.NoError(t, err)
		packet, rest, _ := strings.Cut(string(data), "/")
		if packet == "40" {
			joined++
			continue
		}
		_, reason, _ := strings.Cut(rest, ",")
		refused = ", then " + packet + " " + reason
	}
	return fmt.Sprint(joined, " joined", refused)
}

// overPolling posts the payloads, and checks whether the socket is still served.
func overPolling(payloads ...string) func(*testing.T, string) string {
	return func(t *testing.T, url string) string {
		url += "/socket.io/?EIO=4&transport=polling"
		do := func(res *http.Response, err error) (int, string) {
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			return res.StatusCode, string(body)
		}
		_, open := do(http.Get(url))
		url += "&sid=" + regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(open)[1]
		if !strings.Contains(payloads[0], "sync") {
			payloads = append(payloads[:len(payloads):len(payloads)], `42["sync"]`)
		}
		var got []string
		closed := func() string { return strings.Join(append(got, "closed"), " ") }
		for i := 0; ; i++ {
			if i < len(payloads) {
				if status, _ := do(http.Post(url, "text/plain",
					strings.NewReader(payloads[i]))); status != http.StatusOK {
					return closed()
				}
			}
			if i > 0 && i < len(payloads)-1 {
				continue // it is not answered
			}
			status, body := do(http.Get(url))
			if status != http.StatusOK {
				return closed()
			}
			for packet := range strings.SplitSeq(body, "\x1e") {
				switch packet {
				case "1":
					return closed()
				case `42["synced"]`:
					return strings.Join(append(got, "synced"), " ")
				case "6":
				default:
					got = append(got, sid.ReplaceAllString(packet, "{}"))
				}
			}
		}
	}
}

// ask makes one request, perhaps a WebSocket handshake without one of its headers.
func ask(query string, webSocket bool, without ...string) func(*testing.T, string) string {
	return func(t *testing.T, url string) string {
		r, err := http.NewRequest("GET", url+"/socket.io/?"+query, nil)
		require.NoError(t, err)
		if webSocket {
			for name, value := range map[string]string{"Connection": "Upgrade",
				"Upgrade": "websocket", "Sec-WebSocket-Version": "13",
				"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				r.Header.Set(name, value)
			}
		}
		for _, name := range without {
			r.Header.Del(name)
		}
		res, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		defer res.Body.Close()
		if res.StatusCode < 300 {
			return res.Status[:3]
		}
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.Status[:3] + " " + string(body)
	}
}

// askFile asks for a client file that neither server has.
func askFile(t *testing.T, url string) string {
	res, err := http.Get(url + "/socket.io/nothing.js")
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	answer, _, _ := strings.Cut(string(body), " client file, only ")
	return res.Status[:3] + " " + answer
}

// pendingAck concerns the program, not the wire: the official server never settles the promise.
func pendingAck(t *testing.T, url string) string {
	return ofTheProgram(t, url, func(io *sio.Server, heard chan<- string) {
		io.OnConnection(func(s *sio.Socket) {
			s.On("sync", func() {
				_, err := s.EmitWithAck(context.Background(), "question")
				heard <- err.Error()
			})
		})
	}, func(conn *websocket.Conn) {
		conn.WriteMessage(websocket.TextMessage, []byte(`42["sync"]`))
		conn.ReadMessage()
		conn.WriteMessage(websocket.TextMessage, []byte("41"))
	})
}

// parallelHandlers returns when a handler of each socket runs at the same time, which never happens
// in Node.
func parallelHandlers(t *testing.T, url string) string {
	return ofTheProgram(t, url, func(io *sio.Server, heard chan<- string) {
		meet := make(chan bool)
		io.OnConnection(func(s *sio.Socket) {
			s.On("meet", func() {
				s.Flush(context.Background()) // the client is read meanwhile
				meet <- true
			})
		})
		io.Of("/other").OnConnection(func(s *sio.Socket) {
			s.On("meet", func() { <-meet; heard <- "both run" })
		})
	}, func(conn *websocket.Conn) {
		for _, text := range []string{"40/other,", `42["meet"]`, `42/other,["meet"]`} {
			conn.WriteMessage(websocket.TextMessage, []byte(text))
		}
	})
}

// ofTheProgram runs a conversation with our server, unless url is the official server's.
func ofTheProgram(t *testing.T, url string, serve func(*sio.Server, chan<- string),
	talk func(*websocket.Conn)) string {
	if !strings.HasSuffix(url, "#ours") {
		return ""
	}
	server, heard := sio.NewServer(sio.Config{}), make(chan string, 1)
	serve(server, heard)
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close(context.Background())
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(web.URL, "http")+
		"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("40")))
	for range 2 {
		_, _, err = conn.ReadMessage()
		require.NoError(t, err)
	}
	talk(conn)
	select {
	case got := <-heard:
		return got
	case <-time.After(time.Minute):
		return "nothing happens"
	}
}

// TestDifferences checks docs/differences.md: each row is a conversation with both servers, and
// each conversation a row.
func TestDifferences(t *testing.T) {
	official := node.Start(t, "differences-server.mjs")
	server := sio.NewServer(sio.Config{})
	server.Of("/other")
	server.OfRegexp(regexp.MustCompile(`^/many\d+$`))
	server.OnConnection(func(s *sio.Socket) {
		s.On("sync", func() { s.Emit("synced") })
		s.On("echo", func(args sio.Args, ack sio.Ack) {
			var values []any
			for i := range args.Len() {
				values = append(values, args.Any(i))
			}
			ack(values...)
		})
		s.On("volatile", func() { s.Emit("plain"); s.Volatile().Emit("volatile") })
		s.On("kick", func() {
			s.Disconnect(false)
			assert.ErrorIs(t, s.Emit("after"), sio.ErrDisconnected)
		})
		s.On("1000", func() { s.Emit("thousand") })
	})
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close(context.Background())
	text, err := os.ReadFile("../../../docs/differences.md")
	require.NoError(t, err)
	var rows, tested []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|.*\|$`).
		FindAllStringSubmatch(string(text), -1)[1:] {
		rows = append(rows, strings.ReplaceAll(row[1], "`", ""))
	}
	for _, d := range differences {
		tested = append(tested, d.row)
		t.Run(d.row, func(t *testing.T) {
			assert.Equal(t, d.official, d.talk(t, official), "the official server")
			ours := web.URL
			if d.official == "" && d.row != "X-Content-Type-Options" {
				ours += "#ours"
			}
			assert.Equal(t, d.ours, d.talk(t, ours), "ours")
		})
	}
	assert.Equal(t, tested, rows, "docs/differences.md has a row for each")
}
