package sioclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// Reason says why a socket disconnected, in the official client's words.
type Reason string

// All reasons.
const (
	ServerDisconnect Reason = "io server disconnect" // the server left the namespace: there is no reconnection
	ClientDisconnect Reason = "io client disconnect" // Disconnect was called
	PingTimeout      Reason = "ping timeout"         // the server was silent for too long
	TransportClose   Reason = "transport close"      // the connection was closed
	TransportError   Reason = "transport error"      // the connection failed
	ForcedClose      Reason = "forced close"         // Manager.Close was called
	ParseError       Reason = "parse error"          // the server broke the protocol
)

// engine is one Engine.IO session. A goroutine reads; another, which exists
// only while there is something to write, writes.
type engine struct {
	endpoint *endpoint
	onPacket func(data []byte, binary bool) error // by the reader
	onClose  func(Reason, error)                  // once, by the reader

	sid       string
	patience  time.Duration // the server pings within it
	upgradeTo bool          // a WebSocket is to be tried
	first     []eiopacket.Packet

	running *sync.WaitGroup // counts its goroutines; the manager waits
	ctx     context.Context
	cancel  context.CancelFunc

	writing sync.Mutex // held while a batch is sent, and while the transport changes

	mu        sync.Mutex // guards what follows
	transport transport
	queue     []eiopacket.Packet
	flushing  bool
	probed    *socket // answered the probe, waits for the reader to change over
	closed    bool
	closing   bool
	reason    Reason // why close was called
	writeErr  error
}

// openEngine opens a session with the first of the transports.
func openEngine(ctx context.Context, base *endpoint, running *sync.WaitGroup) (*engine, error) {
	e := &engine{endpoint: base, running: running}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	name := base.config.Transports[0]
	if err := e.open(ctx, name); err != nil {
		e.cancel()
		base.http.CloseIdleConnections()
		return nil, fmt.Errorf("sioclient: %s: %w", name, err)
	}
	if name != Polling || base.config.NoUpgrade || !slices.Contains(base.config.Transports, WebSocket) {
		e.upgradeTo = false
	}
	return e, nil
}

var errNoOpen = errors.New("sioclient: the server did not open the session")

func (e *engine) open(ctx context.Context, name string) error {
	switch name {
	case Polling:
		e.transport = newPolling(e.endpoint)
	case WebSocket:
		ws, err := dialWebSocket(ctx, e.endpoint, "")
		if err != nil {
			return err
		}
		e.transport = ws
	default:
		return fmt.Errorf("no such transport")
	}
	stop := context.AfterFunc(ctx, e.transport.close)
	packets, err := e.transport.receive(time.Now().Add(e.endpoint.config.Timeout))
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		e.transport.close()
		return err
	}
	if len(packets) == 0 || packets[0].Type != eiopacket.Open {
		e.transport.close()
		return errNoOpen
	}
	var h struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}
	if err := json.Unmarshal(packets[0].Data, &h); err != nil || h.SID == "" {
		e.transport.close()
		return errNoOpen
	}
	e.sid, e.first = h.SID, packets[1:]
	e.patience = time.Duration(h.PingInterval+h.PingTimeout) * time.Millisecond
	e.upgradeTo = slices.Contains(h.Upgrades, WebSocket)
	if p, ok := e.transport.(*polling); ok {
		p.sid, p.maxPayload = h.SID, h.MaxPayload
	}
	return nil
}

// start reads until the session ends. The callbacks are set by now.
func (e *engine) start() {
	e.running.Go(e.read)
	if e.upgradeTo {
		e.running.Go(e.probe)
	}
}

func (e *engine) transportName() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.transport.name()
}

func (e *engine) read() {
	reason, err := e.takeAll(e.first)
	e.first = nil
	for reason == "" {
		e.changeOver()
		e.mu.Lock()
		t := e.transport
		e.mu.Unlock()
		var packets []eiopacket.Packet
		if packets, err = t.receive(time.Now().Add(e.patience)); err != nil {
			reason = reasonOf(t, err)
			if len(packets) == 0 {
				break
			}
		}
		if r, bad := e.takeAll(packets); r != "" {
			reason, err = r, bad
		}
	}
	e.finish(reason, err)
}

// reasonOf says why receive failed.
func reasonOf(t transport, err error) Reason {
	var syntax *eiopacket.SyntaxError
	var timeout net.Error // gorilla's hides what it wraps
	switch {
	case errors.As(err, &syntax):
		return ParseError
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return PingTimeout
	case t.name() == WebSocket:
		return TransportClose
	}
	return TransportError
}

func (e *engine) takeAll(packets []eiopacket.Packet) (Reason, error) {
	for _, p := range packets {
		switch p.Type {
		case eiopacket.Ping:
			e.send(eiopacket.Packet{Type: eiopacket.Pong})
		case eiopacket.Close:
			return TransportClose, nil
		case eiopacket.Message:
			if err := e.onPacket(p.Data, p.Binary); err != nil {
				return ParseError, err
			}
		}
	}
	return "", nil
}

// finish ends the session: it is called once, by the reader.
func (e *engine) finish(reason Reason, err error) {
	e.mu.Lock()
	e.closed = true
	t, probed := e.transport, e.probed
	if e.closing {
		reason, err = e.reason, nil
	} else if e.writeErr != nil {
		reason, err = TransportError, e.writeErr
	}
	e.mu.Unlock()
	e.cancel()
	t.close()
	if probed != nil {
		probed.close()
	}
	e.endpoint.http.CloseIdleConnections()
	e.onClose(reason, err)
}

// closePatience bounds the goodbye to a server that does not read.
const closePatience = 2 * time.Second

// close ends the session from this side, after what is queued, and the close
// packet where the transport needs it.
func (e *engine) close(reason Reason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing || e.closed {
		return
	}
	e.closing, e.reason = true, reason
	before := e.transport
	e.running.Go(func() {
		stuck := time.AfterFunc(closePatience, before.close)
		defer stuck.Stop()
		e.sayGoodbye()
	})
}

func (e *engine) sayGoodbye() {
	e.writing.Lock()
	defer e.writing.Unlock()
	e.mu.Lock()
	t, rest := e.transport, e.queue
	e.queue = nil
	e.mu.Unlock()
	if t.name() == Polling {
		rest = append(rest, eiopacket.Packet{Type: eiopacket.Close})
	}
	late := time.AfterFunc(closePatience, t.close)
	defer late.Stop()
	t.send(rest)
	if ws, ok := t.(*socket); ok {
		ws.goodbye()
	}
	t.close()
}

// send queues packets, which go out in order. Those of a session that has ended
// are dropped.
func (e *engine) send(packets ...eiopacket.Packet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.closing {
		return
	}
	e.queue = append(e.queue, packets...)
	if !e.flushing {
		e.flushing = true
		e.running.Go(e.flush)
	}
}

// writable reports whether a packet would go out at once.
func (e *engine) writable() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.flushing && !e.closed && !e.closing
}

func (e *engine) flush() {
	for {
		e.writing.Lock()
		e.mu.Lock()
		batch, t := e.queue, e.transport
		if e.queue = nil; len(batch) == 0 {
			e.flushing = false
			e.mu.Unlock()
			e.writing.Unlock()
			return
		}
		e.mu.Unlock()
		err := t.send(batch)
		e.writing.Unlock()
		if err != nil {
			e.mu.Lock()
			e.writeErr, e.flushing = err, false
			e.mu.Unlock()
			t.close() // the reader ends the session
			return
		}
	}
}

// probe opens a WebSocket beside polling and asks whether it works.
func (e *engine) probe() {
	ctx, cancel := context.WithTimeout(e.ctx, e.endpoint.config.Timeout)
	defer cancel()
	ws, err := dialWebSocket(ctx, e.endpoint, e.sid)
	if err != nil {
		return // polling goes on
	}
	stop := context.AfterFunc(ctx, ws.close)
	err = ws.send([]eiopacket.Packet{{Type: eiopacket.Ping, Data: []byte("probe")}})
	var answer []eiopacket.Packet
	if err == nil {
		answer, err = ws.receive(time.Now().Add(e.endpoint.config.Timeout))
	}
	stop()
	if err != nil || answer[0].Type != eiopacket.Pong || string(answer[0].Data) != "probe" {
		ws.close()
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.closing {
		ws.close()
		return
	}
	e.probed = ws
}

// changeOver makes a probed WebSocket the transport. The reader calls it
// between two polls, so no answer is under way; holding writing, no POST is.
// Once the upgrade packet is out, the server takes nothing over polling any
// more: even what a close that comes now has to say goes over the WebSocket.
func (e *engine) changeOver() {
	e.mu.Lock()
	ws := e.probed
	e.mu.Unlock()
	if ws == nil {
		return
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	e.mu.Lock()
	old, closing := e.transport, e.closing
	e.probed = nil
	e.mu.Unlock()
	if closing || ws.send([]eiopacket.Packet{{Type: eiopacket.Upgrade}}) != nil {
		ws.close()
		return
	}
	e.mu.Lock()
	e.transport = ws
	e.mu.Unlock()
	old.close()
	e.endpoint.http.CloseIdleConnections()
}
