package capture_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
	"realtimelab/lessons/websocket/frame"
)

// recorded returns the file that tshark captures on an interface while the clients talk.
func recorded(t *testing.T, device string, options ...string) (file string, port int) {
	need.Tool(t, "tshark")
	if os.Geteuid() != 0 {
		t.Skip("only root may capture packets; CI is root")
	}
	s := serve(t, func(l net.Listener) net.Listener { return l })
	marker, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer marker.Close()
	port = s.Listener.Addr().(*net.TCPAddr).Port
	file = filepath.Join(t.TempDir(), "talk")
	filter := fmt.Sprintf("tcp port %d or tcp port %d", port, marker.Addr().(*net.TCPAddr).Port)
	var packets, faults locked.Buffer
	c := exec.Command("tshark", append([]string{"-i", device, "-f", filter, "-w", file, "-P", "-l",
		"-n", "-T", "fields", "-e", "tcp.port"}, options...)...)
	c.Stdout, c.Stderr = &packets, &faults
	require.NoError(t, c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	// seen returns once the capture has a new connection to the marker, and therefore all earlier
	// packets.
	seen := func() {
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", marker.Addr().String())
			if err != nil {
				return false
			}
			mine := strconv.Itoa(conn.LocalAddr().(*net.TCPAddr).Port)
			conn.Close()
			for range 50 {
				time.Sleep(10 * time.Millisecond)
				if strings.Contains(packets.String(), mine) {
					return true
				}
			}
			return false
		}, time.Minute, time.Millisecond, "tshark captures nothing: %s", &faults)
	}
	seen()
	talk(t, s.URL)
	s.Close()
	seen()
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, <-ended)
	return file, port
}

// decoded returns the values of fields in the packets that pass a filter, as tshark reads them.
func decoded(t *testing.T, file string, port int, as, filter string,
	fields ...string) (values [][]string) {
	args := []string{"-r", file, "-n", "-d", fmt.Sprintf("tcp.port==%d,%s", port, as), "-Y", filter,
		"-T", "fields", "-E", "separator=|"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		values = append(values, strings.Split(strings.TrimSuffix(line, "\n"), "|"))
	}
	return values
}

// flat returns the values of one field, of which a packet may have several.
func flat(values [][]string, i int) (all []string) {
	for _, v := range values {
		if v[i] != "" {
			all = append(all, strings.Split(v[i], ",")...)
		}
	}
	return all
}

func layer(x *xray.Xray, wanted xray.Layer) (all []*xray.Row) {
	for _, r := range x.Held() {
		if r.Layer == wanted {
			all = append(all, r)
		}
	}
	return all
}

// The rows of a capture that tshark made agree with what tshark itself reads in it.
func TestTsharkReadsTheSame(t *testing.T) {
	t.Parallel() // tshark takes its time to start
	for name, device := range map[string][]string{"Ethernet": {"lo"}, "Linux cooked": {"any"},
		"pcap": {"lo", "-F", "pcap"}} {
		t.Run(name, func(t *testing.T) {
			file, port := recorded(t, device[0], device[1:]...)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			x := opened(t, data).Xray
			sameRequests(t, x, decoded(t, file, port, "http",
				"http.request && tcp.dstport == "+strconv.Itoa(port), "http.request.method",
				"http.request.uri"))
			sameFrames(t, x, decoded(t, file, port, "http", "websocket", "websocket.opcode",
				"websocket.payload_length"))
			sameEvents(t, x, decoded(t, file, port, "http",
				`http.content_type == "text/event-stream"`, "http.file_data"))
			sameHTTP2(t, x, decoded(t, file, port, "http2", "http2.type", "http2.type",
				"http2.streamid", "http2.length"))
		})
	}
}

func sameRequests(t *testing.T, x *xray.Xray, want [][]string) {
	got := [][]string{}
	for _, r := range layer(x, xray.HTTP) {
		if r.Dir == tap.In && r.Stream == 0 {
			got = append(got, strings.Fields(string(r.Data))[:2])
		}
	}
	require.NotEmpty(t, want)
	// tshark sees the preface of HTTP/2 as a request, PRI *.
	assert.Equal(t, slices.DeleteFunc(want, func(v []string) bool { return v[0] == "PRI" }), got)
}

func sameFrames(t *testing.T, x *xray.Xray, values [][]string) {
	opcodes, lengths := flat(values, 0), flat(values, 1)
	require.NotEmpty(t, opcodes)
	got := []string{}
	gotLengths := []string{}
	for _, r := range layer(x, xray.WS) {
		h, _, err := frame.ParseHeader(r.Data)
		require.NoError(t, err)
		got = append(got, strconv.Itoa(int(h.Opcode)))
		gotLengths = append(gotLengths, strconv.Itoa(int(r.Data[1]&0x7f)))
	}
	assert.Equal(t, opcodes, got)
	assert.Equal(t, lengths, gotLengths)
}

func sameEvents(t *testing.T, x *xray.Xray, values [][]string) {
	require.NotEmpty(t, values)
	text := values[0][0]
	if plain, err := hex.DecodeString(text); err == nil {
		text = string(plain) // as newer versions of tshark write it
	}
	text = strings.ReplaceAll(text, `\n`, "\n")
	got := ""
	for _, r := range layer(x, xray.SSE) {
		if r.Stream == 0 {
			got += string(r.Data)
		}
	}
	assert.Equal(t, text, got)
}

func sameHTTP2(t *testing.T, x *xray.Xray, values [][]string) {
	types, streams, lengths := flat(values, 0), flat(values, 1), flat(values, 2)
	require.NotEmpty(t, types)
	require.Len(t, streams, len(types))
	var want, got []string
	for i := range types {
		want = append(want, fmt.Sprintf("type %s of stream %s, %s bytes", types[i], streams[i],
			lengths[i]))
	}
	for _, r := range layer(x, xray.H2) {
		if strings.HasPrefix(string(r.Data), "PRI") {
			continue
		}
		require.GreaterOrEqual(t, len(r.Data), 9)
		size := binary.BigEndian.Uint32(append([]byte{0}, r.Data[:3]...))
		got = append(got, fmt.Sprintf("type %d of stream %d, %d bytes", r.Data[3],
			binary.BigEndian.Uint32(r.Data[5:])&0x7fffffff, size))
	}
	assert.Equal(t, want, got)
}

// tshark reads a saved capture as the x-ray does. HTTP/2 is left out: a server reads its preface in
// two pieces, which tshark does not join.
func TestTsharkReadsWhatIsSaved(t *testing.T) {
	t.Parallel()
	need.Tool(t, "tshark")
	x := live(t)
	file := filepath.Join(t.TempDir(), "a.pcapng")
	require.NoError(t, os.WriteFile(file, written(t, capture.Pcapng, x), 0o600))
	port := x.Held()[0].Peer().Local.(*net.TCPAddr).Port
	sameFrames(t, x, decoded(t, file, port, "http", "websocket", "websocket.opcode",
		"websocket.payload_length"))
	sameEvents(t, x, decoded(t, file, port, "http", `http.content_type == "text/event-stream"`,
		"http.file_data"))
}
