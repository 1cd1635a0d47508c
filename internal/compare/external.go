package compare

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
	"realtimelab/internal/relay"
)

// An External is a user's server that keeps the contract of docs/any-server.md, so that the clients
// of a lane can speak to it.
type External struct {
	URL string `json:"url"`           // http://HOST:PORT or https://HOST:PORT
	As  string `json:"as"`            // see lesson.Lane
	PID int32  `json:"pid,omitempty"` // ID of its process; 0 does not measure its CPU and memory

	Roots *x509.CertPool `json:"-"` // verify its certificate; nil means the system's

	unknown bool // the system does not say whether the process PID is the server's
}

const (
	contractTimeout = 10 * time.Second
	contractPage    = "docs/any-server.md"

	// tick is the resolution of the CPU time that the system reports for another process.
	tick = 10 * time.Millisecond
)

// host returns HOST:PORT.
func (x External) host() string {
	_, host, _ := strings.Cut(x.URL, "://")
	return strings.TrimSuffix(host, "/")
}

// trust returns a client's TLS configuration for the server, nil without TLS.
func (x External) trust() *tls.Config {
	if !strings.HasPrefix(x.URL, "https:") {
		return nil
	}
	return &tls.Config{RootCAs: x.Roots}
}

// dial connects to the server. Its certificate is verified.
func (x External) dial(ctx context.Context, _ net.Conn) (net.Conn, error) {
	config := x.trust()
	if config == nil {
		return relay.To(x.host())(ctx, nil)
	}
	config.NextProtos = []string{"http/1.1"}
	d := tls.Dialer{Config: config}
	return d.DialContext(ctx, "tcp", x.host())
}

// reach returns an error if the server cannot be reached, or has a certificate that is not trusted.
func (x External) reach(ctx context.Context) error {
	conn, err := x.dial(ctx, nil)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return lang.Errorf(
			"the certificate of %s is not trusted; take one for this host from an "+
				"issuer that this system trusts: %w",
			"%s 的证书不受信任；请使用本系统信任的机构为这个主机签发的证书：%w", x.URL, err)
	}
	if err != nil {
		return lang.Errorf("cannot reach %s; start the server first: %w",
			"无法连接 %s；请先启动服务器：%w", x.URL, err)
	}
	_ = conn.Close()
	return nil
}

// Name returns the name of the server among Config.Transports.
func (x External) Name() string { return x.As + "@" + x.host() }

func (x External) check(all []lesson.Lesson) error {
	if _, ok := lesson.FindAs(all, x.As); !ok {
		return unknown("kind of server", x.As, lesson.AllAs(all))
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return lang.Errorf("server %q: want http://HOST:PORT or https://HOST:PORT",
			"服务器 %q：应为 http://HOST:PORT 或 https://HOST:PORT", x.URL)
	}
	if x.PID < 0 {
		return lang.Errorf("process %d: want the ID of the server's process",
			"进程 %d：应为服务器进程的 ID", x.PID)
	}
	return nil
}

// external returns the user's server with that name.
func (c Config) external(name string) (External, bool) {
	for _, x := range c.Servers {
		if x.Name() == name {
			return x, true
		}
	}
	return External{}, false
}

// lane returns the lane with that name, which Check has found.
func (c Config) lane(all []lesson.Lesson, name string) lesson.Lane {
	x, ok := c.external(name)
	if !ok {
		_, l, _ := lesson.FindLane(all, name)
		return l
	}
	l, _ := lesson.FindAs(all, x.As)
	l.Name, l.Rooms, l.Bytes = name, lesson.Way{}, lesson.Way{}
	if l.AskApart {
		l.Ask = nil
	}
	return l
}

// counting is a relay before a server. It counts what crosses it, and can cut the connections.
type counting struct {
	*meter.Meter
	addr    string // HOST:PORT
	between *relay.Relay
}

// count starts a relay before the server. It speaks TLS with a server that wants it; what it counts
// is above TLS.
func (x External) count() (*counting, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := meter.New(l)
	return &counting{m, l.Addr().String(),
		relay.Start(relay.Config{Listener: m.Listener(), Dial: x.dial,
			Log: slog.New(slog.DiscardHandler)})}, nil
}

// relays holds the relay of the clients' connections, and the relay of a sender beside them.
type relays struct {
	*counting
	beside *counting
}

// Beside returns what has crossed the relay of the sender.
func (r relays) Beside() meter.Counts { return r.beside.Count() }

func (r relays) close() {
	_ = r.between.Close()
	_ = r.beside.between.Close()
}

// start starts the relays before the server.
func (x External) start() (*server, error) {
	clients, err := x.count()
	if err != nil {
		return nil, err
	}
	beside, err := x.count()
	if err != nil {
		return nil, errors.Join(err, clients.between.Close())
	}
	both := relays{clients, beside}
	first := Snapshot{URL: "http://" + clients.addr, Direct: "http://" + beside.addr, CPUStep: tick}
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := answer(both, first, questions, answers)
		answers.CloseWithError(err)
		questions.CloseWithError(err)
		both.close()
	}()
	s, err := greet(in, out, int(x.PID), func() {
		_ = out.Close()
		<-done
	})
	if err == nil {
		s.external, s.gone = true, x.gone
	}
	return s, err
}

// gone returns an error if the server has ended.
func (x External) gone(ctx context.Context) error {
	if x.PID != 0 && ended(x.PID) {
		return fmt.Errorf(
			"the server ended while it was measured: process %d no longer exists", x.PID)
	}
	ctx, cancel := context.WithTimeout(ctx, contractTimeout)
	defer cancel()
	conn, err := x.dial(ctx, nil)
	if err != nil {
		return fmt.Errorf(
			"the server at %s no longer accepts connections; it may have ended: %w", x.URL, err)
	}
	return conn.Close()
}

// newMark returns random letters.
func newMark() (mark kind) {
	for range 3 {
		mark += kind('a' + rune(rand.IntN(26)))
	}
	return mark
}
