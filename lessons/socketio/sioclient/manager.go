package sioclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"

	"realtimelab/internal/tasks"
	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// A Manager has one connection to a server, and a Socket for each namespace on it. It connects
// while at least one socket is active, and reconnects a lost connection unless Config.NoReconnect
// is set. The connection ends when the last active socket disconnects. Close ends it permanently.
//
// Its methods may be called from any goroutine. Call OnReconnectAttempt, OnReconnect,
// OnReconnectError, OnReconnectFailed, OnUpgrade and OnUpgradeError before the first socket
// connects.
type Manager struct {
	config  Config
	base    *url.URL
	inboxes event.InboxOwner
	tasks   tasks.Group // the goroutines of the connection and of the handlers
	panics  event.LogLimit

	ctx    context.Context // until Close
	cancel context.CancelFunc

	onAttempt, onReconnect func(attempt int)
	onReconnectError       func(error)
	onReconnectFailed      func()
	onUpgrade              func(transport string)
	onUpgradeError         func(transport string, err error)

	mu         sync.Mutex // guards what follows; locked before a Socket's mu
	sockets    map[string]*Socket
	engine     *engine // nil while disconnected
	connecting bool    // a goroutine makes attempts
	closed     bool
}

// NewManager returns a Manager for several namespaces of one server; for one, see New. server is a
// URL with the scheme http, https, ws or wss; its path is ignored. Nothing is sent before a Socket
// connects. NewManager returns an error if the URL or the Config is invalid.
func NewManager(server string, c Config) (*Manager, error) {
	u, err := url.Parse(server)
	if !strings.Contains(server, "://") {
		return nil, fmt.Errorf("sioclient: %q: want http://… or https://…, such as %q", server,
			"http://"+server)
	}
	if err != nil {
		return nil, fmt.Errorf("sioclient: %w", err)
	}
	if !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return nil, fmt.Errorf("sioclient: %q: want http://…, https://…, ws://… or wss://…", server)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("sioclient: %q has no host", server)
	}
	m := &Manager{
		config: c.withDefaults(), base: u, sockets: map[string]*Socket{},
		onAttempt: func(int) {}, onReconnect: func(int) {}, onReconnectError: func(error) {},
		onReconnectFailed: func() {},
		onUpgrade:         func(string) {}, onUpgradeError: func(string, error) {},
	}
	for _, name := range m.config.Transports {
		if !slices.Contains([]string{Polling, WebSocket, WebTransport}, name) {
			return nil, fmt.Errorf("sioclient: no such transport: %q: want %q, %q or %q", name,
				Polling, WebSocket, WebTransport)
		}
		if name == WebTransport && m.config.DialWebTransport == nil {
			return nil, fmt.Errorf(
				"sioclient: the transport %q needs "+
					"Config.DialWebTransport, such as siowebtransport.Dial", name)
		}
	}
	if len(m.config.Transports) == 0 {
		return nil, errors.New(
			"sioclient: Config.Transports is empty: leave it nil for the default")
	}
	if m.config.EIO != 3 && m.config.EIO != 4 {
		return nil, fmt.Errorf("sioclient: Config.EIO is %d: want 3 or 4", m.config.EIO)
	}
	if m.config.isV3() && slices.Contains(m.config.Transports, WebTransport) {
		return nil, errors.New(
			"sioclient: Engine.IO 3 has no WebTransport: use polling and websocket")
	}
	m.inboxes = event.InboxOwner{MaxWaiting: m.config.MaxPending, MaxBytes: m.config.MaxMessage,
		Go: m.tasks.Go, LogPanic: m.logPanic}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m, nil
}

// Socket returns the socket of a namespace, "/" for an empty name. The same name always gives the
// same socket. A new socket is not connected: add its handlers, then call Connect or Open.
func (m *Manager) Socket(namespace string) *Socket {
	if namespace == "" || namespace[0] != '/' {
		namespace = "/" + namespace
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sockets[namespace]
	if s == nil {
		s = &Socket{manager: m, namespace: namespace, closed: m.closed}
		s.changes.L = &s.mu
		s.listeners.SetStrict(m.config.Strict)
		s.inbox.Init(&m.inboxes, nil)
		m.sockets[namespace] = s
	}
	return s
}

// OnReconnectAttempt sets the function that is called before each attempt to reconnect; n counts
// from 1 after each lost connection. The attempt begins when the function has returned.
func (m *Manager) OnReconnectAttempt(f func(n int)) { m.onAttempt = f }

// OnReconnect sets the function that is called when attempt n has succeeded. The sockets may not
// have joined their namespaces yet: see Socket.OnConnect.
func (m *Manager) OnReconnect(f func(n int)) { m.onReconnect = f }

// OnReconnectError sets the function that is called with the error of each attempt to reconnect.
func (m *Manager) OnReconnectError(f func(error)) { m.onReconnectError = f }

// OnReconnectFailed sets the function that is called when Config.ReconnectionAttempts have failed.
// The Manager makes no more attempts until a socket calls Connect or Open.
func (m *Manager) OnReconnectFailed(f func()) { m.onReconnectFailed = f }

// OnUpgrade sets the function that is called with the new transport's name when a session has been
// upgraded from polling. It runs on its own goroutine.
func (m *Manager) OnUpgrade(f func(transport string)) { m.onUpgrade = f }

// OnUpgradeError sets the function that is called when an upgrade to a transport fails, for example
// with a *HandshakeError if a proxy does not forward WebSocket. The session continues over polling.
// The function runs on its own goroutine.
func (m *Manager) OnUpgradeError(f func(transport string, err error)) { m.onUpgradeError = f }

// Transport returns the name of the transport in use: Polling, WebSocket or WebTransport; empty
// without a connection.
func (m *Manager) Transport() string {
	if e := m.current(); e != nil {
		return e.transportName()
	}
	return ""
}

// Close ends the connection and every socket permanently, and waits until the handlers of all
// sockets have returned. No handler may call it. Queued events are sent first, for at most two
// seconds. Waiting calls of EmitWithAck and Connect return ErrDisconnected. Close may be called
// more than once; each call waits.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	e := m.engine
	m.mu.Unlock()
	m.cancel()
	if e != nil {
		e.close(ForcedClose)
	}
	for _, s := range m.all() {
		s.close()
	}
	_ = m.tasks.Wait(context.Background()) // this context never ends
}

// all returns the sockets.
func (m *Manager) all() []*Socket {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*Socket, 0, len(m.sockets))
	for _, s := range m.sockets {
		all = append(all, s)
	}
	return all
}

// current returns the connection, or nil.
func (m *Manager) current() *engine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.engine
}

// active reports whether any socket is active. The caller holds mu.
func (m *Manager) active() bool {
	for _, s := range m.sockets {
		if s.Active() {
			return true
		}
	}
	return false
}

// release closes the connection when no socket is active.
func (m *Manager) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.engine == nil || m.closed || m.active() {
		// Close has closed it, and calls lost for each socket
		return
	}
	m.engine.close(ForcedClose)
	for _, s := range m.sockets {
		s.forget(m.engine) // the answer to CONNECT no longer arrives
	}
	m.engine = nil
}

// guard runs a function of the program: its panic is logged and does not end the process.
func (m *Manager) guard(f func()) { contain(f, m.logPanic) }

// contain runs a function of the program on its own goroutine and waits for it, so that its
// runtime.Goexit ends only that goroutine. panicked is called with the value of a panic.
func contain(f func(), panicked func(any)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				panicked(v)
			}
		}()
		f()
	}()
	<-done
}

func (m *Manager) logPanic(v any) {
	m.panics.Log(m.config.Log, slog.LevelError, "handler panicked", "panic", event.Printable(v),
		"stack", event.Stack())
}

// sendPacket sends a packet's text and its attachments.
func (e *engine) sendPacket(p siopacket.Packet) {
	packets := make([]eiopacket.Packet, 0, 1+len(p.Attachments))
	packets = append(packets, eiopacket.Packet{Type: eiopacket.Message,
		Data: p.AppendText(make([]byte, 0, len(p.Data)+len(p.Namespace)+24))})
	for _, data := range p.Attachments {
		packets = append(packets, eiopacket.Packet{Type: eiopacket.Message, Binary: true,
			Data: data})
	}
	e.send(packets...)
}
