package slow

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Sizes of buffers, in bytes. They are far smaller than the kernel's defaults of several MiB, which
// would hide a slow client for minutes.
const (
	receiveBuffer = 8 << 10  // of the slow client's socket
	sendBuffer    = 16 << 10 // of the server's socket, for each client
)

const (
	retryTime = 2 * time.Second // a reader waits before it reconnects
	window    = 5 * time.Second // figures cover the deliveries of this time
)

// A reader is a client in Go, which the demo starts beside the browsers. It reads at its pace,
// measures how late messages are, and reconnects when it is disconnected.
type reader struct {
	name string
	pace *pace
	note func(event) // receives what happens to the connection; may be nil

	mu      sync.Mutex // guards what follows
	on      bool       // connected, as far as this side knows
	last    int64      // number of the newest message read
	missed  int64      // messages that never came
	samples []sample   // of the last window, oldest first
}

// A sample is one delivery.
type sample struct {
	at    time.Time
	delay time.Duration // since the message was due
}

// A target says how a reader reaches the demo: by the address at which its listener accepts.
type target struct {
	addr   string
	host   string // of the URL, which the server answers to
	secure bool
	secret string // proves that a reader of the demo connects
}

// secretHeader carries a target's secret.
const secretHeader = "Lab-Reader"

// run keeps the reader connected until ctx ends.
func (r *reader) run(ctx context.Context, to target) {
	for {
		err := r.converse(ctx, to)
		if ctx.Err() != nil {
			return
		}
		r.disconnected(err)
		select {
		case <-time.After(retryTime):
		case <-ctx.Done():
			return
		}
	}
}

// converse connects once and reads until the connection ends.
func (r *reader) converse(ctx context.Context, to target) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ws, err := r.dial(ctx, to)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = ws.NetConn().Close() })
	defer stop()
	defer ws.Close()
	r.mu.Lock()
	r.on = true
	r.mu.Unlock()
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		var t tick
		if err := json.Unmarshal(data, &t); err != nil {
			return err
		}
		r.heard(t, time.Now())
	}
}

// dial connects to the address of to, whatever its host resolves to. life ends the connection's
// waits.
func (r *reader) dial(life context.Context, to target) (*websocket.Conn, error) {
	d := net.Dialer{}
	if r.name == slowName {
		d.Control = smallReceiveBuffer
	}
	var conn *pacedConn
	dialer := websocket.Dialer{
		HandshakeTimeout: 10 * time.Second,
		ReadBufferSize:   chunk,
		// the demo's own socket, with public data
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			tcp, err := d.DialContext(ctx, "tcp", to.addr)
			if err != nil {
				return nil, err
			}
			if sized, ok := tcp.(*net.TCPConn); ok && r.name == slowName {
				_ = sized.SetReadBuffer(receiveBuffer)
			}
			conn = &pacedConn{Conn: tcp, pace: r.pace, ctx: life}
			return conn, nil
		},
	}
	scheme := "ws://"
	if to.secure {
		scheme = "wss://"
	}
	ws, response, err := dialer.DialContext(life, scheme+to.host+"/ws?client="+r.name,
		http.Header{secretHeader: {to.secret}})
	if response != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	conn.on = true
	return ws, nil
}

// heard counts a message.
func (r *reader) heard(t tick, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last > 0 && t.N > r.last {
		r.missed += t.N - r.last - 1
	}
	r.last = t.N
	r.samples = append(r.samples, sample{now, now.Sub(time.UnixMicro(int64(t.At * 1000)))})
	r.trim(now)
}

// trim forgets the deliveries before the window. The caller holds mu.
func (r *reader) trim(now time.Time) {
	old := 0
	for old < len(r.samples) && now.Sub(r.samples[old].at) > window {
		old++
	}
	r.samples = slices.Delete(r.samples, 0, old)
}

// disconnected notes the end of a connection, as this side saw it.
func (r *reader) disconnected(err error) {
	r.mu.Lock()
	was := r.on
	r.on = false
	r.mu.Unlock()
	if !was || r.note == nil {
		return
	}
	e := event{Kind: eventLearned, Client: r.name, At: milliseconds(time.Now()),
		Code: websocket.CloseAbnormalClosure}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		e.Code, e.Reason = closed.Code, closed.Text
	}
	r.note(e)
}

// A delivery describes what reached a reader.
type delivery struct {
	On     bool     `json:"on"`
	Last   int64    `json:"last"`
	Missed int64    `json:"missed"`
	P50    *float64 `json:"p50"` // ms, of the last seconds; null if nothing came
	P99    *float64 `json:"p99"`
}

func (r *reader) delivery() delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim(time.Now())
	d := delivery{On: r.on, Last: r.last, Missed: r.missed}
	d.P50, d.P99 = percentiles(r.samples)
	return d
}

// recent returns the deliveries of the last seconds.
func (r *reader) recent() []sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trim(time.Now())
	return slices.Clone(r.samples)
}

// percentiles returns the median and the 99th percentile of the delays in ms, or nil without any.
func percentiles(all []sample) (p50, p99 *float64) {
	if len(all) == 0 {
		return nil, nil
	}
	delays := make([]float64, len(all))
	for i, s := range all {
		delays[i] = float64(s.delay.Microseconds()) / 1000
	}
	slices.Sort(delays)
	at := func(share float64) *float64 {
		return &delays[min(int(share*float64(len(delays))), len(delays)-1)]
	}
	return at(0.5), at(0.99)
}
