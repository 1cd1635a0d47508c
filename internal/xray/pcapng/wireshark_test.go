package pcapng_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/pcapng"
)

// packet is one packet of a capture, as tshark prints it.
type packet struct {
	from, to int // ports
	flags    int
	seq      int // relative to the connection's first
	size     int
	payload  string // in hexadecimal
}

const (
	fin, syn, rst, ack = 1, 2, 4, 16

	patient = 30 * time.Second
)

var packetFields = []string{"-l", "-n", "-T", "fields", "-E", "separator=|",
	"-e", "tcp.srcport", "-e", "tcp.dstport", "-e", "tcp.flags", "-e", "tcp.seq", "-e", "tcp.len",
	"-e", "tcp.payload"}

func parsePacket(t testing.TB, line string) packet {
	cells := strings.Split(line, "|")
	require.Len(t, cells, 6, line)
	number := func(s string) int {
		n, err := strconv.ParseInt(s, 0, 64)
		require.NoError(t, err, line)
		return int(n)
	}
	return packet{number(cells[0]), number(cells[1]), number(cells[2]), number(cells[3]),
		number(cells[4]), cells[5]}
}

// capture reads the loopback interface's packets of some ports, until stop.
type capture struct {
	testing.TB
	mu      sync.Mutex
	packets []packet
	marker  net.Listener // a connection to it shows how far the capture is
}

// captureLoopback skips where the machine cannot capture.
func captureLoopback(t testing.TB, ports ...int) *capture {
	need.Tool(t, "tshark")
	if os.Geteuid() != 0 {
		t.Skip("only root may capture packets; CI is root")
	}
	marker, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { marker.Close() })
	filter := fmt.Sprintf("tcp port %d", port(marker))
	for _, p := range ports {
		filter += fmt.Sprintf(" or tcp port %d", p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "tshark",
		append([]string{"-i", "lo", "-f", filter}, packetFields...)...)
	// so that it ends its dumpcap too
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &capture{TB: t, marker: marker}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p := parsePacket(t, lines.Text())
			c.mu.Lock()
			c.packets = append(c.packets, p)
			c.mu.Unlock()
		}
	}()
	t.Cleanup(func() { cancel(); _ = cmd.Wait(); <-done })
	c.wait()
	return c
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// wait returns when the capture has all earlier packets.
func (c *capture) wait() {
	c.Helper()
	require.Eventually(c, func() bool {
		conn, err := net.Dial("tcp", c.marker.Addr().String())
		if err != nil {
			return false
		}
		mine := conn.LocalAddr().(*net.TCPAddr).Port
		conn.Close()
		for range 50 {
			time.Sleep(10 * time.Millisecond)
			if len(c.of(mine)) > 0 {
				return true
			}
		}
		return false
	}, patient, time.Millisecond, "tshark captures nothing")
}

// of returns the packets from and to that port.
func (c *capture) of(port int) (all []packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.packets {
		if p.from == port || p.to == port {
			all = append(all, p)
		}
	}
	return all
}

// readCapture writes the x-ray's capture file and returns its packets.
func readCapture(t testing.TB, x *xray.Xray) *capture {
	file := filepath.Join(t.TempDir(), "lab.pcapng")
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, pcapng.Write(f, x.Tap(), nil))
	require.NoError(t, f.Close())
	c := &capture{TB: t}
	for line := range strings.Lines(tshark(t, append([]string{"-r", file}, packetFields...)...)) {
		c.packets = append(c.packets, parsePacket(t, strings.TrimSpace(line)))
	}
	faults := tshark(t, "-r", file, "-o", "ip.check_checksum:TRUE", "-o",
		"tcp.check_checksum:TRUE", "-Y",
		"_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || "+
			"tcp.analysis.lost_segment || tcp.analysis.retransmission || "+
			"tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment")
	assert.Empty(t, faults)
	return c
}

func tshark(t testing.TB, args ...string) string {
	var errors strings.Builder
	cmd := exec.Command("tshark", args...)
	cmd.Stderr = &errors
	out, err := cmd.Output()
	require.NoError(t, err, "%s", errors.String())
	return string(out)
}

// controls returns the packets that open or end a connection, in short form: "c SYN 0" is the
// client's, with its sequence number.
func controls(all []packet, client int) (list []string) {
	for _, p := range all {
		if p.flags&(fin|syn|rst) == 0 {
			continue
		}
		word := "s"
		if p.from == client {
			word = "c"
		}
		for _, f := range []struct {
			bit  int
			name string
		}{{syn, " SYN"}, {fin, " FIN"}, {rst, " RST"}, {ack, " ACK"}} {
			if p.flags&f.bit != 0 {
				word += f.name
			}
		}
		list = append(list, fmt.Sprint(word, " ", p.seq+p.size)) // a FIN stands behind its data
	}
	return list
}

// carried is the payload that port sent, in hexadecimal, without what was sent twice.
func carried(all []packet, port int) (stream string) {
	for _, p := range all {
		if p.from == port && p.seq == len(stream)/2+1 {
			stream += p.payload
		}
	}
	return stream
}

// meeting is a client and a server that talk over a recorded connection.
type meeting struct {
	testing.TB
	client *net.TCPConn
	server *tap.Conn
}

func (m meeting) say(from, to net.Conn, text string) {
	m.Helper()
	_, err := io.WriteString(from, text)
	require.NoError(m, err)
	if to != nil {
		_, err = io.ReadFull(to, make([]byte, len(text)))
		require.NoError(m, err)
	}
}

// over reads until the end of a stream, and returns the error that is not an end.
func (m meeting) over(c net.Conn) error {
	m.Helper()
	require.NoError(m, c.SetReadDeadline(time.Now().Add(patient)))
	_, err := io.Copy(io.Discard, c)
	return err
}

// arrived waits until the client's last action has reached the server's kernel, of which TCP gives
// a program no sign.
func (m meeting) arrived() { time.Sleep(50 * time.Millisecond) }

// endings lists the ways in which connections end. packets lists only the packets that the server's
// side can know of. On the wire they come first; after them comes the client's answer to a server
// that has closed.
var endings = []struct {
	name    string
	act     func(meeting)
	packets []string // without the handshake
}{
	{"the client closes", func(m meeting) {
		m.say(m.client, m.server, "hi")
		m.client.Close()
		require.NoError(m, m.over(m.server))
		m.server.Close()
	}, []string{"c FIN ACK 3", "s FIN ACK 1"}},
	{"the client closes and the server does not read it", func(m meeting) {
		m.say(m.client, m.server, "hi")
		m.client.Close()
		m.arrived()
		m.server.Close()
	}, []string{"c FIN ACK 3", "s FIN ACK 1"}},
	{"the server closes", func(m meeting) {
		m.say(m.server, m.client, "hello")
		m.server.Close()
		require.NoError(m, m.over(m.client))
		m.client.Close()
	}, []string{"s FIN ACK 6"}},
	{"the client ends its half", func(m meeting) {
		m.say(m.client, m.server, "question")
		require.NoError(m, m.client.CloseWrite())
		require.NoError(m, m.over(m.server))
		m.say(m.server, m.client, "answer")
		m.server.Close()
		require.NoError(m, m.over(m.client))
		m.client.Close()
	}, []string{"c FIN ACK 9", "s FIN ACK 7"}},
	{"the server ends its half", func(m meeting) {
		require.NoError(m, m.server.CloseWrite())
		m.say(m.client, m.server, "last words")
		m.client.Close()
		require.NoError(m, m.over(m.server))
		m.server.Close()
	}, []string{"s FIN ACK 1", "c FIN ACK 11"}},
	{"the client aborts", func(m meeting) {
		m.say(m.client, m.server, "hi")
		require.NoError(m, m.client.SetLinger(0))
		m.client.Close()
		require.Error(m, m.over(m.server))
		m.server.Close()
	}, []string{"c RST ACK 3"}},
	{"the client aborts and the server does not read it", func(m meeting) {
		require.NoError(m, m.client.SetLinger(0))
		m.client.Close()
		m.arrived()
		m.server.Close()
	}, []string{"c RST ACK 1"}},
	{"the client aborts and the server writes", func(m meeting) {
		require.NoError(m, m.client.SetLinger(0))
		m.client.Close()
		m.arrived()
		_, err := io.WriteString(m.server, "too late")
		require.Error(m, err)
		m.server.Close()
	}, []string{"c RST ACK 1"}},
	{"the server aborts", func(m meeting) {
		m.say(m.client, m.server, "hi")
		require.NoError(m, m.server.NetConn().(*net.TCPConn).SetLinger(0))
		m.server.Close()
		require.Error(m, m.over(m.client))
		m.client.Close()
	}, []string{"s RST ACK 1"}},
	{"the server closes with bytes unread", func(m meeting) {
		m.say(m.client, nil, "hi")
		m.arrived()
		m.server.Close()
		require.Error(m, m.over(m.client))
		m.client.Close()
	}, []string{"s RST ACK 1"}},
	{"data meets a client that has closed", func(m meeting) {
		m.client.Close()
		require.NoError(m, m.over(m.server))
		m.say(m.server, nil, "anybody there?")
		m.arrived()
		_, err := io.WriteString(m.server, "no")
		require.Error(m, err)
		m.server.Close()
	}, []string{"c FIN ACK 1", "c RST 2"}},
}

func TestCaptureEndsConnectionsAsTheWireDid(t *testing.T) {
	t.Parallel() // tshark takes its time to start
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	defer x.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	tapped := wire.Listener(l)
	real := captureLoopback(t, port(l))
	clients := make([]int, len(endings))
	for i, e := range endings {
		client, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer client.Close()
		server, err := tapped.Accept()
		require.NoError(t, err)
		defer server.Close()
		clients[i] = client.LocalAddr().(*net.TCPAddr).Port
		e.act(meeting{t, client.(*net.TCPConn), server.(*tap.Conn)})
	}
	real.wait()
	ours := readCapture(t, x)
	for i, e := range endings {
		holdAgainst(t, e.name, ours.of(clients[i]), real.of(clients[i]), clients[i], port(l),
			e.packets)
	}
}

// holdAgainst compares a connection's packets with the packets on the wire.
func holdAgainst(t *testing.T, name string, ours, real []packet, client, server int,
	want []string) {
	t.Helper()
	want = append([]string{"c SYN 0", "s SYN ACK 0"}, want...)
	got, wire := controls(ours, client), controls(real, client)
	assert.Equal(t, want, got, "%s; the wire: %q", name, wire)
	require.GreaterOrEqual(t, len(wire), len(got), "%s; the wire: %q, ours: %q", name, wire, got)
	assert.Equal(t, wire[:len(got)], got, name)
	assert.Equal(t, carried(real, server), carried(ours, server), "%s: what the server sent", name)
	assert.True(t, strings.HasPrefix(carried(real, client), carried(ours, client)),
		"%s: what the server read of what the client sent", name)
}

// A net/http server and a WebSocket also end as on the wire.
func TestCaptureOfHTTPEndsAsTheWireDid(t *testing.T) {
	t.Parallel() // tshark takes its time to start
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	defer x.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := make(chan struct{})
	server := &http.Server{IdleTimeout: 100 * time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !websocket.IsWebSocketUpgrade(r) {
				io.WriteString(w, "hello")
				return
			}
			c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer close(closed)
			defer c.Close()
			for err == nil {
				_, _, err = c.ReadMessage() // which answers the close frame
			}
		})}
	go server.Serve(wire.Listener(l))
	defer server.Close()
	real := captureLoopback(t, port(l))

	request := "GET / HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n"
	talk := func(connection string) int {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		fmt.Fprintf(c, request, connection)
		require.NoError(t, meeting{TB: t}.over(c))
		return c.LocalAddr().(*net.TCPAddr).Port
	}
	idle, asked := talk("keep-alive"), talk("close")
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+l.Addr().String(), nil)
	require.NoError(t, err)
	defer ws.Close()
	chat := ws.NetConn().LocalAddr().(*net.TCPAddr).Port
	require.NoError(t, ws.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""),
		time.Now().Add(time.Second)))
	_, _, err = ws.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), err)
	<-closed
	require.NoError(t, meeting{TB: t}.over(ws.NetConn()))
	// net/http lingers
	require.Eventually(t, func() bool {
		return wire.Counters().Open == 0
	}, patient, time.Millisecond)
	real.wait()

	ours := readCapture(t, x)
	for name, client := range map[string]int{"keep-alive ends": idle, "Connection: close": asked,
		"WebSocket closes": chat} {
		sent := len(carried(real.of(client), port(l))) / 2
		assert.NotZero(t, sent, name)
		holdAgainst(t, name, ours.of(client), real.of(client), client, port(l),
			[]string{fmt.Sprint("s FIN ACK ", 1+sent)})
	}
}
