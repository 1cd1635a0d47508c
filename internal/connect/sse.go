package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
)

// events is a client of server-sent events. Like a browser's EventSource, it reconnects when the
// stream ends, and gives up after an answer that is not a stream.
type events struct {
	url    *url.URL
	config Config
	log    *Log
	wire   *wire
	http   *http.Client

	running sync.WaitGroup

	mu     sync.Mutex // guards what follows
	lastID string
	stop   context.CancelFunc // ends the stream; nil without one
	open   bool
}

func newEvents(u *url.URL, c Config, w *wire, log *Log) *events {
	return &events{url: withScheme(u, "http"), config: c, wire: w, http: w.http(), log: log,
		lastID: c.LastID}
}

func (s *events) protocol() command.Protocol { return command.SSE }

func (s *events) place() string { return "" }

func (s *events) namespaces() []string { return nil }

// notStream is an answer that is not an event stream.
type notStream struct {
	status      int
	contentType string
	body        string
}

func (e *notStream) Error() string { return e.In(lang.English) }

// In returns the message in a language.
func (e *notStream) In(l lang.Lang) string {
	switch {
	case e.status != http.StatusOK:
		return fmt.Sprintf(l.Say("the server answered %d %s", "服务器的响应是 %d %s"), e.status,
			http.StatusText(e.status))
	case e.contentType == "":
		return l.Say("the answer has no Content-Type: want text/event-stream",
			"响应没有 Content-Type：应为 text/event-stream")
	}
	return fmt.Sprintf(l.Say("the Content-Type of the answer is %q: want text/event-stream",
		"响应的 Content-Type 是 %q：应为 text/event-stream"), e.contentType)
}

// openStream sends the request of EventSource. The error may be a *notStream.
func openStream(ctx context.Context, client *http.Client, address, lastID string,
	c Config) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	for name, all := range c.Header {
		req.Header[name] = all
	}
	if host := c.Header.Get("Host"); host != "" {
		req.Host = host
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Cache-Control", "no-store")
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	kind := res.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(kind)
	if res.StatusCode == http.StatusOK && media == "text/event-stream" {
		return res, nil
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
	res.Body.Close()
	return nil, &notStream{res.StatusCode, kind, string(body)}
}

func (s *events) connect(ctx context.Context) error {
	s.mu.Lock()
	connected := s.stop != nil
	lastID := s.lastID
	s.mu.Unlock()
	if connected {
		return nil
	}
	streaming, stop := context.WithCancelCause(context.Background())
	slow := time.AfterFunc(s.config.Timeout, func() { stop(errSlow) })
	forget := context.AfterFunc(ctx, func() { stop(ctx.Err()) })
	res, err := openStream(streaming, s.http, s.url.String(), lastID, s.config)
	intime, alive := slow.Stop(), forget()
	if err == nil && (!intime || !alive) {
		res.Body.Close()
		err = context.Cause(streaming)
	}
	if err != nil {
		if cause := context.Cause(streaming); cause != nil {
			err = cause
		}
		stop(nil)
		return &Failure{Code: Unreachable, Err: err}
	}
	end := func() { stop(nil) }
	s.mu.Lock()
	s.stop = end
	s.mu.Unlock()
	s.opened(lastID)
	s.running.Go(func() { s.run(streaming, res) })
	return nil
}

func (s *events) opened(lastID string) {
	s.mu.Lock()
	s.open = true
	s.mu.Unlock()
	e := Event{Kind: State, Name: "open", Args: values(text(lastID)), Text: lang.Text{
		EN: "connected to " + s.url.Redacted(), ZH: "已连接到 " + s.url.Redacted()}}
	if lastID != "" {
		e.Text.EN, e.Text.ZH = e.Text.EN+", after the event id "+lastID,
			e.Text.ZH+"，从事件 ID "+lastID+" 之后开始"
	}
	s.log.add(e)
}

// defaultRetry is the pause before a reconnect if the server names none.
const defaultRetry = 3 * time.Second

// run reads streams until ctx ends, or the server refuses one.
func (s *events) run(ctx context.Context, res *http.Response) {
	retry := defaultRetry
	defer s.ended()
	for {
		if res != nil {
			if said := s.read(ctx, res); said > 0 {
				retry = said
			}
		}
		if ctx.Err() != nil || s.config.NoReconnect {
			return
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return
		}
		var err error
		lastID := s.last()
		if res, err = openStream(ctx, s.http, s.url.String(), lastID, s.config); err == nil {
			s.opened(lastID)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		var refused *notStream
		failed := errors.As(err, &refused)
		e := Event{Kind: Problem, Name: "error", Args: values(text(err.Error())),
			Text: lang.Textf("cannot reconnect: %w", "无法重连：%w", err)}
		if e.final = failed; failed {
			e.Hint = lang.Text{EN: "an EventSource gives up after such an answer",
				ZH: "收到这样的响应后，EventSource 不再重连"}
		}
		s.log.add(e)
		if failed {
			return
		}
	}
}

func (s *events) ended() {
	s.mu.Lock()
	s.stop, s.open = nil, false
	s.mu.Unlock()
}

func (s *events) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastID
}

// read reads one stream to its end, and returns the server's retry time.
func (s *events) read(ctx context.Context, res *http.Response) (retry time.Duration) {
	defer res.Body.Close()
	stream := &eventStream{in: res.Body, lastID: s.last(), comment: func(comment string) {
		s.log.add(Event{Kind: State, Name: "comment", Args: values(text(comment)), Text: lang.Text{
			EN: "comment: " + comment, ZH: "注释：" + comment}})
	}}
	for {
		e, err := stream.next()
		s.mu.Lock()
		s.lastID = stream.lastID
		if err != nil {
			s.open = false
		}
		s.mu.Unlock()
		if err == nil {
			s.log.add(Event{Kind: Received, Name: e.name, Args: values(text(e.data)), ID: e.id})
			continue
		}
		why := lang.Text{EN: "the server ended the stream", ZH: "服务器结束了流"}
		switch {
		case ctx.Err() != nil:
			why = lang.Text{EN: "disconnected", ZH: "已断开"}
		case !errors.Is(err, io.EOF):
			why = lang.Text{EN: "the stream broke: " + err.Error(), ZH: "流中断：" + err.Error()}
		}
		s.log.add(Event{Kind: State, Name: "close", Args: values(text(err.Error())), Text: why,
			final: s.config.NoReconnect})
		return stream.retry
	}
}

// do runs a command of SSE.
func (s *events) do(ctx context.Context, c command.Command) error {
	if c.Verb != "last" {
		return failf(Wrong, "%s is not a command of SSE",
			"%s 不是 SSE 的命令", c.Verb)
	}
	if c.Text != "" {
		s.disconnect()
		s.mu.Lock()
		s.lastID = c.Text
		s.mu.Unlock()
		return s.connect(ctx)
	}
	id := s.last()
	t := lang.Text{EN: "no event id so far", ZH: "目前没有事件 ID"}
	if id != "" {
		t = lang.Text{EN: "last event id: " + id, ZH: "最后的事件 ID：" + id}
	}
	s.log.add(Event{Kind: State, Name: "last", Args: values(text(id)), Text: t})
	return nil
}

func (s *events) connectedNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

func (s *events) status() lang.Text {
	if !s.connectedNow() {
		return lang.Text{EN: "not connected", ZH: "未连接"}
	}
	return lang.Text{EN: "sse, " + s.url.Redacted(), ZH: "sse，" + s.url.Redacted()}
}

func (s *events) flush(context.Context) {}

// disconnect ends the stream and waits for its end.
func (s *events) disconnect() {
	s.mu.Lock()
	stop := s.stop
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
	s.running.Wait()
}

func (s *events) close() {
	s.disconnect()
	s.http.CloseIdleConnections()
}
