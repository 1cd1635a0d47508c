package connect

import (
	"encoding/json"
	"errors"
	"fmt"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sioclient"
	"realtimelab/lessons/socketio/siopacket"
)

func (s *socketIO) received(namespace, name string, args sioclient.Args, ack sioclient.Ack) {
	e := Event{Kind: Received, Namespace: namespace, Name: name, Args: rawArgs(args)}
	if !ack.Wanted() {
		s.log.add(e)
		return
	}
	s.mu.Lock()
	reply, known := s.replies[name]
	if !known {
		s.askCount++
		e.Wants = s.askCount
		s.asked = append(s.asked, asked{e.Wants, namespace, name, ack})
		if len(s.asked) > maxAsked {
			s.asked = append([]asked(nil), s.asked[1:]...)
		}
	}
	s.mu.Unlock()
	s.log.add(e)
	if known {
		s.acknowledge(asked{0, namespace, name, ack}, reply)
	}
}

// acknowledge sends the acknowledgement of an event of the server.
func (s *socketIO) acknowledge(a asked, args []siopacket.Raw) {
	a.ack(anyOf(args)...)
	s.log.add(Event{Kind: Sent, Namespace: a.namespace, Name: a.name, Args: args, Ack: true})
}

// rawArgs returns the arguments one by one, each with the bytes that its own placeholders name.
func rawArgs(args sioclient.Args) []siopacket.Raw {
	all := make([]siopacket.Raw, args.Len())
	for i, value := range args.Values() {
		all[i] = siopacket.Raw{Text: value}
		if len(args.Attachments()) == 0 {
			continue
		}
		var v any
		if args.Decode(i, &v) != nil {
			continue
		}
		if data, attachments, err := siopacket.Marshal(v); err == nil && len(attachments) > 0 {
			all[i] = siopacket.Raw{Text: data, Attachments: attachments}
		}
	}
	return all
}

func (s *socketIO) connected(socket *sioclient.Socket) {
	id, transport := socket.ID(), s.manager.Transport()
	e := Event{Kind: State, Namespace: socket.Namespace(), Name: "connect",
		Args: values(text(id), text(transport)), Text: lang.Text{
			EN: fmt.Sprintf("connected to %s as %s over %s", socket.Namespace(), id, transport),
			ZH: fmt.Sprintf("已连接到 %s，ID 为 %s，经由 %s", socket.Namespace(), id, transport)}}
	if socket.Recovered() {
		e.Text.EN, e.Text.ZH = e.Text.EN+", and recovered what was missed",
			e.Text.ZH+"，并补回了错过的事件"
	}
	s.log.add(e)
}

func (s *socketIO) disconnected(socket *sioclient.Socket, reason sioclient.Reason, err error) {
	s.mu.Lock()
	kept := s.asked[:0]
	for _, a := range s.asked {
		if a.namespace != socket.Namespace() {
			kept = append(kept, a)
		}
	}
	s.asked = kept
	s.mu.Unlock()
	e := Event{Kind: State, Namespace: socket.Namespace(), Name: "disconnect",
		Args: values(text(string(reason))), Text: lang.Text{
			EN: fmt.Sprintf("disconnected from %s: %s", socket.Namespace(), reason),
			ZH: fmt.Sprintf("已从 %s 断开：%s", socket.Namespace(), reason)}}
	if reason == sioclient.ForcedClose {
		// the end of every session: the official word looks like an error
		e.Text = lang.Text{
			EN: fmt.Sprintf("disconnected from %s: this client closed the connection",
				socket.Namespace()),
			ZH: fmt.Sprintf("已从 %s 断开：本客户端关闭了连接", socket.Namespace())}
	}
	if err != nil {
		e.Text.EN, e.Text.ZH = e.Text.EN+" ("+err.Error()+")", e.Text.ZH+"（"+err.Error()+"）"
	}
	e.final = s.config.NoReconnect || reason == sioclient.ServerDisconnect
	if reason == sioclient.ServerDisconnect {
		e.Hint = lang.Text{
			EN: "the client does not reconnect by itself after this; `connect` does",
			ZH: "此后客户端不会自动重连；可用 `connect` 重连"}
	}
	s.log.add(e)
}

// refused logs why an attempt to connect failed.
func (s *socketIO) refused(namespace string, err error) {
	e := Event{Kind: Problem, Namespace: namespace, Name: "connect_error", Args: refusalOf(err)}
	e.Text = lang.Text{
		EN: fmt.Sprintf("cannot connect to %s: %s", namespace, words(err, lang.English)),
		ZH: fmt.Sprintf("无法连接到 %s：%s", namespace, words(err, lang.Chinese))}
	if len(e.Args) > 1 {
		e.Text.EN, e.Text.ZH = e.Text.EN+" "+e.Args[1].String(), e.Text.ZH+" "+e.Args[1].String()
	}
	s.log.add(e)
}

// refusalOf returns the message of a refusal and the server's data, if it has sent any.
func refusalOf(err error) []siopacket.Raw {
	var refusal *sioclient.ConnectError
	if !errors.As(err, &refusal) {
		return values(text(words(err, lang.English)))
	}
	args := values(text(refusal.Message))
	var data json.RawMessage
	if refusal.Data(&data) == nil {
		args = append(args, siopacket.Raw{Text: siopacket.Value(data)})
	}
	return args
}

// upgradeFailed reports that the session stays on polling.
func (s *socketIO) upgradeFailed(transport string, err error) {
	s.mu.Lock()
	s.upgrade = err
	s.mu.Unlock()
	e := Event{Kind: Problem, Name: "upgrade_error",
		Args: values(text(transport), text(words(err, lang.English))), Text: lang.Text{
			EN: fmt.Sprintf("stays on polling: the upgrade to %s failed: %s", transport,
				words(err, lang.English)),
			ZH: fmt.Sprintf("停留在 polling：升级到 %s 失败：%s", transport,
				words(err, lang.Chinese))}}
	var refused *sioclient.HandshakeError
	if errors.As(err, &refused) && transport == sioclient.WebSocket {
		e.Hint = upgradeHint(refused)
	}
	s.log.add(e)
}
