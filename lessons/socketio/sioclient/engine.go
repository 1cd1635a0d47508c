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

	// write sends the first of the packets, at least one, and returns how many are on their way. It
	// fails when the server takes nothing for too long.
	write(packets []eiopacket.Packet) (int, error)

	// close writes the last packets, tells the server that the session is over, and aborts.
	close(last []eiopacket.Packet)

	// abort ends a read and a write that are under way, with an error. Any goroutine may call it.
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
	ctx       context.Context                      // ends with the session
	cancel    context.CancelFunc

	// The handshake.
	sid         string
	pingTimeout time.Duration // pingInterval + pingTimeout
	pongTimeout time.Duration // how long the server waits for a pong: pingTimeout alone
	upgrades    []string      // transports to try beside polling
	first       []eiopacket.Packet

	writing sync.Mutex // held during a write, and while the transport is replaced

	mu        sync.Mutex // guards what follows
	transport transport
	probed    transport // has answered the probe, and waits for the reader to upgrade
	queue     []eiopacket.Packet
	queued    int           // cost of queue
	flushing  bool          // a goroutine writes the queue
	drained   chan struct{} // closed when the queue is empty; nil if nobody waits
	writeErr  error
	closing   Reason // why close was called; empty until then
	closed    bool
}

var errNoHandshake = errors.New("the server did not open an Engine.IO session")

// openEngine opens a session with the first of the transports. It does not read on before start.
func openEngine(ctx context.Context, base *endpoint, tasks *tasks.Group) (*engine, error) {
	e := &engine{endpoint: base, tasks: tasks}
	if err := e.handshake(ctx); err != nil {
		return nil, fmt.Errorf("sioclient: %s: %w", base.config.Transports[0], err)
	}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e, nil
}

// handshake opens a transport, and reads the server's answer.
func (e *engine) handshake(ctx context.Context) error {
	config := e.endpoint.config
	var err error
	if e.transport, err = dial(ctx, e.endpoint, config.Transports[0], ""); err != nil {
		return err
	}
	// A session whose request is on its way when the Manager closes would stay on the server until its
	// ping timeout. It is waited for, and closed then.
	var abandoned *time.Timer
	waits := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(waits)
		if p, ok := e.transport.(*polling); ok && p.asked.Load() && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
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
	if err == io.EOF { // how a server refuses a stream of WebTransport
		err = errNoHandshake
	}
	if err == nil && (len(packets) == 0 || packets[0].Type != eiopacket.Open || json.Unmarshal(packets[0].Data, &h) != nil || h.SID == "") {
		err = errNoHandshake
	}
	if err != nil {
		e.transport.abort()
		return err
	}
	e.sid, e.first = h.SID, packets[1:]
	e.pingTimeout = time.Duration(h.PingInterval+h.PingTimeout) * time.Millisecond
	e.pongTimeout = time.Duration(h.PingTimeout) * time.Millisecond
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

// start reads until the session ends. onMessage and onClose are set by now.
func (e *engine) start() {
	e.tasks.Go(e.read)
	if len(e.upgrades) > 0 {
		e.tasks.Go(e.probe)
	}
}

// read is the reader: it takes what the server sends, and ends the session.
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
			t.name() == WebTransport && (errors.Is(failure, io.EOF) || errors.Is(failure, io.ErrUnexpectedEOF)):
			reason, err = TransportClose, failure
		default:
			reason, err = TransportError, failure
		}
		if r, bad := e.receive(packets); r != "" { // what came before the error
			reason, err = r, bad
		}
	}
	e.mu.Lock()
	e.closed = true
	if e.closing != "" {
		reason, err = e.closing, nil
	} else if e.writeErr != nil && reason != PingTimeout { // which aborts a write that is under way
		reason, err = TransportError, e.writeErr
	}
	e.mu.Unlock()
	e.cancel()
	e.abort()
	e.onClose(reason, err)
}

// receive takes packets. A reason says that they end the session.
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

// A timer that fires later than timerLate means that the whole process was stopped, as by SIGSTOP, a
// debugger or the lid of a laptop. The server's pings of that time are still unread, so the client
// waits once more for a short time.
const timerLate = 100 * time.Millisecond

// readWithin upgrades the transport if it can, reads from it, and aborts it when the server has sent
// nothing for the timeout. The timeout runs only meanwhile: while the reader waits for room in a
// socket's inbox, the bytes of the server's pings lie unread, and do not count as missing.
func (e *engine) readWithin(timeout time.Duration) (t transport, packets []eiopacket.Packet, timedOut bool, err error) {
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

// pause stops the reading until room is closed or ctx ends. The server's pings lie unread meanwhile,
// and the server must not take this client for silent: it gets a pong in each half of the time that
// it waits for one. Servers accept pongs that they have not asked for.
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
			e.send(eiopacket.Packet{Type: eiopacket.Pong})
		}
	}
}

// send enqueues packets, which go out in order. Those of a session that has ended are dropped.
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

// writable reports whether a packet would go out at once.
func (e *engine) writable() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.flushing && !e.closed && e.closing == ""
}

// cost is what packets count for in Config.MaxQueue.
func cost(packets []eiopacket.Packet) (bytes int) {
	for _, p := range packets {
		bytes += len(p.Data) + packetCost
	}
	return bytes
}

// packetCost is what a packet costs beside its data, in bytes.
const packetCost = 64

// full reports whether too much waits to be written.
func (e *engine) full() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.queued >= e.endpoint.config.MaxQueue
}

// whenDrained returns a channel that is closed when nothing waits to be written.
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

// flush writes until the queue is empty. A write that fails ends the session. Between two writes, the
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

// close ends the session from this side, after the packets that are queued. It does not wait.
func (e *engine) close(reason Reason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing != "" || e.closed {
		return
	}
	e.closing = reason
	before := e.transport
	e.tasks.Go(func() {
		defer time.AfterFunc(closeTimeout, before.abort).Stop() // a write that holds writing
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

// transportName is that of the transport in use.
func (e *engine) transportName() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.transport.name()
}
