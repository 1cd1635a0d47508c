package sioclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"

	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/siopacket"
)

// Manager keeps one connection to a server, and has a Socket for each namespace
// on it. When the connection is lost it connects anew, unless the Config says
// otherwise.
type Manager struct {
	config Config
	base   *url.URL

	ctx     context.Context // until Close
	cancel  context.CancelFunc
	running sync.WaitGroup // added to under mu, while not closed

	mu         sync.Mutex
	closed     bool
	sockets    map[string]*Socket
	engine     *engine // nil while there is no connection
	connecting bool    // a goroutine connects

	onAttempt, onReconnect func(attempt int)
	onReconnectError       func(error)
	onReconnectFailed      func()
}

// NewManager reads the URL: http, https, ws or wss. It connects when a Socket
// does.
func NewManager(server string, c Config) (*Manager, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("sioclient: %w", err)
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss":
	default:
		return nil, fmt.Errorf("sioclient: %q: want http, https, ws or wss", server)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("sioclient: %q has no host", server)
	}
	m := &Manager{config: c.withDefaults(), base: u, sockets: map[string]*Socket{}}
	for _, name := range m.config.Transports {
		if name != Polling && name != WebSocket {
			return nil, fmt.Errorf("sioclient: no such transport: %q", name)
		}
	}
	if len(m.config.Transports) == 0 {
		return nil, errors.New("sioclient: no transports")
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	return m, nil
}

// Dial connects to the namespace that is the URL's path, "/" if it has none,
// and waits until it has joined. The error is the server's refusal, a
// *Refusal, or says why there is no connection. Closing the Socket closes its
// Manager too.
func Dial(ctx context.Context, server string, c Config) (*Socket, error) {
	m, err := NewManager(server, c)
	if err != nil {
		return nil, err
	}
	namespace := m.base.Path
	if namespace == "" {
		namespace = siopacket.MainNamespace
	}
	s := m.Socket(namespace)
	s.ownsManager = true
	if err := s.ConnectAndWait(ctx); err != nil {
		m.Close()
		return nil, err
	}
	return s, nil
}

// Socket returns the socket of a namespace, which is not connected yet: add its
// handlers, then call Connect. There is one for each namespace.
func (m *Manager) Socket(namespace string) *Socket {
	if namespace == "" || namespace[0] != '/' {
		namespace = "/" + namespace
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sockets[namespace]
	if s == nil {
		s = newSocket(m, namespace)
		m.sockets[namespace] = s
	}
	return s
}

// OnReconnectAttempt, OnReconnect, OnReconnectError and OnReconnectFailed set
// what is told of the way back to a lost connection: that attempt n begins,
// that it has succeeded, that it has failed, and that there will be no more.
// They must be set before the first Connect.
func (m *Manager) OnReconnectAttempt(f func(n int)) { m.onAttempt = f }

// OnReconnect: see OnReconnectAttempt.
func (m *Manager) OnReconnect(f func(n int)) { m.onReconnect = f }

// OnReconnectError: see OnReconnectAttempt.
func (m *Manager) OnReconnectError(f func(error)) { m.onReconnectError = f }

// OnReconnectFailed: see OnReconnectAttempt.
func (m *Manager) OnReconnectFailed(f func()) { m.onReconnectFailed = f }

// Transport is the name of the one that is used now, empty without a connection.
func (m *Manager) Transport() string {
	if e := m.current(); e != nil {
		return e.transportName()
	}
	return ""
}

// Close ends the connection and every socket, and waits until their handlers
// have run. It must not be called by one of them.
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
		s.stop()
	}
	m.running.Wait()
}

func (m *Manager) all() []*Socket {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*Socket, 0, len(m.sockets))
	for _, s := range m.sockets {
		all = append(all, s)
	}
	return all
}

// start runs f, unless the manager is closed.
func (m *Manager) start(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.running.Go(f)
	return true
}

// startInside runs f. It is for goroutines that running counts.
func (m *Manager) startInside(f func()) bool {
	m.running.Go(f)
	return true
}

func (m *Manager) try() error {
	ctx, cancel := context.WithTimeout(m.ctx, m.config.Timeout)
	defer cancel()
	e, err := openEngine(ctx, newEndpoint(m.base, m.config), &m.running)
	if err != nil {
		return err
	}
	var decoder siopacket.Decoder
	decoder.MaxAttachments = m.config.MaxAttachments
	e.onPacket = func(data []byte, binary bool) error { return m.receive(e, &decoder, data, binary) }
	e.onClose = func(reason Reason, err error) { m.lost(e, reason, err) }
	m.mu.Lock()
	m.connecting = false
	if m.closed {
		m.mu.Unlock()
		e.upgradeTo = false
		e.start()
		e.close(ForcedClose) // so that the server keeps no session
		return context.Canceled
	}
	m.engine = e
	e.start()
	m.mu.Unlock()
	for _, s := range m.all() {
		s.join(e)
	}
	return nil
}

// receive takes one message of the engine's reader.
func (m *Manager) receive(e *engine, d *siopacket.Decoder, data []byte, binary bool) error {
	add := d.AddText
	if binary {
		add = d.AddBinary
	}
	p, complete, err := add(data)
	if err != nil || !complete {
		return err
	}
	m.mu.Lock()
	s := m.sockets[p.Namespace]
	m.mu.Unlock()
	if s != nil {
		s.receive(e, p)
	}
	return nil
}

// lost is told by the engine's reader that the connection has ended.
func (m *Manager) lost(e *engine, reason Reason, err error) {
	m.mu.Lock()
	if m.engine == e {
		m.engine = nil
	}
	m.mu.Unlock()
	for _, s := range m.all() {
		s.lost(e, reason, err)
	}
	wanted := m.wanted() // after a forced close, by one that came at the last moment
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.config.NoReconnect || !wanted || m.connecting || m.engine != nil {
		return
	}
	m.connecting = true
	m.running.Go(func() { m.connect(true) })
}

// current is the connection, nil if there is none.
func (m *Manager) current() *engine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.engine
}

// sendPacket writes a packet's text and its attachments.
func (e *engine) sendPacket(p siopacket.Packet) {
	packets := make([]eiopacket.Packet, 0, 1+len(p.Attachments))
	packets = append(packets, eiopacket.Packet{Type: eiopacket.Message, Data: p.AppendText(make([]byte, 0, len(p.Data)+len(p.Namespace)+24))})
	for _, data := range p.Attachments {
		packets = append(packets, eiopacket.Packet{Type: eiopacket.Message, Binary: true, Data: data})
	}
	e.send(packets...)
}

// release ends the connection when no socket wants it any more.
func (m *Manager) release() {
	if m.wanted() {
		return
	}
	m.mu.Lock()
	e := m.engine
	m.engine = nil
	m.mu.Unlock()
	if e != nil {
		e.close(ForcedClose)
	}
}
