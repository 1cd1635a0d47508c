//go:build unix

package speed

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

const (
	pace     = 40 * time.Millisecond // between the broadcasts of a paced run
	inFlight = 32                    // broadcasts in a run with many in flight
)

// playCrowd connects clients, and prints a line for each broadcast that has reached them all. Its
// arguments are their number and the bytes of a broadcast's frame.
func playCrowd(t *testing.T, addr string, args []string) {
	crowd, err := strconv.Atoi(args[0])
	require.NoError(t, err)
	size, err := strconv.Atoi(args[1])
	require.NoError(t, err)
	var bytes atomic.Int64
	var readers sync.WaitGroup
	for range crowd {
		conn, in := connect(t, addr, size > 2+len(message))
		readers.Go(func() { hear(conn, in, &bytes, int64(size*crowd)) })
	}
	fmt.Println("ready")
	readers.Wait()
}

// hear reads the bytes of a client, and prints a line whenever all clients have received one more
// broadcast.
func hear(conn net.Conn, in *bufio.Reader, bytes *atomic.Int64, each int64) {
	defer conn.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		after := bytes.Add(int64(n))
		for i := (after - int64(n)) / each; i < after/each; i++ {
			fmt.Println("delivered")
		}
	}
}

func skipFrame(t *testing.T, in *bufio.Reader) {
	head := make([]byte, 2)
	_, err := io.ReadFull(in, head)
	require.NoError(t, err)
	require.Less(t, head[1], byte(127))
	n := int64(head[1])
	if n == 126 {
		io.ReadFull(in, head)
		n = int64(head[0])<<8 | int64(head[1])
	}
	_, err = io.CopyN(io.Discard, in, n)
	require.NoError(t, err)
}

// crowdHub is the bare gorilla hub that the server is compared with: a goroutine each way for a
// client, and a prepared message.
type crowdHub struct {
	size    int
	mu      sync.Mutex
	clients []chan *websocket.PreparedMessage
	done    chan struct{}
}

func (h *crowdHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	queue := make(chan *websocket.PreparedMessage, 256)
	h.mu.Lock()
	h.clients = append(h.clients, queue)
	h.mu.Unlock()
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	defer conn.Close()
	for {
		select {
		case m := <-queue:
			if conn.WritePreparedMessage(m) != nil {
				return
			}
		case <-h.done:
			return
		}
	}
}

func (h *crowdHub) emit() {
	m, _ := websocket.NewPreparedMessage(websocket.TextMessage, []byte(message))
	h.mu.Lock()
	defer h.mu.Unlock()
	// the last clients have their handshake, but are not registered yet
	for len(h.clients) < h.size {
		h.mu.Unlock()
		time.Sleep(time.Millisecond)
		h.mu.Lock()
	}
	for _, queue := range h.clients {
		queue <- m
	}
}

// startCrowdHub starts a hub whose broadcasts wait until all its clients are connected.
func startCrowdHub(size int) server {
	h := &crowdHub{size: size, done: make(chan struct{})}
	s := here(h)
	s.emit = h.emit
	closeHTTP := s.stop
	s.stop = func() { close(h.done); closeHTTP() }
	return s
}

// BenchmarkFanout measures the CPU of the server for each delivery of a broadcast to 1,000 clients:
// paced at 25 broadcasts a second, and with 32 in flight.
func BenchmarkFanout(b *testing.B) {
	all := results{}
	for range b.N {
		for name, start := range map[string]func() server{
			hubs: func() server {
				return startCrowdHub(1000)
			}, ours: startOurs, officials: func() server { return startOfficial(b) },
		} {
			s := start()
			one, many := fanout(b, s, 1000, 25, 320)
			s.stop()
			all.add("broadcast paced", name, one)
			all.add("broadcast 32 in flight", name, many)
		}
	}
	all.report(b, "µs")
}

// BenchmarkGrowth measures how the cost of a delivery grows with the number of clients. The
// broadcasts are paced.
func BenchmarkGrowth(b *testing.B) {
	all := results{}
	for range b.N {
		for _, crowd := range []int{100, 1000, 10000} {
			for name, start := range map[string]func() server{
				hubs: func() server {
					return startCrowdHub(crowd)
				}, ours: startOurs, officials: func() server { return startOfficial(b) },
			} {
				s := start()
				one, _ := fanout(b, s, crowd, 25_000/crowd+5, 0)
				s.stop()
				all.add(fmt.Sprintf("broadcast to %d", crowd), name, one)
			}
		}
	}
	all.report(b, "µs")
}

// BenchmarkRooms measures joining and leaving many rooms, the newest first: microseconds for each.
func BenchmarkRooms(b *testing.B) {
	all := results{}
	for range b.N {
		for name, start := range map[string]func() server{
			ours:      startOurs,
			officials: func() server { return startOfficial(b) },
		} {
			s := start()
			_, _, stop := clients(b, "crowd", s.addr, "1", strconv.Itoa(s.frame))
			for _, n := range []int{10, 1000, 100000} {
				join, leave := s.rooms(n)
				all.add(fmt.Sprintf("join %d rooms", n), name,
					float64(join.Nanoseconds())/1000/float64(n))
				all.add(fmt.Sprintf("leave %d rooms", n), name,
					float64(leave.Nanoseconds())/1000/float64(n))
			}
			stop()
			s.stop()
		}
	}
	all.report(b, "µs")
}

// fanout connects a crowd of clients, and returns the microseconds of the server's CPU for each
// delivery: of paced broadcasts, and of broadcasts with 32 in flight.
func fanout(b *testing.B, s server, crowd, paced, streamed int) (pacedCPU, streamedCPU float64) {
	_, out, stop := clients(b, "crowd", s.addr, strconv.Itoa(crowd), strconv.Itoa(s.frame))
	defer stop()
	await := func() {
		require.True(b, out.Scan())
		require.Equal(b, "delivered", out.Text())
	}
	cost := func(start time.Duration, broadcasts int) float64 {
		return float64((s.cpu() - start).Nanoseconds()) / 1000 / float64(broadcasts*crowd)
	}

	start := s.cpu()
	for range paced {
		next := time.After(pace)
		s.emit()
		await()
		<-next
	}
	pacedCPU = cost(start, paced)

	start = s.cpu()
	for i := range streamed {
		if i >= inFlight {
			await()
		}
		s.emit()
	}
	for range min(inFlight, streamed) {
		await()
	}
	return pacedCPU, cost(start, max(streamed, 1))
}
