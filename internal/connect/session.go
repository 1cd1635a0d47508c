package connect

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/internal/xray"
	"realtimelab/lessons/socketio/siopacket"
)

// A client speaks one of the protocols. Commands come from one goroutine at a time.
type client interface {
	protocol() command.Protocol

	// connect makes one attempt, and has no effect on a client that is connected. Unless the Config
	// says otherwise, a connection that is lost later comes back by itself, except for WebSocket.
	connect(ctx context.Context) error

	// do runs a command that is of this protocol alone.
	do(ctx context.Context, c command.Command) error

	connectedNow() bool
	status() lang.Text
	place() string         // the namespace of commands; empty without namespaces
	namespaces() []string  // that were joined
	flush(context.Context) // waits until what was sent is written
	disconnect()           // ends the connection; connect opens it again
	close()                // ends the connection and every goroutine
}

// A Session is a connection and what came over it. Do, Connect, Wait and Count belong to one
// goroutine. The other methods may be called from any.
type Session struct {
	config Config
	url    *url.URL
	wire   *wire
	log    *Log
	client client
	parser command.Parser
	cursor uint64 // number of the first event that a wait looks at

	closing sync.Once
}

// Open prepares a session. Without Config.As it asks the server what it speaks. Call Connect next,
// and Close in the end. The error is a *Failure.
func Open(ctx context.Context, c Config) (*Session, error) {
	u, err := c.check()
	if err != nil {
		return nil, err
	}
	s := &Session{config: c, url: u, wire: newWire(c), log: newLog()}
	if c.Record != nil {
		if err := c.Record(s.wire.xray); err != nil {
			s.Close()
			return nil, &Failure{Code: Wrong, Err: err}
		}
	}
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) begin(ctx context.Context) (err error) {
	as := s.config.As
	if as == "" {
		var how lang.Text
		if as, how, err = s.guess(ctx); err != nil {
			return err
		}
		s.log.add(Event{Kind: State, Name: "guess", Args: values(text(string(as))), Text: how})
	}
	switch as {
	case command.WebSocket:
		s.client = newWebSocket(s.url, s.config, s.wire, s.log)
	case command.SSE:
		s.client = newEvents(s.url, s.config, s.wire, s.log)
	default:
		if s.client, err = newSocketIO(s.url, s.config, s.wire, s.log); err != nil {
			return err
		}
	}
	s.parser = command.Parser{Protocol: as, ReadFile: s.config.ReadFile}
	return nil
}

// Close ends the connection, the x-ray and the Log. It may be called more than once.
func (s *Session) Close() {
	s.closing.Do(func() {
		if s.client != nil {
			s.client.close()
		}
		s.log.close()
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.wire.xray.Sync(last) // the ends of the connections are rows too
		s.wire.xray.Close()
	})
}

// Log returns what happened.
func (s *Session) Log() *Log { return s.log }

// Xray returns the x-ray of the session's connections.
func (s *Session) Xray() *xray.Xray { return s.wire.xray }

// Protocol returns what the connection speaks.
func (s *Session) Protocol() command.Protocol { return s.client.protocol() }

// Parser returns the parser of the session's commands.
func (s *Session) Parser() command.Parser { return s.parser }

// Place returns the namespace that commands go to; empty without namespaces.
func (s *Session) Place() string { return s.client.place() }

// Connected reports whether the connection is up.
func (s *Session) Connected() bool { return s.client.connectedNow() }

// Known returns the names that completion offers.
func (s *Session) Known() command.Known {
	return command.Known{Events: s.log.Names(), Namespaces: s.client.namespaces()}
}

// Connect connects. The failure says why it could not, as far as a few more requests can tell.
func (s *Session) Connect(ctx context.Context) error {
	err := s.client.connect(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return s.explain(ctx, err)
}

// ErrQuit says that the user has asked to quit.
var ErrQuit = errors.New("quit")

// Do runs a command. Its error is ErrQuit, a *Failure or that of ctx.
func (s *Session) Do(ctx context.Context, c command.Command) error {
	switch c.Verb {
	case "":
		return nil
	case "quit":
		return ErrQuit
	case "wait", "expect":
		return s.wait(ctx, c)
	case "never":
		return s.never(ctx, c)
	case "sleep":
		return sleep(ctx, c.Timeout)
	case "connect":
		return s.Connect(ctx)
	case "disconnect":
		s.client.disconnect()
	case "cut":
		n := s.wire.cut()
		s.note("cut", lang.Textf("%s reset", "已重置 %d 个连接", lang.Counted(n, "connection")),
			number(n))
	case "transport":
		s.note("transport", s.status())
	case "events":
		names := strings.Join(s.log.Names(), ", ")
		s.note("events", lang.Text{EN: "events so far: " + names, ZH: "见过的事件：" + names})
	case "help":
		return s.help(c.Name)
	default:
		return s.client.do(ctx, c)
	}
	return nil
}

func (s *Session) note(name string, t lang.Text, args ...siopacket.Raw) {
	s.log.add(Event{Kind: State, Name: name, Text: t, Args: args})
}

// status is the client's, with the bytes so far.
func (s *Session) status() lang.Text {
	t, n := s.client.status(), s.wire.tap.Counters()
	return lang.Textf("%s; %s sent, %d received, %s",
		"%s；已发送 %d 字节，收到 %d 字节，共 %d 个连接",
		t, lang.Counted(n.In, "byte"), n.Out, lang.Counted(n.Total, "connection"))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// help lists the commands, or explains one.
func (s *Session) help(verb string) error {
	found := false
	for _, v := range s.parser.Verbs() {
		if verb == "" || v.Name == verb {
			found = true
			s.note("help", lang.Text{EN: v.Usage + " — " + v.Help.EN,
				ZH: v.Usage + " — " + v.Help.ZH})
		}
	}
	if !found {
		return failf(Wrong, "no command %q; `help` lists the commands",
			"没有命令 %q；输入 `help` 列出命令", verb)
	}
	return nil
}

// Flush waits until what was sent is written, for at most two seconds.
func (s *Session) Flush(ctx context.Context) { s.client.flush(ctx) }
