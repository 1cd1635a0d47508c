package connect

import (
	"context"
	"errors"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siopacket"
)

var errNoAck = errors.New("no acknowledgement came in time")

// do runs a command of Socket.IO.
func (s *socketIO) do(ctx context.Context, c command.Command) error {
	switch c.Verb {
	case "emit":
		return s.emit(c)
	case "ack":
		return s.ask(ctx, c)
	case "answer":
		return s.answer(c)
	case "reply":
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.replies == nil {
			s.replies = map[string][]siopacket.Raw{}
		}
		s.replies[c.Name] = c.Values
		return nil
	case "join":
		return s.join(ctx, c)
	case "leave":
		return s.leave(c)
	}
	return failf(Wrong, "%s is not a command of Socket.IO",
		"%s 不是 Socket.IO 的命令", c.Verb)
}

// anyOf returns values as arguments of an event.
func anyOf(all []siopacket.Raw) []any {
	args := make([]any, len(all))
	for i, v := range all {
		args[i] = v
	}
	return args
}

func (s *socketIO) emit(c command.Command) error {
	socket := s.socket()
	if err := socket.Emit(c.Name, anyOf(c.Values)...); err != nil {
		return emitFailure(c, err)
	}
	s.log.add(Event{Kind: Sent, Namespace: socket.Namespace(), Name: c.Name, Args: c.Values})
	if !socket.Connected() {
		s.log.add(Event{Kind: State, Namespace: socket.Namespace(), Name: "buffered",
			Text: lang.Text{
				EN: "not connected: the event is kept, and sent after the next connect",
				ZH: "未连接：事件已保留，下次连接后发送"}})
	}
	return nil
}

// emitFailure is the failure of an event that could not be sent.
func emitFailure(c command.Command, err error) *Failure {
	switch {
	case errors.Is(err, sioclient.ErrReservedEvent):
		return failf(Wrong, "%q is a name that Socket.IO keeps for itself: no program may emit it",
			"%q 是 Socket.IO 保留的名字，程序不能发送",
			c.Name)
	case errors.Is(err, sioclient.ErrDisconnected):
		return failf(Disconnected, "%s: the connection was lost before the answer came",
			"%s：应答到来之前连接丢失了", c.Name)
	}
	return &Failure{Code: Wrong, Err: err}
}

// ask emits an event and waits for its acknowledgement.
func (s *socketIO) ask(ctx context.Context, c command.Command) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = s.config.Timeout
	}
	limit, cancel := context.WithTimeoutCause(ctx, timeout, errNoAck)
	defer cancel()
	socket, begin := s.socket(), time.Now()
	s.log.add(Event{Kind: Sent, Namespace: socket.Namespace(), Name: c.Name, Args: c.Values})
	args, err := socket.EmitWithAck(limit, c.Name, anyOf(c.Values)...)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errNoAck):
		f := failf(TimedOut, "no acknowledgement of %q came within %v",
			"没有收到 %q 的回执（等待了 %v）", c.Name, timeout)
		f.Hint = noAckHint
		return f
	case err != nil:
		return emitFailure(c, err)
	}
	got := rawArgs(args)
	s.log.add(Event{Kind: Received, Namespace: socket.Namespace(), Name: c.Name, Args: got,
		Ack: true, Took: time.Since(begin)})
	if c.Asserts && !matches(c.Want, got) {
		return failf(Unexpected, "the acknowledgement of %q is %s; want %s",
			"%q 的回执是 %s；应为 %s", c.Name, shown(got),
			wanted(c.Want))
	}
	return nil
}

var noAckHint = lang.Text{
	EN: "check the name of the event and the namespace, and that the server's handler calls the " +
		"function in its last argument",
	ZH: "请检查事件名和命名空间，以及服务器的监听函数是否调用了最后一个参数里的函数"}

// answer acknowledges an event of the server.
func (s *socketIO) answer(c command.Command) error {
	s.mu.Lock()
	at := -1
	for i, a := range s.asked {
		if c.Number == 0 || a.number == c.Number {
			at = i
			break
		}
	}
	var a asked
	if at >= 0 {
		a = s.asked[at]
		s.asked = append(s.asked[:at:at], s.asked[at+1:]...)
	}
	s.mu.Unlock()
	switch {
	case at < 0 && c.Number > 0:
		return failf(Wrong, "no event #%d waits for an answer",
			"没有等待应答的事件 #%d", c.Number)
	case at < 0:
		return failf(Wrong, "no event waits for an answer",
			"没有等待应答的事件")
	}
	s.acknowledge(a, c.Values)
	return nil
}

// join connects to a namespace, and makes it the one of later commands.
func (s *socketIO) join(ctx context.Context, c command.Command) error {
	before := s.socket()
	socket := s.use(c.Name)
	if len(c.Values) > 0 {
		socket.Disconnect() // so that the server gets the new payload
		socket.SetAuth(func() any { return c.Values[0] })
	}
	if socket.Connected() && !c.Asserts {
		s.log.add(Event{Kind: State, Namespace: socket.Namespace(), Name: "join", Text: lang.Text{
			EN: "commands go to " + socket.Namespace(),
			ZH: "之后的命令发往 " + socket.Namespace()}})
		return nil
	}
	err := s.connectSocket(ctx, socket)
	if err != nil {
		s.use(before.Namespace())
	}
	if !c.Asserts {
		return err
	}
	var f *Failure
	switch {
	case err == nil:
		return failf(Unexpected, "the server has accepted %s; want a refusal %s",
			"服务器接受了 %s；应当拒绝 %s",
			socket.Namespace(), wanted(c.Want))
	case !errors.As(err, &f) || f.Code != Refused:
		return err
	}
	if got := refusalOf(f.Err); !command.MatchAll(c.Want, got) {
		return failf(Unexpected, "the refusal of %s is %s; want %s",
			"%s 的拒绝是 %s；应为 %s", socket.Namespace(), shown(got),
			wanted(c.Want))
	}
	return nil
}

// leave disconnects from a namespace. Later commands go to another one, if there is one.
func (s *socketIO) leave(c command.Command) error {
	socket := s.socket()
	if c.Name != "" {
		socket = s.manager.Socket(c.Name)
	}
	if !socket.Active() {
		return failf(Wrong, "not connected to %s",
			"没有连接到 %s", socket.Namespace())
	}
	socket.Disconnect()
	if socket != s.socket() {
		return nil
	}
	for _, namespace := range s.namespaces() {
		if other := s.manager.Socket(namespace); other.Connected() {
			s.use(namespace)
			s.log.add(Event{Kind: State, Namespace: namespace, Name: "join", Text: lang.Text{
				EN: "commands go to " + namespace, ZH: "之后的命令发往 " + namespace}})
			return nil
		}
	}
	return nil
}

// matches is command.MatchAll, and an empty want allows no argument.
func matches(want []command.Pattern, got []siopacket.Raw) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	return command.MatchAll(want, got)
}

// shown returns arguments for a message.
func shown(args []siopacket.Raw) lang.Text {
	if len(args) == 0 {
		return lang.Text{EN: "empty", ZH: "空的"}
	}
	return lang.Same(Event{Args: args}.Values())
}

// wanted returns patterns for a message.
func wanted(want []command.Pattern) lang.Text {
	if len(want) == 0 {
		return lang.Text{EN: "none", ZH: "空的"}
	}
	all := ""
	for i, p := range want {
		if i > 0 {
			all += "  "
		}
		all += p.String()
	}
	return lang.Same(all)
}
