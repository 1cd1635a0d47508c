package exercise_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/lesson"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray/pcapng"
	"realtimelab/lessons"
	"realtimelab/lessons/websocket/frame"
)

var record = flag.Bool("record", false,
	"record the capture of read-capture again; its answers change with it")

const captureFile = "../../lessons/socketio/exercises/read-capture/capture.pcapng"

// captureGiven reads the answers of read-capture out of its capture, byte by byte.
func captureGiven(t *testing.T) map[string]string {
	if *record {
		recordRun(t)
	}
	file, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	e, _ := prediction(t, "read-capture")
	given, err := e.Given()
	require.NoError(t, err)
	require.Equal(t, file, given[exercise.CaptureFile], "the student gets the capture")

	polls, upgraded := 0, false
	keys, closes := map[string]string{}, map[string]string{}
	var sent, got []string
	for _, p := range packetsOf(t, file) {
		c := p.conn
		if p.fromClient {
			head := string(p.data)
			if name := userAgent.FindStringSubmatch(head); name != nil {
				c.user = name[1]
			}
			if c.user == "bob" && strings.HasPrefix(head, "GET ") &&
				strings.Contains(head, "transport=polling") && !upgraded {
				polls++
			}
			if strings.Contains(head, "Upgrade: websocket") {
				c.webSocket, upgraded = true, upgraded || c.user == "bob"
				continue
			}
		}
		if c.user == "bob" && !c.webSocket && !p.fromClient {
			got = append(got, messages(string(p.data))...)
		}
		if !c.webSocket {
			continue
		}
		data := p.data
		if head := bytes.Index(data, []byte("\r\n\r\n")); bytes.HasPrefix(data, []byte("HTTP/")) {
			data = data[head+4:] // a frame may follow the answer at once
		}
		for len(data) > 0 {
			f, n, err := frame.Parse(bytes.Clone(data))
			require.NoError(t, err)
			data = data[n:]
			text := string(f.Payload)
			switch {
			case c.user == "bob" && p.fromClient && text == "2probe":
				keys["bob"] = fmt.Sprintf("% x", f.Mask[:])
			case f.Opcode == frame.Close && closes[c.user] == "" && len(f.Payload) >= 2:
				closes[c.user] = fmt.Sprint(map[bool]string{true: "a", false: "b"}[p.fromClient],
					int(f.Payload[0])<<8|int(f.Payload[1]))
			case c.user == "ann" && p.fromClient:
				sent = append(sent, messages(text)...)
			case c.user == "bob" && !p.fromClient:
				got = append(got, messages(text)...)
			}
		}
	}
	lost := ""
	for _, m := range sent {
		if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+m+" ") {
			lost += m
		}
	}
	return map[string]string{
		"polls": fmt.Sprint(polls), "masking key": keys["bob"], "lost message": lost,
		"who closed": closes["bob"][:1], "close code": closes["bob"][1:],
	}
}

var (
	userAgent = regexp.MustCompile(`\r\nUser-Agent: (\w+)\r\n`)
	message   = regexp.MustCompile(`42\["chat message","(\w+)"\]`)
)

func messages(text string) (all []string) {
	for _, m := range message.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// capturedConn is one TCP connection of a capture.
type capturedConn struct {
	user      string
	webSocket bool
	last      int // its newest packet, -1 for none
}

type capturedPacket struct {
	conn       *capturedConn
	fromClient bool
	data       []byte
}

// packetsOf returns the data of each side in turn, in order of its first packet. The SYN that opens
// a connection tells which side is the client.
func packetsOf(t *testing.T, file []byte) (all []capturedPacket) {
	reader, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	require.NoError(t, err)
	conns := map[layers.TCPPort]*capturedConn{}
	for {
		data, _, err := reader.ReadPacketData()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		tcp, ok := gopacket.NewPacket(data, layers.LayerTypeIPv4, gopacket.Default).
			Layer(layers.LayerTypeTCP).(*layers.TCP)
		require.True(t, ok)
		if tcp.SYN && !tcp.ACK {
			conns[tcp.SrcPort] = &capturedConn{last: -1}
		}
		c, fromClient := conns[tcp.SrcPort]
		if !fromClient {
			c = conns[tcp.DstPort]
		}
		require.NotNil(t, c)
		switch {
		case len(tcp.Payload) == 0:
		// the rest of one side's data: a request may come in two segments
		case c.last >= 0 && all[c.last].fromClient == fromClient:
			all[c.last].data = append(all[c.last].data, tcp.Payload...)
		default:
			c.last = len(all)
			all = append(all, capturedPacket{c, fromClient, bytes.Clone(tcp.Payload)})
		}
	}
}

// recordRun runs the demo broadcast with two clients, and writes the capture.
func recordRun(t *testing.T) {
	wire := tap.New(tap.Config{})
	address := tapped(t, wire, "broadcast")
	ann := join(t, address, "ann", "")
	get, post := poller(t, address, "bob")
	opened := get("")
	sid := "&sid=" + regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(opened)[1]
	post(sid, "40")
	get(sid)
	ann.send(`42["chat message","one"]`)
	ann.next(`42["chat message","one"]`)
	for poll := get(sid); !strings.Contains(poll, "one"); {
		poll = get(sid)
	}
	held, before := make(chan string), wire.Events()
	go func() { held <- get(sid) }()
	require.Eventually(t, func() bool {
		return wire.Events() > before
	}, time.Minute, time.Millisecond)
	bob := dialAs(t, address, "bob", sid)
	bob.send("2probe")
	bob.next("3probe")
	<-held
	bob.send("5")
	say := func(text string, from wsClient, to ...wsClient) {
		from.send(`42["chat message","` + text + `"]`)
		for _, c := range to {
			c.next(`42["chat message","` + text + `"]`)
		}
	}
	say("two", ann, ann, bob)
	say("three", bob, ann, bob)
	require.NoError(t, bob.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second)))
	_, _, err := bob.ReadMessage()
	require.Error(t, err)
	bob.Close()
	say("four", ann, ann)
	bob = join(t, address, "bob", "")
	say("five", ann, ann, bob)
	require.NoError(t, ann.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(time.Second)))
	_, _, err = ann.ReadMessage()
	require.Error(t, err)
	ann.Close()
	var out bytes.Buffer
	require.NoError(t, pcapng.Write(&out, wire, nil))
	require.NoError(t, os.WriteFile(captureFile, out.Bytes(), 0o644))
}

// tapped serves a demo whose traffic the tap records.
func tapped(t *testing.T, wire *tap.Tap, name string) string {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			if d.Name != name {
				continue
			}
			instance, err := d.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			listener, err := net.Listen("tcp4", "127.0.0.1:0")
			require.NoError(t, err)
			server := &http.Server{Handler: instance.Handler, ConnContext: tap.ConnContext,
				ReadHeaderTimeout: 10 * time.Second}
			done := make(chan struct{})
			go func() { defer close(done); _ = server.Serve(wire.Listener(listener)) }()
			t.Cleanup(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				_ = instance.Close(ctx)
				_ = server.Close()
				<-done
			})
			return listener.Addr().String()
		}
	}
	t.Fatalf("no demo %s", name)
	return ""
}

// dialAs opens a WebSocket under that name; join also connects it to the main namespace.
func dialAs(t *testing.T, address, user, query string) wsClient {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+address+
		"/socket.io/?EIO=4&transport=websocket"+query, http.Header{"User-Agent": {user}})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return wsClient{t, conn}
}

func join(t *testing.T, address, user, query string) wsClient {
	c := dialAs(t, address, user, query)
	c.send("40")
	c.next("40")
	return c
}

// poller returns the two requests of long polling, under that name.
func poller(t *testing.T, address, user string) (get func(query string) string,
	post func(query, body string)) {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	do := func(method, query, body string) string {
		request, err := http.NewRequest(method,
			"http://"+address+"/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("User-Agent", user)
		res, err := transport.RoundTrip(request)
		require.NoError(t, err)
		defer res.Body.Close()
		data, err := io.ReadAll(bufio.NewReader(res.Body))
		require.NoError(t, err)
		return string(data)
	}
	return func(query string) string {
		return do("GET", query, "")
	}, func(query, body string) { do("POST", query, body) }
}
