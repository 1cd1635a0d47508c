package xray

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
)

// redisConn is the state of a connection to Redis.
type redisConn struct {
	asked []redisCommand // without a reply, in order
}

// redisCommand is a command that waits for its reply.
type redisCommand struct {
	name string
	time time.Time
}

// opensRedis reports whether the connection begins with a command of Redis: an array, whose header
// differs from every HTTP method.
func opensRedis(s *stream) bool {
	return s.at == 0 && s.conn.d.counter == nil && len(s.buf) >= 2 && s.buf[0] == '*' &&
		s.buf[1] >= '1' && s.buf[1] <= '9'
}

// readRedis begins to read both directions of a connection as RESP.
func readRedis(s *stream) bool {
	s.conn.redis = &redisConn{}
	s.next, s.conn.streams[tap.Out].next = readCommand, readReply
	return true
}

// nextValue reads a value at the start of the buffer. ok is false if the value is incomplete or
// invalid; the step must then return more.
func (s *stream) nextValue() (v respValue, ok, more bool) {
	r := respReader{buf: s.buf}
	v, err := r.value(0, 0)
	var bad *respError
	switch {
	case err == nil:
		return v, true, true
	case errors.As(err, &bad):
		return v, false, s.fail(Text{
			EN: fmt.Sprintf("not RESP: %s (byte %d of the value)", bad.reason.EN, bad.offset),
			ZH: fmt.Sprintf("不是合法的 RESP：%s（该值的第 %d 字节）", bad.reason.ZH, bad.offset),
		})
	case len(s.buf) > 2*maxWhole:
		return v, false, s.fail(say("a value of more than %d bytes", "一个值超过 %d 字节",
			2*maxWhole))
	}
	return v, false, false
}

// readCommand reads a command of the client.
func readCommand(s *stream) bool {
	v, ok, more := s.nextValue()
	if !ok {
		return more
	}
	name := strings.ToUpper(printable(v.string(0), 40))
	if !pushes(name) {
		if s.conn.redis.asked = append(s.conn.redis.asked,
			redisCommand{name, s.conn.now}); len(s.conn.redis.asked) > maxExchanges {
			return s.fail(say("more than %d commands are waiting for a reply",
				"等待回复的命令超过 %d 条", maxExchanges))
		}
	}
	var messages []adapterMessage
	if !s.quiet() {
		messages = commandMessages(name, v)
	}
	row := s.unit(RESP, v.end)
	if row == nil {
		return true
	}
	row.Summary = same(commandSummary(name, v))
	row.fields = func(r *Row) []Field { return respFields(r.Data, commandNames(name)) }
	if name == "PING" {
		row.Kind = Heartbeat
	}
	s.emitRedis(row, messages)
	return true
}

// readReply reads a reply or a push of Redis.
func readReply(s *stream) bool {
	v, ok, more := s.nextValue()
	if !ok {
		return more
	}
	what := strings.ToLower(v.string(0))
	push := v.kind == '>' || v.kind == '*' && len(v.items) >= 3 && slices.Contains(pushNames, what)
	var asked *redisCommand
	if c := s.conn.redis; !push && len(c.asked) > 0 {
		asked = &c.asked[0]
		c.asked = c.asked[1:]
	}
	var messages []adapterMessage
	if !s.quiet() {
		messages = replyMessages(asked, push, what, v)
	}
	row := s.unit(RESP, v.end)
	if row == nil {
		return true
	}
	row.Summary = replySummary(asked, push, what, v, s.conn.now)
	row.fields = func(r *Row) []Field { return respFields(r.Data, replyNames(push, what)) }
	switch {
	case v.kind == '-' || v.kind == '!':
		row.Kind = Failure
	case asked != nil && asked.name == "PING":
		row.Kind = Heartbeat
	}
	s.emitRedis(row, messages)
	return true
}

// emitRedis emits a row and what the Socket.IO servers say in it.
func (s *stream) emitRedis(row *Row, messages []adapterMessage) {
	row.Message = len(messages) == 0
	s.emit(row)
	for _, m := range messages {
		r := s.derive(Event, row, m.json)
		r.Message, r.Summary, r.fields = true, m.says, jsonFields
		s.emit(r)
	}
}

// pushes reports whether Redis answers the command with pushes instead of a reply.
func pushes(command string) bool {
	return slices.Contains([]string{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE",
		"PUNSUBSCRIBE", "SUNSUBSCRIBE"}, command)
}

// pushNames are the first elements of pushes, which are arrays in version 2.
var pushNames = []string{
	"message", "pmessage", "smessage",
	"subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe",
}

// commandSummary shows a command: its name, its arguments, and the size of what it carries.
func commandSummary(name string, v respValue) string {
	switch name {
	case "PUBLISH", "SPUBLISH":
		if len(v.items) == 3 {
			return fmt.Sprintf("%s %s · %d B", name, printable(v.string(1), 80),
				len(v.items[2].text))
		}
	case "XADD":
		return fmt.Sprintf("%s %s · %d B", name, printable(v.string(1), 80), v.end)
	case "AUTH", "HELLO": // may hold a password
		return name
	}
	words := []string{name}
	for i := range v.items[min(1, len(v.items)):] {
		words = append(words, v.items[i+1].brief(60))
	}
	return printable(strings.Join(words, " "), shown)
}

// commandNames names the arguments of a command, for its fields.
func commandNames(name string) []string {
	switch name {
	case "PUBLISH", "SPUBLISH":
		return []string{"command", "channel", "payload"}
	case "SUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "SUNSUBSCRIBE":
		return []string{"command", "channel"}
	case "PSUBSCRIBE", "PUNSUBSCRIBE":
		return []string{"command", "pattern"}
	case "XADD":
		return []string{"command", "stream", "argument"}
	}
	return []string{"command", "argument"}
}

func replySummary(asked *redisCommand, push bool, what string, v respValue, now time.Time) Text {
	last := len(v.items) - 1
	switch {
	case push && strings.HasSuffix(what, "message") && last >= 2:
		return say("%s on %s · %d B", "%s，频道 %s · %d B", what, printable(v.string(last-1), 80),
			len(v.items[last].text))
	case push:
		return say("push · %s", "推送 · %s", printable(v.brief(shown), shown))
	case asked == nil:
		return say("%s · no command waits for it", "%s · 没有命令在等它",
			printable(v.brief(shown), shown))
	case v.kind == '-' || v.kind == '!':
		return say("error · %s · answers %s after %s", "错误 · %s · 回复 %s，用时 %s",
			printable(v.text, shown), asked.name, since(asked.time, now))
	case asked.name == "HELLO":
		return say("answers HELLO after %s", "回复 HELLO，用时 %s", since(asked.time, now))
	case asked.name == "PUBLISH" || asked.name == "SPUBLISH":
		if n, err := strconv.ParseInt(string(v.text), 10, 64); err == nil {
			return say("%s received it · answers %s after %s",
				"%d 条连接收到了它 · 回复 %s，用时 %s", lang.Counted(n, "connection"), asked.name,
				since(asked.time, now))
		}
	}
	return say("%s · answers %s after %s", "%s · 回复 %s，用时 %s", printable(v.brief(80), 80),
		asked.name, since(asked.time, now))
}

func replyNames(push bool, what string) []string {
	switch {
	case push && what == "pmessage":
		return []string{"kind", "pattern", "channel", "payload"}
	case push && strings.HasSuffix(what, "message"):
		return []string{"kind", "channel", "payload"}
	case push:
		return []string{"kind", "channel", "subscriptions"}
	}
	return nil
}
