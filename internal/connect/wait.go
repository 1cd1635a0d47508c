package connect

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
)

var errNotInTime = errors.New("nothing came in time")

// find waits for the first event from number n on that fits, and returns the number after it. If
// nothing fits in time, the error is errNotInTime.
func (l *Log) find(ctx context.Context, n uint64, timeout time.Duration,
	fits func(Event) (bool, error)) (next uint64, err error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		events, at, changed := l.from(n)
		for i, e := range events {
			found, err := fits(e)
			if found || err != nil {
				return at + uint64(i) + 1, err
			}
		}
		n = at + uint64(len(events))
		if len(events) > 0 {
			continue
		}
		if changed == nil {
			return n, failf(Disconnected, "the connection was closed",
				"连接已关闭")
		}
		select {
		case <-changed:
		case <-timer.C:
			return n, errNotInTime
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
}

// Skip makes the next wait look only at what comes from now on. A script does not skip: its waits
// take events in the order in which they came, also events from before the wait.
func (s *Session) Skip() { s.cursor = s.log.end() }

// from returns the namespace whose events a command waits for: the one that it names, or the
// current one.
func (s *Session) from(c command.Command) (string, error) {
	if c.From == "" {
		return s.client.place(), nil
	}
	if !slices.Contains(s.client.namespaces(), c.From) {
		return "", failf(Wrong, "%s was not joined, so no event can come from it; join it first: "+
			"join %[1]s", "还没有加入 %s，不会收到它的事件；请先加入：join %[1]s", c.From)
	}
	return c.From, nil
}

// canWait reports whether an event of a namespace is one that a wait can be for: not what the
// client sent, nor an acknowledgement, nor of another namespace.
func (e Event) canWait(namespace string) bool {
	return e.Kind != Sent && !e.Ack && (e.Namespace == "" || e.Namespace == namespace)
}

// wait runs wait and expect.
func (s *Session) wait(ctx context.Context, c command.Command) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = s.config.Timeout
	}
	namespace, err := s.from(c)
	if err != nil {
		return err
	}
	var others []string
	next, err := s.log.find(ctx, s.cursor, timeout, func(e Event) (bool, error) {
		switch {
		case !e.canWait(namespace):
			return false, nil
		case e.Name == c.Name && command.MatchAll(c.Want, e.Args):
			return true, nil
		case e.Name == c.Name && c.Verb == "expect":
			return false, failf(Unexpected, "%q came with %s; want %s",
				"收到的 %q 带有 %s；应为 %s", c.Name, shown(e.Args),
				wanted(c.Want))
		case e.final:
			return false, failf(Disconnected, "%q did not come: %s",
				"没有收到 %q：%s", c.Name, e.Text)
		}
		if e.Kind == Received && !slices.Contains(others, e.Name) && len(others) < maxNames {
			others = append(others, e.Name)
		}
		return false, nil
	})
	if err == nil {
		s.cursor = next
		return nil
	}
	if !errors.Is(err, errNotInTime) {
		return err
	}
	what := lang.Same(strconv.Quote(c.Name))
	if len(c.Want) > 0 {
		what = lang.Textf("%s with %s", "带 %[2]s 的 %[1]s", what, wanted(c.Want))
	}
	if c.From != "" {
		what = lang.Textf("%s from %s", "来自 %[2]s 的 %[1]s", what, c.From)
	}
	f := failf(TimedOut, "%s did not come within %v%s",
		"没有收到 %s（等待了 %v）%s", what, timeout, instead(others))
	if s.Protocol() == command.SocketIO {
		f.Hint = lang.Text{
			EN: "compare the names of the events on both sides: a server " +
				"ignores an event without a handler",
			ZH: "请对照两边的事件名：没有监听函数的事件会被服务器忽略"}
	}
	return f
}

// instead says which other events came.
func instead(names []string) lang.Text {
	if len(names) == 0 {
		return lang.Text{EN: ", nor any other event", ZH: "，也没有其他事件"}
	}
	for i, name := range names {
		names[i] = command.QuoteName(name)
	}
	return lang.Text{EN: "; other events came: " + strings.Join(names, ", "),
		ZH: "；收到了其他事件：" + strings.Join(names, "、")}
}

// never runs never: nothing that fits may come for a time.
func (s *Session) never(ctx context.Context, c command.Command) error {
	namespace, err := s.from(c)
	if err != nil {
		return err
	}
	next, err := s.log.find(ctx, s.cursor, c.Timeout, func(e Event) (bool, error) {
		if e.canWait(namespace) && e.Name == c.Name && command.MatchAll(c.Want, e.Args) {
			return false, failf(Unexpected, "%q came with %s; it must not",
				"收到了带 %[2]s 的 %[1]q；不应收到", c.Name, shown(e.Args))
		}
		return false, nil
	})
	if errors.Is(err, errNotInTime) {
		s.cursor = next
		return nil
	}
	return err
}

// Count waits until n events of the server have come, acknowledgements not counted. 0 waits until
// the connection ends for good. A timeout of 0 waits without a limit.
func (s *Session) Count(ctx context.Context, n int, timeout time.Duration) error {
	if timeout == 0 {
		timeout = maxWait
	}
	count := 0
	next, err := s.log.find(ctx, s.cursor, timeout, func(e Event) (bool, error) {
		if e.Kind == Received && !e.Ack && e.Name != "ping" && e.Name != "pong" {
			count++
		}
		if e.final && (n == 0 || count < n) {
			return false, failf(Disconnected, "the connection ended after %s: %s",
				"收到 %s后连接结束：%s",
				lang.Textf("%s", "%d 个事件", lang.Counted(count, "event")), e.Text)
		}
		return n > 0 && count >= n, nil
	})
	switch {
	case errors.Is(err, errNotInTime):
		return failf(TimedOut, "%d of %s came within %v",
			"%d/%d 个事件在 %v 内到来", count, lang.Counted(n, "event"),
			timeout)
	case err == nil:
		s.cursor = next
	}
	return err
}

// maxWait stands for no limit.
const maxWait = 100 * 365 * 24 * time.Hour
