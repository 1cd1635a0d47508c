package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siopacket"
)

// maxAsked bounds the events that wait for `answer`. The oldest are dropped.
const maxAsked = 1000

// asked is an event that wants an acknowledgement.
type asked struct {
	number    int
	namespace string
	name      string
	ack       sioclient.Ack
}

// socketIO is a client of Socket.IO.
type socketIO struct {
	config  Config
	log     *Log
	wire    *wire
	manager *sioclient.Manager

	mu       sync.Mutex // guards what follows
	current  *sioclient.Socket
	joined   []string // namespaces whose handlers are set
	asked    []asked
	replies  map[string][]siopacket.Raw // by the name of the event, see reply
	askCount int
	upgrade  error // of the last transport that could not be upgraded to
}

func newSocketIO(u *url.URL, c Config, w *wire, log *Log) (*socketIO, error) {
	s := &socketIO{config: c, wire: w, log: log}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	config := sioclient.Config{
		Path: c.Path, EIO: c.EIO, Transports: c.Transports, NoUpgrade: c.NoUpgrade, Query: c.Query,
		Header:         c.Header,
		NetDialContext: w.dial, NetDialTLSContext: w.dialTLS, DialWebTransport: c.DialWebTransport,
		TLS: c.TLS, Jar: jar,
		NoReconnect: c.NoReconnect, Timeout: c.Timeout, Log: slog.New(slog.DiscardHandler),
	}
	if c.Auth != nil {
		config.Auth = func() any { return siopacket.Raw{Text: siopacket.Value(c.Auth)} }
	}
	if s.manager, err = sioclient.NewManager(u.String(), config); err != nil {
		return nil, &Failure{Code: Wrong, Err: err}
	}
	s.manager.OnUpgrade(func(transport string) {
		s.log.add(Event{Kind: State, Name: "upgrade", Args: values(text(transport)),
			Text: lang.Text{
				EN: "upgraded from polling to " + transport,
				ZH: "已从 polling 升级到 " + transport}})
	})
	s.manager.OnUpgradeError(s.upgradeFailed)
	s.manager.OnReconnectAttempt(func(n int) {
		s.log.add(Event{Kind: State, Name: "reconnect_attempt", Args: values(number(n)),
			Text: lang.Text{
				EN: fmt.Sprintf("reconnects: attempt %d", n),
				ZH: fmt.Sprintf("重连：第 %d 次尝试", n)}})
	})
	s.use(namespaceOf(u))
	return s, nil
}

// namespaceOf returns the namespace of a URL: its path.
func namespaceOf(u *url.URL) string {
	if u.Path == "" {
		return siopacket.MainNamespace
	}
	return u.Path
}

func values(all ...siopacket.Raw) []siopacket.Raw { return all }

// use makes a namespace the one of later commands. It sets the handlers of a new one.
func (s *socketIO) use(namespace string) *sioclient.Socket {
	socket := s.manager.Socket(namespace)
	namespace = socket.Namespace()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = socket
	for _, known := range s.joined {
		if known == namespace {
			return socket
		}
	}
	s.joined = append(s.joined, namespace)
	socket.OnUnhandled(func(name string, args sioclient.Args, ack sioclient.Ack) {
		s.received(namespace, name, args, ack)
	})
	socket.OnConnect(func() { s.connected(socket) })
	socket.OnDisconnect(func(reason sioclient.Reason, err error) {
		s.disconnected(socket, reason, err)
	})
	socket.OnConnectError(func(err error) { s.refused(namespace, err) })
	return socket
}

// socket returns the socket of the current namespace.
func (s *socketIO) socket() *sioclient.Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *socketIO) place() string { return s.socket().Namespace() }

func (s *socketIO) connect(ctx context.Context) error {
	return s.connectSocket(ctx, s.socket())
}

func (s *socketIO) connectSocket(ctx context.Context, socket *sioclient.Socket) error {
	limit, cancel := context.WithTimeoutCause(ctx, s.config.Timeout, errSlow)
	defer cancel()
	err := socket.Connect(limit)
	var refusal *sioclient.ConnectError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return refusedBy(socket.Namespace(), err)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &Failure{Code: Unreachable, Err: err}
}

// refusedBy is the failure of a namespace that the server refused.
func refusedBy(namespace string, err error) *Failure {
	args := refusalOf(err)
	f := failf(Refused, "the server refuses %s: %w",
		"服务器拒绝了 %s：%w", namespace, err)
	if len(args) > 1 {
		f = failf(Refused, "the server refuses %s: %w, with the data %s",
			"服务器拒绝了 %s：%w，数据是 %s", namespace, err,
			args[1].String())
	}
	if strings.Contains(err.Error(), "Invalid namespace") {
		f.Hint = lang.Text{
			EN: "the server has no such namespace; the path of the URL names it, " +
				"and /socket.io/ belongs into --path",
			ZH: "服务器没有这个命名空间；URL 的路径就是命名空间，" +
				"/socket.io/ 这样的路径应写在 --path 里"}
	}
	return f
}

func (s *socketIO) disconnect() {
	s.mu.Lock()
	joined := append([]string(nil), s.joined...)
	s.mu.Unlock()
	for _, namespace := range joined {
		s.manager.Socket(namespace).Disconnect()
	}
}

func (s *socketIO) close() { s.manager.Close() }

func (s *socketIO) connectedNow() bool { return s.socket().Connected() }

// flushTime bounds the wait for events that are still to be written.
const flushTime = 2 * time.Second

func (s *socketIO) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	s.socket().Flush(ctx)
}

func (s *socketIO) status() lang.Text {
	s.mu.Lock()
	upgrade, joined := s.upgrade, append([]string(nil), s.joined...)
	waiting := len(s.asked)
	s.mu.Unlock()
	transport := s.manager.Transport()
	if transport == "" {
		return lang.Text{EN: "not connected", ZH: "未连接"}
	}
	if transport == sioclient.Polling && upgrade != nil {
		transport += fmt.Sprintf(" (the upgrade failed: %s)", words(upgrade, lang.English))
	}
	var sockets []string
	for _, namespace := range joined {
		if socket := s.manager.Socket(namespace); socket.Connected() {
			sockets = append(sockets, namespace+" as "+socket.ID())
		}
	}
	all := strings.Join(sockets, ", ")
	t := lang.Text{EN: fmt.Sprintf("%s; %s", transport, all),
		ZH: fmt.Sprintf("%s；%s", transport, all)}
	if waiting > 0 {
		t.EN += fmt.Sprintf("; `answer` is due for %s", lang.Counted(waiting, "event"))
		t.ZH += fmt.Sprintf("；%d 个事件等待 `answer`", waiting)
	}
	return t
}

func (s *socketIO) namespaces() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.joined...)
}

var _ client = (*socketIO)(nil)

// protocol is the language that the client's commands are in.
func (s *socketIO) protocol() command.Protocol { return command.SocketIO }
