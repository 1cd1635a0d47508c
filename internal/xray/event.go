package xray

import (
	"encoding/json"
	"fmt"
	"strings"

	"realtimelab/internal/tap"
	"realtimelab/lessons/socketio/siopacket"
)

// happened makes the row that explains a complete packet in words. Its data is the packet's JSON
// followed by its attachments, whose rows are parts.
func (s *stream) happened(carrier *Row, p siopacket.Packet, parts []uint64, session *session) {
	data := append([]byte(nil), p.Data...)
	for _, a := range p.Attachments {
		data = append(data, a...)
	}
	row := s.derive(Event, carrier, data)
	row.Message, row.Parts = true, parts
	row.fields = func(r *Row) []Field { return eventFields(r.Data, p) }
	who := party(s.dir)
	switch p.Type {
	case siopacket.Event, siopacket.BinaryEvent:
		row.Summary, row.Name = emitted(who, p), plainName(p)
	case siopacket.Ack, siopacket.BinaryAck:
		row.Summary = s.acked(who, p, session)
	default:
		row.Summary, row.Kind = membership(s.dir, p), membershipKind(p)
	}
	s.emit(row)
	if p.HasID && (p.Type == siopacket.Event || p.Type == siopacket.BinaryEvent) {
		session.await(ackKey{s.dir, namespace(p), p.ID}, request{eventName(p), row.ID, s.conn.now})
	}
}

// plainName returns the name of an event as a program knows it, and "" if the name is not a string.
func plainName(p siopacket.Packet) (name string) {
	if args := p.Args(); len(args) > 0 && json.Unmarshal(args[0], &name) == nil {
		return strings.ToValidUTF8(name[:min(len(name), maxName)], "")
	}
	return ""
}

// maxName bounds the name of an event that a row keeps, in bytes.
const maxName = 256

// party names the sender in a direction.
func party(dir tap.Direction) Text {
	if dir == tap.In {
		return say("the client", "客户端")
	}
	return say("the server", "服务器")
}

// inNamespace returns a phrase that names the namespace, and nothing for the main one.
func inNamespace(p siopacket.Packet) Text {
	if ns := namespace(p); ns != siopacket.MainNamespace {
		return say(" in %s", "（在 %s）", ns)
	}
	return Text{}
}

func emitted(who Text, p siopacket.Packet) Text {
	with, zhWith := arguments(p, 1)
	t := Text{
		EN: fmt.Sprintf("%s emits %s%s%s", who.EN, eventName(p), inNamespace(p).EN, with),
		ZH: fmt.Sprintf("%s发出事件 %s%s%s", who.ZH, eventName(p), inNamespace(p).ZH, zhWith),
	}
	if p.HasID {
		t.EN += fmt.Sprintf(", and wants ack %d", p.ID)
		t.ZH += fmt.Sprintf("，并要求回执 %d", p.ID)
	}
	return t
}

// arguments lists a packet's arguments, starting with index first.
func arguments(p siopacket.Packet, first int) (en, zh string) {
	args := p.Args()
	if len(args) <= first {
		return "", ""
	}
	var values []string
	for _, a := range args[first:] {
		values = append(values, printable(string(a), 80))
	}
	list := strings.Join(values, ", ")
	if n := len(p.Attachments); n > 0 {
		size := 0
		for _, a := range p.Attachments {
			size += len(a)
		}
		return fmt.Sprintf(" with %s and %s of binary", list, inBytes(size)),
			fmt.Sprintf("，参数 %s，二进制 %d 字节", list, size)
	}
	return " with " + list, "，参数 " + list
}

func (s *stream) acked(who Text, p siopacket.Packet, session *session) Text {
	with, zhWith := arguments(p, 0)
	r, ok := session.acked(ackKey{s.dir ^ 1, namespace(p), p.ID})
	if !ok {
		return Text{
			EN: fmt.Sprintf("%s sends ack %d%s%s; its event was not seen", who.EN, p.ID,
				inNamespace(p).EN, with),
			ZH: fmt.Sprintf("%s发出回执 %d%s%s；没有见到它对应的事件", who.ZH, p.ID,
				inNamespace(p).ZH,
				zhWith),
		}
	}
	took := since(r.time, s.conn.now)
	return Text{
		EN: fmt.Sprintf("%s acks %s (%d)%s%s, %s after it (row %d)", who.EN, r.name, p.ID,
			inNamespace(p).EN, with, took, r.row),
		ZH: fmt.Sprintf("%s回执 %s（%d）%s%s，用时 %s（第 %d 行）", who.ZH, r.name, p.ID,
			inNamespace(p).ZH, zhWith, took, r.row),
	}
}

// membership explains CONNECT, DISCONNECT and CONNECT_ERROR.
func membership(dir tap.Direction, p siopacket.Packet) Text {
	ns, data := namespace(p), printable(p.Data, shown)
	switch {
	case p.Type == siopacket.ConnectError:
		return say("the server refuses namespace %s: %s", "服务器拒绝命名空间 %s：%s", ns, data)
	case p.Type == siopacket.Disconnect && dir == tap.In:
		return say("the client leaves namespace %s", "客户端离开命名空间 %s", ns)
	case p.Type == siopacket.Disconnect:
		return say("the server disconnects the client from namespace %s",
			"服务器让客户端离开命名空间 %s", ns)
	case dir == tap.In && data != "":
		return say("the client joins namespace %s with %s", "客户端加入命名空间 %s，附带 %s",
			ns, data)
	case dir == tap.In:
		return say("the client joins namespace %s", "客户端加入命名空间 %s", ns)
	case data == "":
		return say("the server welcomes the client to namespace %s",
			"服务器确认客户端加入命名空间 %s", ns)
	}
	return say("the server welcomes the client to namespace %s: %s",
		"服务器确认客户端加入命名空间 %s：%s", ns, data)
}

// membershipKind returns the kind of a CONNECT, DISCONNECT or CONNECT_ERROR.
func membershipKind(p siopacket.Packet) Kind {
	switch p.Type {
	case siopacket.ConnectError:
		return Failure
	case siopacket.Disconnect:
		return Close
	}
	return ""
}

// endSession ends the session whose WebSocket c was. It does nothing for an archive, whose end is
// not the end of a connection.
func (c *connDecoder) endSession() {
	ws := c.streams[tap.In].ws
	if !c.d.rebuilt && ws != nil && ws.session != nil && ws.session.carrier == c {
		c.unacknowledged(ws.session)
	}
}

// unacknowledged emits a row that lists the events of a session that has ended whose
// acknowledgement can no longer come.
func (c *connDecoder) unacknowledged(s *session) {
	for dir, events := range s.giveUpAcks() {
		if len(events) == 0 {
			continue
		}
		by := tap.Direction(dir)
		who, list := party(by), namesOf(events)
		c.row(&Row{
			Layer: Event, Kind: Failure, Message: true, Dir: by, Offset: c.streams[by].end,
			Parent: events[0].row,
			Summary: Text{
				EN: fmt.Sprintf("the session ends without an ack for events of %s: %s",
					who.EN, list.EN),
				ZH: fmt.Sprintf("会话结束时，%s发出的事件仍没有回执：%s", who.ZH, list.ZH),
			},
		})
	}
}

// namesOf lists the first events with their rows.
func namesOf(events []request) Text {
	const most = 5
	var en, zh []string
	for _, e := range events[:min(len(events), most)] {
		en, zh = append(en, fmt.Sprintf("%s (row %d)", e.name, e.row)),
			append(zh, fmt.Sprintf("%s（第 %d 行）", e.name, e.row))
	}
	if more := len(events) - most; more > 0 {
		en, zh = append(en, fmt.Sprintf("and %d more", more)),
			append(zh, fmt.Sprintf("另有 %d 个", more))
	}
	return Text{EN: strings.Join(en, ", "), ZH: strings.Join(zh, "、")}
}

// eventFields returns the fields of the arguments, then of the attachments.
func eventFields(data []byte, p siopacket.Packet) []Field {
	var l fieldList
	addJSON(&l, p.Data, argument(p.Type))
	for i, a := range p.Attachments {
		l.add(len(a), fmt.Sprintf("attachment %d", i), preview(a),
			say("the bytes for placeholder %d", "占位符 %d 的字节", i), sioSpec)
	}
	l.add(len(data)-l.at, "rest", "", say("more bytes", "其余字节"), "")
	return l.all
}
