package xray

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"realtimelab/internal/tap"
	"realtimelab/lessons/socketio/eiopacket"
)

const eioSpec = "Engine.IO v4, Packet encoding"

// readPayload reads the packets of a polling body.
func readPayload(s *stream, carrier *Row, body []byte, session *session) {
	if len(body) == 0 {
		return
	}
	switch session.version {
	case "3":
		readPayload3(s, carrier, body, session)
		return
	case "4":
	default:
		s.emit(otherVersion(s, carrier, body, session))
		return
	}
	at := 0
	for _, text := range bytes.Split(body, []byte{eiopacket.Separator}) {
		readPacket(s, within(carrier, at, len(text), len(body)), bytes.Clone(text), false, session)
		at += len(text) + 1
	}
}

// within returns a copy of carrier that covers only n bytes of its body, from at, so that the row
// of a packet points to its own bytes in the stream. It returns carrier itself if its body was
// inflated or came in several pieces, because the packet then has no range of bytes on the wire.
func within(carrier *Row, at, n, body int) *Row {
	if carrier.Layer != Body || carrier.Size != body {
		return carrier
	}
	piece := *carrier
	piece.Offset, piece.Size = carrier.Offset+int64(at), n
	return &piece
}

func otherVersion(s *stream, carrier *Row, data []byte, session *session) *Row {
	r := s.derive(Bytes, carrier, bytes.Clone(data))
	r.Summary = same(preview(data))
	r.explain(say("version %s of Engine.IO is not supported, only 3 and 4",
		"这里不解读 Engine.IO 的版本 %s，只解读 3 和 4", printable(session.version, 20)))
	return r
}

// payloadFields returns the fields of a polling body: packets and the separators between them.
func payloadFields(r *Row) []Field {
	var l fieldList
	for i, text := range bytes.Split(r.Data, []byte{eiopacket.Separator}) {
		if i > 0 {
			l.add(1, "separator", "0x1e", say("stands between two packets", "隔开两个数据包"),
				"Engine.IO v4, HTTP long-polling")
		}
		l.add(len(text), fmt.Sprintf("packet %d", i+1), printable(text, 4*shown),
			say("one Engine.IO packet", "一个 Engine.IO 数据包"), eioSpec)
	}
	return l.all
}

// readPacket reads one packet from a WebSocket message or a polling body.
func readPacket(s *stream, carrier *Row, data []byte, binary bool, session *session) {
	parseText, parseBinary, inBinary, inBase64 := eiopacket.ParseText, parseBinary4,
		binaryPacketFields, base64Fields
	switch session.version {
	case "3":
		parseText, parseBinary, inBinary, inBase64 = eiopacket.ParseTextV3, eiopacket.ParseBinaryV3,
			binary3Fields, base643Fields
	case "4":
	default:
		s.emit(otherVersion(s, carrier, data, session))
		return
	}
	row := s.derive(EIO, carrier, data)
	row.Summary, row.fields = Text{}, textPacketFields
	parse := parseText
	if binary {
		parse = parseBinary
	}
	p, err := parse(data)
	switch {
	case err != nil:
		s.emit(badPacket(row, err))
		return
	case binary:
		row.fields = inBinary
	case p.Binary:
		row.fields = inBase64
		row.Views = []View{{say("the bytes that the base64 stands for", "base64 所表示的字节"),
			p.Data}}
	}
	row.Summary, row.Kind = packetSummary(p, s.dir), packetKind(p)
	if p.Type == eiopacket.Message {
		session.ask(s.dir, p)
	}
	row.Message = p.Type != eiopacket.Message || !session.socketIO
	s.emit(row)
	if s.ws != nil && p.Type != eiopacket.Ping && p.Type != eiopacket.Pong { // those may be probes
		session.carrier = s.conn
	}
	switch p.Type {
	case eiopacket.Open:
		s.conn.d.sessions.name(session, openSid(p.Data))
	case eiopacket.Close:
		s.conn.d.sessions.forget(session)
		s.conn.unacknowledged(session)
	case eiopacket.Message:
		readSocketIO(s, row, p, session)
	}
}

func parseBinary4(data []byte) (eiopacket.Packet, error) { return eiopacket.ParseBinary(data), nil }

func openSid(data []byte) string {
	var open struct{ Sid string }
	if json.Unmarshal(data, &open) != nil {
		return ""
	}
	return open.Sid
}

// badPacket turns a row into one of bytes, split at the offset of the error.
func badPacket(row *Row, err error) *Row {
	row.Layer = Bytes
	row.Summary = same(preview(row.Data))
	offset := 0
	var syntax *eiopacket.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
		row.explain(say("not an Engine.IO packet: %s at byte %d",
			"不是 Engine.IO 数据包：%s，在第 %d 字节", syntax.Reason, syntax.Offset))
	}
	row.fields = splitFields(offset)
	return row
}

// splitFields returns two fields: the bytes before offset, which could be read, and the rest.
func splitFields(offset int) func(*Row) []Field {
	return func(r *Row) []Field {
		var l fieldList
		n := min(offset, len(r.Data))
		l.add(n, "read", printable(r.Data[:n], shown),
			say("this could be read", "到这里为止可以解读"), "")
		l.add(len(r.Data)-n, "not read", printable(r.Data[n:], shown),
			say("this could not be read", "从这里开始无法解读"), "")
		return l.all
	}
}

func packetSummary(p eiopacket.Packet, dir tap.Direction) Text {
	probe := string(p.Data) == "probe"
	switch {
	case p.Type == eiopacket.Open:
		return say("open: the handshake %s", "open：握手 %s", printable(p.Data, shown))
	case p.Type == eiopacket.Ping && probe:
		return say("ping probe: upgrade, step 1 of 3: does the WebSocket work?",
			"ping probe：升级第 1 步（共 3 步）：WebSocket 能用吗？")
	case p.Type == eiopacket.Pong && probe:
		return say("pong probe: upgrade, step 2 of 3: it works",
			"pong probe：升级第 2 步（共 3 步）：能用")
	case p.Type == eiopacket.Upgrade:
		return say("upgrade: step 3 of 3: from now on everything goes over the WebSocket",
			"upgrade：升级第 3 步（共 3 步）：从现在起都走 WebSocket")
	case p.Type == eiopacket.Ping && dir == tap.In:
		return say("ping: is the server still there?", "ping：服务器还在吗？")
	case p.Type == eiopacket.Ping:
		return say("ping: is the client still there?", "ping：客户端还在吗？")
	case p.Type == eiopacket.Pong:
		return say("pong: still here", "pong：还在")
	case p.Type == eiopacket.Noop:
		return say("noop: ends a waiting poll, before an upgrade or the end of the session",
			"noop：结束等待中的轮询，用于升级或会话结束之前")
	case p.Type == eiopacket.Close:
		return say("close: this side ends the session", "close：本方结束会话")
	case p.Binary:
		return say("binary message, %s", "二进制消息，%d 字节", inBytes(len(p.Data)))
	}
	return say("message · %s", "消息 · %s", preview(p.Data))
}

func packetKind(p eiopacket.Packet) Kind {
	probe := string(p.Data) == "probe"
	switch p.Type {
	case eiopacket.Ping, eiopacket.Pong:
		if probe {
			return Upgrade
		}
		return Heartbeat
	case eiopacket.Upgrade, eiopacket.Noop:
		return Upgrade
	case eiopacket.Close:
		return Close
	}
	return ""
}

func binaryPacketFields(r *Row) []Field {
	return whole(len(r.Data), "data", "",
		say("a binary WebSocket message is a message packet: no type digit, all of it is data",
			"二进制 WebSocket 消息就是 message 数据包：没有类型数字，全部都是数据"), eioSpec)
}

func base64Fields(r *Row) []Field {
	var l fieldList
	l.add(1, "b", "binary", say("binary data, which polling carries as base64",
		"二进制数据，轮询时用 base64 传送"), eioSpec)
	l.add(len(r.Data)-1, "base64", printable(r.Data[1:], shown),
		say("the bytes in base64", "这些字节的 base64"), "RFC 4648 §4")
	return l.all
}

func textPacketFields(r *Row) []Field {
	var l fieldList
	t := eiopacket.Type(r.Data[0])
	l.add(1, "type", t.String(), typeMeanings[t], eioSpec)
	switch {
	case t == eiopacket.Open:
		addJSON(&l, r.Data[1:], openPart)
	case len(r.Data) > 1:
		l.add(len(r.Data)-1, "data", printable(r.Data[1:], 4*shown),
			say("the packet's content", "数据包的内容"), eioSpec)
	}
	return l.all
}

var typeMeanings = map[eiopacket.Type]Text{
	eiopacket.Open:  say("the handshake, from the server", "握手，由服务器发出"),
	eiopacket.Close: say("ends the session", "结束会话"),
	eiopacket.Ping: say(
		"heartbeat, from the server in version 4 and from the client in version 3; with probe, "+
			"the client tries a WebSocket",
		"心跳：版本 4 由服务器发出，版本 3 由客户端发出；带 probe 时是客户端在试探 WebSocket"),
	eiopacket.Pong:    say("the answer to a ping", "对 ping 的回答"),
	eiopacket.Message: say("content for the layer above", "交给上一层的内容"),
	eiopacket.Upgrade: say("leaves polling for the WebSocket", "从轮询切换到 WebSocket"),
	eiopacket.Noop:    say("nothing; it only ends a poll", "没有内容，只用来结束一次轮询"),
}

var openMeanings = map[string]Text{
	"sid": say("the session's id; every later request carries it",
		"会话 id；之后的每个请求都带上它"),
	"upgrades": say("the transports that the client may upgrade to",
		"客户端可以升级到哪些传输方式"),
	"pingInterval": say("milliseconds between two pings of the server",
		"服务器两次 ping 之间的毫秒数"),
	"pingTimeout": say("milliseconds that the server waits for the pong",
		"服务器等待 pong 的毫秒数"),
	"maxPayload": say("the maximum size of a polling body, in bytes", "一次轮询正文的最大字节数"),
}

// openPart describes a member of the handshake.
func openPart(_ int, p jsonPart) (string, Text, string) {
	return printable(p.name, 40), lookUp(openMeanings, p.name,
		say("a member of the handshake", "握手的一个成员")), "Engine.IO v4, Handshake"
}
