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

// A Manager keeps one connection to a server, and has a Socket for each namespace on it. It connects
// while at least one of them is active, and reconnects a lost connection unless the Config says
// otherwise. The connection ends when the last active socket disconnects. Close ends it for good.
//
// Its methods may be called from any goroutine. Call OnReconnectAttempt, OnReconnect,
// OnReconnectError and OnReconnectFailed before the first socket connects.
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

	mu         sync.Mutex // guards what follows; locked before a Socket's mu
	sockets    map[string]*Socket
	engine     *engine // nil while disconnected
	connecting bool    // a goroutine makes attempts
	closed     bool
}

// NewManager makes a Manager for several namespaces of one server; for one, see New. The URL is that
// of the server, with the scheme http, https, ws or wss; its path means nothing here. Nothing is sent
// before a Socket connects. The error says what is wrong with the URL or the Config.
func NewManager(server string, c Config) (*Manager, error) {
	u, err := url.Parse(server)
	if !strings.Contains(server, "://") {
		return nil, fmt.Errorf("sioclient: %q: want http://… or https://…, such as %q", server, "http://"+server)
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
		onAttempt: func(int) {}, onReconnect: func(int) {}, onReconnectError: func(error) {}, onReconnectFailed: func() {},
	}
	for _, name := range m.config.Transports {
		if !slices.Contains([]string{Polling, WebSocket, WebTransport}, name) {
			return nil, fmt.Errorf("sioclient: no such transport: %q: want %q, %q or %q", name, Polling, WebSocket, WebTransport)
		}
		if name == WebTransport && m.config.DialWebTransport == nil {
			return nil, fmt.Errorf("sioclient: the transport %q needs Config.DialWebTransport, such as siowebtransport.Dial", name)
		}
	}
	if len(m.config.Transports) == 0 {
		return nil, errors.New("sioclient: Config.Transports is empty: leave it nil for the default")
	}
	m.inboxes = event.InboxOwner{MaxWaiting: m.config.MaxPending, MaxBytes: m.config.MaxMessage, Go: m.tasks.Go, LogPanic: m.logPanic}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m, nil
}

// Socket returns the socket of a namespace, "/" for an empty name: always the same for the same
// name. It is not connected yet: add its handlers, then call Connect or Open.
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
// from 1 and begins again with each lost connection. The attempt waits for it.
func (m *Manager) OnReconnectAttempt(f func(n int)) { m.onAttempt = f }

// OnReconnect sets the function that is called when attempt n has brought the connection back. The
// sockets join their namespaces meanwhile: see Socket.OnConnect.
func (m *Manager) OnReconnect(f func(n int)) { m.onReconnect = f }

// OnReconnectError sets the function that is called with the error of each attempt to reconnect.
func (m *Manager) OnReconnectError(f func(error)) { m.onReconnectError = f }

// OnReconnectFailed sets the function that is called when Config.ReconnectionAttempts have failed.
// There are no more until a socket calls Connect or Open.
func (m *Manager) OnReconnectFailed(f func()) { m.onReconnectFailed = f }

// Transport returns the name of the transport in use: Polling, WebSocket or WebTransport; empty
// without a connection.
func (m *Manager) Transport() string {
	if e := m.current(); e != nil {
		return e.transportName()
	}
	return ""
}

// Close ends the connection and every socket for good, and waits until the handlers of all sockets
// have returned. No handler may call it. Events that were emitted before it go out first, for at most
// two seconds. Waiting calls of EmitWithAck and Connect return ErrDisconnected. Close may be called
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
	_ = m.tasks.Wait(context.Background()) // which never ends
}

// all lists the sockets.
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

// active reports whether any socket is. The caller holds mu.
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
	if m.engine == nil || m.closed || m.active() { // Close has closed it, and lost tells the sockets
		return
	}
	m.engine.close(ForcedClose)
	for _, s := range m.sockets {
		s.forget(m.engine) // the answer to a CONNECT, which no longer comes
	}
	m.engine = nil
}

// guard runs a function of the program: its panic is logged and does not end the process.
func (m *Manager) guard(f func()) { contain(f, m.logPanic) }

// contain runs a function of the program on a goroutine of its own and waits for it, so that its
// runtime.Goexit ends nothing else. panicked is called with the value of a panic.
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
	m.panics.Log(m.config.Log, slog.LevelError, "handler panicked", "panic", event.Printable(v), "stack", event.Stack())
}

// sendPacket sends a packet's text and its attachments.
func (e *engine) sendPacket(p siopacket.Packet) {
	packets := make([]eiopacket.Packet, 0, 1+len(p.Attachments))
	packets = append(packets, eiopacket.Packet{Type: eiopacket.Message, Data: p.AppendText(make([]byte, 0, len(p.Data)+len(p.Namespace)+24))})
	for _, data := range p.Attachments {
		packets = append(packets, eiopacket.Packet{Type: eiopacket.Message, Binary: true, Data: data})
	}
	e.send(packets...)
}
