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

	"github.com/shirou/gopsutil/v4/process"

	"realtimelab/internal/lesson"
	"realtimelab/internal/meter"
	"realtimelab/internal/relay"
)

// An External is a server of the user's, which the clients of a lane can speak to: it keeps the
// contract of docs/any-server.md.
type External struct {
	URL string `json:"url"`           // http://HOST:PORT or https://HOST:PORT
	As  string `json:"as"`            // see lesson.Lane
	PID int32  `json:"pid,omitempty"` // of its process; 0: its CPU and memory are not measured

	Roots *x509.CertPool `json:"-"` // that a certificate is verified against; nil: the system's
}

const (
	contractTimeout = 10 * time.Second
	contractPage    = "docs/any-server.md"

	// tick is the resolution of the CPU time that the system says of another process.
	tick = 10 * time.Millisecond
)

// host returns HOST:PORT.
func (x External) host() string {
	_, host, _ := strings.Cut(x.URL, "://")
	return strings.TrimSuffix(host, "/")
}

// origin returns the URL without a path.
func (x External) origin() string {
	scheme, _, _ := strings.Cut(x.URL, "://")
	return scheme + "://" + x.host()
}

// trust returns the configuration of a client of a server with TLS; nil of others.
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

// Name returns the name of the server among Config.Transports.
func (x External) Name() string { return x.As + "@" + x.host() }

func (x External) check(all []lesson.Lesson) error {
	if _, ok := lesson.FindAs(all, x.As); !ok {
		return unknown("kind of server", x.As, lesson.AllAs(all))
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("server %q: want http://HOST:PORT or https://HOST:PORT", x.URL)
	}
	if x.PID < 0 {
		return fmt.Errorf("process %d: want the ID of the server's process", x.PID)
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

// unmeasured returns the keys of the figures that nobody can measure of a lane's server.
func (c Config) unmeasured(lane string) []string {
	x, ok := c.external(lane)
	switch {
	case !ok:
		return nil
	case x.PID == 0:
		return []string{cpuPerMessage, memoryPerClient, goroutinesPerClient, descriptorsPerClient, stormPeakCPU}
	}
	return []string{goroutinesPerClient, stormPeakCPU}
}

// start starts a relay before the server, which counts and can cut its clients' connections. The
// relay speaks TLS with a server that wants it; what it counts is above TLS.
func (x External) start() (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := meter.New(l)
	between := relay.Start(relay.Config{Listener: m.Listener(), Dial: x.dial, Log: slog.New(slog.DiscardHandler)})
	first := Snapshot{URL: "http://" + l.Addr().String(), Direct: x.origin(), CPUStep: tick}
	questions, in := io.Pipe()
	out, answers := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := answer(m, first, questions, answers)
		answers.CloseWithError(err)
		questions.CloseWithError(err)
		_ = between.Close()
	}()
	s, err := greet(in, out, int(x.PID), func() {
		_ = out.Close()
		<-done
	})
	if err == nil {
		s.external, s.trust = true, x.trust()
	}
	return s, err
}

// newMark returns random letters.
func newMark() (mark kind) {
	for range 3 {
		mark += kind('a' + rune(rand.IntN(26)))
	}
	return mark
}

// keepsContract has two clients exchange messages over the server. An error says what the server does
// not do.
func (x External) keepsContract(ctx context.Context, c Config, lane lesson.Lane) error {
	if x.PID > 0 {
		if _, err := process.NewProcess(x.PID); err != nil {
			return fmt.Errorf("process %d: %w", x.PID, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, contractTimeout)
	defer cancel()
	reached, err := x.dial(ctx, nil)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return fmt.Errorf("the certificate of %s is not trusted; take one for this host from an issuer that this system trusts: %w", x.URL, err)
	}
	if err != nil {
		return fmt.Errorf("cannot reach %s; start the server first: %w", x.URL, err)
	}
	_ = reached.Close()
	if err := x.exchange(ctx, c, lane); err != nil {
		return fmt.Errorf("%s does not keep the contract of --as %s: %w; see %s", x.URL, x.As, err, contractPage)
	}
	return nil
}

func (x External) exchange(ctx context.Context, c Config, lane lesson.Lane) error {
	c.Clients = 2
	t := c.turn(&server{url: x.origin(), trust: x.trust(), external: true}, lane, Step{Transport: lane.Name}, func(Live) {})
	defer t.clients.close()
	asks := c.workload().Asks
	for i := range c.Clients {
		err := t.clients.dialOne(ctx, i)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && asks:
			return fmt.Errorf("a question got no answer within %s", contractTimeout)
		case err != nil:
			return err
		}
	}
	if asks {
		return nil
	}
	err := t.clients.warmUp(ctx)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	for _, p := range t.clients.peers {
		if f, ok := p.client.(interface{ Err() error }); ok && f.Err() != nil {
			return f.Err()
		}
	}
	own, others := 0, 0
	t.tally.holds(func() bool { own, others = t.tally.greeted, t.tally.warmed; return true })
	if own == 0 {
		return fmt.Errorf("no client heard a message of its own within %s", contractTimeout)
	}
	return fmt.Errorf("%d of 2 clients heard messages of their own, and %d heard the one for all, within %s", own, others, contractTimeout)
}
