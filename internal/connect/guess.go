package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
)

// graceTime is how long a protocol that the server speaks waits for the answers about those before
// it in the order. A server may leave requests for other paths without an answer.
const graceTime = 700 * time.Millisecond

// headStart is how long the first protocol of the order is asked for alone. A server that speaks it
// gets no other question.
const headStart = 300 * time.Millisecond

// A finding is the answer that one protocol got.
type finding struct {
	place    int // in the order
	answered bool
	speaks   bool
	what     lang.Text
	err      error // why there was no answer
}

// guess finds out what the server speaks: whether there is an event stream or a WebSocket at the
// URL, or Socket.IO at its path. It asks for the first in the order, and for the others if that is
// not the answer or takes longer than the head start. Of several, the first in the order is taken.
func (s *Session) guess(ctx context.Context) (command.Protocol, lang.Text, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.config.Timeout, errSlow)
	defer cancel()
	order := s.order()
	findings, answers := make([]finding, len(order)), make(chan finding)
	asked, running := 0, 0
	askUpTo := func(n int) {
		for ; asked < n; asked++ {
			place := asked
			running++
			go func() {
				f := s.try(ctx, order[place])
				f.place, f.answered = place, f.err == nil
				answers <- f
			}()
		}
	}
	askUpTo(1)
	alone := time.NewTimer(cmp.Or(s.config.headStart, headStart))
	defer alone.Stop()
	var grace <-chan time.Time
	for running > 0 {
		select {
		case f := <-answers:
			running--
			findings[f.place] = f
			if f.speaks {
				grace = time.After(graceTime)
			}
			if settled(findings) {
				cancel() // the others are no longer needed
				break
			}
			askUpTo(len(order))
		case <-alone.C:
			askUpTo(len(order))
		case <-grace:
			cancel()
		}
	}
	connections := s.wire.tap.Counters().Total
	for i, f := range findings {
		if f.speaks {
			return order[i], lang.Textf(
				"speaks %[1]s: %s (connections used to find out: %d; --as %[1]s skips this)",
				"使用 %[1]s：%s（为此用了 %d 个连接；加 --as %[1]s 可跳过）",
				order[i], f.what, connections), nil
		}
	}
	return "", lang.Text{}, s.speaksNone(findings)
}

// settled reports whether the answers that are still to come can change nothing.
func settled(findings []finding) bool {
	for _, f := range findings {
		if f.speaks || !f.answered {
			return f.speaks
		}
	}
	return false
}

// order is the order in which protocols are preferred. A URL without a path of its own is one of
// Socket.IO.
func (s *Session) order() []command.Protocol {
	switch {
	case strings.HasPrefix(s.url.Path, s.config.Path), s.url.Path == "" || s.url.Path == "/":
		return []command.Protocol{command.SocketIO, command.SSE, command.WebSocket}
	case s.url.Scheme == "ws" || s.url.Scheme == "wss":
		return []command.Protocol{command.WebSocket, command.SocketIO}
	}
	return []command.Protocol{command.SSE, command.WebSocket, command.SocketIO}
}

// speaksNone is the failure of a guess.
func (s *Session) speaksNone(findings []finding) error {
	var en, zh []string
	var err error
	for _, f := range findings {
		if f.err != nil {
			err = f.err
			f.what = lang.Text{EN: words(f.err, lang.English), ZH: words(f.err, lang.Chinese)}
		}
		en, zh = append(en, f.what.EN), append(zh, f.what.ZH)
	}
	if !slices.ContainsFunc(findings, func(f finding) bool { return f.answered }) {
		return s.unreachable(&Failure{Code: Unreachable, Err: err})
	}
	f := failf(Unreachable, "%s speaks none of socketio, websocket and sse: %s",
		"%s 不使用 socketio、websocket 和 sse 中的任何一种：%s", s.url.Redacted(),
		lang.Text{EN: strings.Join(en, "; "), ZH: strings.Join(zh, "；")})
	f.Hint = lang.Text{
		EN: "check the path of the URL and, for Socket.IO, --path; --as skips the guessing",
		ZH: "请检查 URL 的路径；若是 Socket.IO，还要检查 --path；--as 可跳过猜测"}
	return f
}

// both returns a finding in both languages.
func both(speaks bool, en, zh string, args ...any) finding {
	return finding{speaks: speaks, what: lang.Textf(en, zh, args...)}
}

// try finds out whether the server speaks a protocol.
func (s *Session) try(ctx context.Context, protocol command.Protocol) finding {
	switch protocol {
	case command.SocketIO:
		a, err := s.askEngine(ctx)
		if err != nil {
			return finding{err: because(ctx, err)}
		}
		return both(a.isEngine(), "GET %s answered %s", "GET %s 的响应是%s", s.config.Path,
			a.summary())
	case command.SSE:
		return s.tryStream(ctx)
	}
	u := withScheme(s.url, "ws")
	conn, _, err := dialWebSocket(ctx, u.String(), s.config, s.wire)
	var refused *handshakeFailed
	switch {
	case err == nil || errors.Is(err, errTakeover):
		if conn != nil {
			conn.Close()
		}
		return both(true, "a WebSocket opens at %s", "%s 可以打开 WebSocket", orSlash(u.Path))
	case errors.As(err, &refused):
		return both(false, "a WebSocket at %s was answered with %d",
			"在 %s 打开 WebSocket 的响应是 %d", orSlash(u.Path), refused.status)
	}
	return finding{err: because(ctx, err)}
}

func (s *Session) tryStream(ctx context.Context) finding {
	client := s.wire.http()
	defer client.CloseIdleConnections()
	u := withScheme(s.url, "http")
	res, err := openStream(ctx, client, u.String(), s.config.LastID, s.config)
	var other *notStream
	switch {
	case err == nil:
		res.Body.Close()
		return both(true, "GET %s is text/event-stream", "GET %s 是 text/event-stream",
			orSlash(u.Path))
	case errors.As(err, &other):
		return both(false, "GET %s answered %s", "GET %s 的响应是 %s", orSlash(u.Path),
			strings.TrimSpace(fmt.Sprint(other.status, " ", other.contentType)))
	}
	return finding{err: because(ctx, err)}
}

// because returns the cause of ctx if ctx has ended, else err.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
