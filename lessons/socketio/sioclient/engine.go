package sioclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"realtimelab/internal/tasks"
	"realtimelab/lessons/socketio/eiopacket"
)

// A transport carries the packets of an engine. One goroutine reads; one at a time writes.
type transport interface {
	name() string

	// read waits for the next packets. It may return packets together with an error.
	read() ([]eiopacket.Packet, error)

	// write sends one or more of the packets, in order, and returns how many. It fails if the
	// server reads nothing for too long.
	write(packets []eiopacket.Packet) (int, error)

	// close writes the last packets, closes the session, and aborts.
	close(last []eiopacket.Packet)

	// abort makes a current read and write fail. Any goroutine may call it.
	abort()
}

// dial opens a transport, for a new session if sid is empty.
func dial(ctx context.Context, e *endpoint, name, sid string) (transport, error) {
	switch name {
	case WebSocket:
		return dialWebSocket(ctx, e, sid)
	case WebTransport:
		return dialWebTransport(ctx, e, sid)
	}
	return newPolling(e), nil
}

// An engine is one Engine.IO session. A goroutine reads; another, which exists only while packets
// are queued, writes. The program's own functions run on neither.
type engine struct {
	endpoint  *endpoint
	tasks     *tasks.Group                         // counts the engine's goroutines
	onMessage func(data []byte, binary bool) error // runs on the reader; its error ends the session
	onClose   func(reason Reason, err error)       // runs once, on the reader

	// Run on goroutines of their own.
	onUpgrade      func(transport string)
	onUpgradeError func(transport string, err error)

	ctx    context.Context // ends with the session
	cancel context.CancelFunc

	// The handshake.
	sid         string
	pingTimeout time.Duration // pingInterval + pingTimeout
	pongTimeout time.Duration // how long the server waits for a pong: only pingTimeout
	interval    time.Duration // pingInterval
	upgrades    []string      // transports to try beside polling
	first       []eiopacket.Packet

	writing sync.Mutex // held during a write, and while the transport is replaced

	mu        sync.Mutex // guards what follows
	transport transport
	probed    transport // probed successfully; the reader upgrades to it
	queue     []eiopacket.Packet
	queued    int           // cost of queue
	flushing  bool          // a goroutine writes the queue
	drained   chan struct{} // closed when the queue is empty; nil without a waiting caller
	writeErr  error
	closing   Reason // the reason given to close; empty until then
	closed    bool

	older
}

var errNoHandshake = errors.New("the server did not open an Engine.IO session")

// openEngine opens a session with the first of the transports. Further reading begins with start.
func openEngine(ctx context.Context, base *endpoint, tasks *tasks.Group) (*engine, error) {
	e := &engine{endpoint: base, tasks: tasks}
	if err := e.handshake(ctx); err != nil {
		return nil, fmt.Errorf("sioclient: %s: %w", base.config.Transports[0], err)
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e, nil
}

// handshake opens a transport and reads the open packet.
func (e *engine) handshake(ctx context.Context) error {
	config := e.endpoint.config
	var err error
	if e.transport, err = dial(ctx, e.endpoint, config.Transports[0], ""); err != nil {
		return err
	}
	// If the Manager closes during the request, the server would keep the session until its ping
	// timeout. So the request is completed, and the session closed.
	var abandoned *time.Timer
	waits := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(waits)
		if p, ok := e.transport.(*polling); ok && p.asked.Load() &&
			!errors.Is(ctx.Err(), context.DeadlineExceeded) {
			abandoned = time.AfterFunc(closeTimeout, p.abort)
			return
		}
		e.transport.abort()
	})
	packets, err := e.transport.read()
	if !stop() {
		<-waits
		if inTime := abandoned != nil && abandoned.Stop(); !inTime && err == nil {
			err = ctx.Err()
		}
	}
	var h struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}
	if err == io.EOF { // a server refuses a WebTransport stream by closing it
		err = errNoHandshake
	}
	if err == nil && (len(packets) == 0 || packets[0].Type != eiopacket.Open ||
		json.Unmarshal(packets[0].Data, &h) != nil || h.SID == "") {
		err = errNoHandshake
	}
	if err != nil {
		e.transport.abort()
		return err
	}
	e.sid, e.first = h.SID, packets[1:]
	e.pingTimeout = time.Duration(h.PingInterval+h.PingTimeout) * time.Millisecond
	e.pongTimeout = time.Duration(h.PingTimeout) * time.Millisecond
	e.interval = time.Duration(h.PingInterval) * time.Millisecond
	if p, ok := e.transport.(*polling); ok {
		p.sid, p.maxPayload = h.SID, h.MaxPayload
		if !config.NoUpgrade {
			e.upgrades = slices.DeleteFunc(slices.Clone(config.Transports), func(name string) bool {
				return name == Polling || !slices.Contains(h.Upgrades, name)
			})
		}
	}
	return nil
}

// start starts reading, until the session ends. onMessage and onClose must be set.
func (e *engine) start() {
	e.tasks.Go(e.read)
	if e.endpoint.config.isV3() {
		e.tasks.Go(e.ping)
	}
	if len(e.upgrades) > 0 {
		e.tasks.Go(e.probe)
	}
}

// read is the reader: it handles packets until an error or the end of the session.
func (e *engine) read() {
	reason, err := e.receive(e.first)
	e.first = nil
	for reason == "" {
		t, packets, timedOut, failure := e.readWithin(e.pingTimeout)
		var syntax *eiopacket.SyntaxError
		switch {
		case timedOut:
			reason = PingTimeout
			continue
		case failure == nil:
		case errors.As(failure, &syntax):
			reason, err = ParseError, failure
		case t.name() == WebSocket,
			t.name() == WebTransport && (errors.Is(failure, io.EOF) ||
				errors.Is(failure, io.ErrUnexpectedEOF)):
			reason, err = TransportClose, failure
		default:
			reason, err = TransportError, failure
		}
		if r, bad := e.receive(packets); r != "" { // the packets before the error
			reason, err = r, bad
		}
	}
	e.mu.Lock()
	e.closed = true
	if e.closing != "" {
		reason, err = e.closing, nil
	} else if e.writeErr != nil && reason != PingTimeout { // a ping timeout aborts a write
		reason, err = TransportError, e.writeErr
	}
	e.mu.Unlock()
	e.cancel()
	e.abort()
	e.onClose(reason, err)
}

// receive handles packets. It returns a reason if they end the session.
func (e *engine) receive(packets []eiopacket.Packet) (Reason, error) {
	for _, p := range packets {
		switch p.Type {
		case eiopacket.Ping:
			e.send(eiopacket.Packet{Type: eiopacket.Pong})
		case eiopacket.Close:
			return TransportClose, nil
		case eiopacket.Message:
			if err := e.onMessage(p.Data, p.Binary); err != nil {
				return ParseError, err
			}
		}
	}
	return "", nil
}

// timerLate is the delay of a timer from which on the client assumes that the whole process was
// stopped: by SIGSTOP, a debugger, or a closed laptop. Pings may be unread then, so the client
// waits once more for a short time.
const timerLate = 100 * time.Millisecond

// readWithin upgrades the transport if it can, reads from it, and aborts it when the server has
// sent nothing for the timeout. The timeout runs only while it reads: while the reader waits for
// room in a socket's inbox, the server's pings are unread, not missing.
func (e *engine) readWithin(timeout time.Duration) (t transport, packets []eiopacket.Packet,
	timedOut bool, err error) {
	var (
		mu            sync.Mutex // guards the others
		done, delayed bool
		timer         *time.Timer
		due           = time.Now().Add(timeout)
	)
	mu.Lock()
	timer = time.AfterFunc(timeout, func() {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case done:
		case !delayed && time.Since(due) > timerLate:
			delayed = true
			timer.Reset(timeout / 4)
		default:
			timedOut = true
			go e.abort()
		}
	})
	mu.Unlock()
	t = e.upgrade()
	packets, err = t.read()
	mu.Lock()
	defer mu.Unlock()
	done = true
	timer.Stop()
	return t, packets, timedOut && err != nil, err
}

// abort aborts the transport, and the one that it is upgraded to.
func (e *engine) abort() {
	e.mu.Lock()
	t, probed := e.transport, e.probed
	e.mu.Unlock()
	t.abort()
	if probed != nil {
		probed.abort()
	}
}

// pause stops reading until room is closed or ctx ends. The server's pings are unread meanwhile, so
// the client sends a pong every half of pongTimeout, to stay connected. Servers accept unsolicited
// pongs.
func (e *engine) pause(ctx context.Context, room <-chan struct{}) {
	pong := time.NewTicker(max(e.pongTimeout/2, time.Millisecond))
	defer pong.Stop()
	for {
		select {
		case <-room:
			return
		case <-ctx.Done():
			return
		case <-pong.C:
			e.send(eiopacket.Packet{Type: e.endpoint.config.keepAlive()})
		}
	}
}

// send enqueues packets, which are written in order. It drops them if the session has ended.
func (e *engine) send(packets ...eiopacket.Packet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.closing != "" {
		return
	}
	e.queue = append(e.queue, packets...)
	e.queued += cost(packets)
	if !e.flushing {
		e.flushing = true
		e.tasks.Go(e.flush)
	}
}

// writable reports whether a packet would be written at once.
func (e *engine) writable() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.flushing && !e.closed && e.closing == ""
}

// cost returns the size of packets for Config.MaxQueue, in bytes.
func cost(packets []eiopacket.Packet) (bytes int) {
	for _, p := range packets {
		bytes += len(p.Data) + packetCost
	}
	return bytes
}

// packetCost is the cost of a packet without its data, in bytes.
const packetCost = 64

// full reports whether the queue has reached Config.MaxQueue.
func (e *engine) full() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.queued >= e.endpoint.config.MaxQueue
}

// whenDrained returns a channel that is closed when the queue is empty.
func (e *engine) whenDrained() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.drained == nil {
		e.drained = make(chan struct{})
	}
	drained := e.drained
	if !e.flushing && e.closing == "" && e.writeErr == nil {
		close(drained)
		e.drained = nil
	}
	return drained
}

// flush writes until the queue is empty. A failed write ends the session. Between two writes, the
// reader may upgrade the transport, and close may take over the queue.
func (e *engine) flush() {
	for more := true; more; {
		e.writing.Lock()
		e.mu.Lock()
		t, queue := e.transport, e.queue
		e.mu.Unlock()
		n, err := 0, error(nil)
		if len(queue) > 0 {
			n, err = t.write(queue)
		}
		e.mu.Lock()
		e.queued -= cost(queue[:n])
		clear(queue[:n])
		e.queue = e.queue[n:]
		if err != nil {
			e.writeErr = err
		}
		if more = err == nil && len(e.queue) > 0; !more {
			e.flushing = false
			if err == nil && e.closing == "" && e.drained != nil {
				close(e.drained)
				e.drained = nil
			}
		}
		e.mu.Unlock()
		e.writing.Unlock()
		if err != nil {
			t.abort() // the reader ends the session
		}
	}
}

// closeTimeout bounds the last write to a server that does not read.
const closeTimeout = 2 * time.Second

// close ends the session after the queued packets are written. It does not block.
func (e *engine) close(reason Reason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing != "" || e.closed {
		return
	}
	e.closing = reason
	before := e.transport
	e.tasks.Go(func() {
		defer time.AfterFunc(closeTimeout, before.abort).Stop() // aborts a write that holds writing
		e.writing.Lock()
		defer e.writing.Unlock()
		e.mu.Lock()
		t, last := e.transport, e.queue
		e.queue, e.queued = nil, 0
		e.mu.Unlock()
		defer time.AfterFunc(closeTimeout, t.abort).Stop()
		t.close(last)
	})
}

// transportName returns the name of the transport in use.
func (e *engine) transportName() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.transport.name()
}
