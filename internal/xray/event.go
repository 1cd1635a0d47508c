package xray

import (
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
		row.Summary = emitted(who, p)
	case siopacket.Ack, siopacket.BinaryAck:
		row.Summary = s.acked(who, p, session)
	default:
		row.Summary = membership(s.dir, p)
	}
	s.emit(row)
	if p.HasID && (p.Type == siopacket.Event || p.Type == siopacket.BinaryEvent) {
		session.await(ackKey{s.dir, namespace(p), p.ID}, request{eventName(p), row.ID, s.conn.now})
	}
}

// party names the sender in a direction.
func party(dir tap.Direction) Text {
	if dir == tap.In {
		return say("the client", "客户端")
	}
	return say("the server", "服务器")
}

// place names the namespace, unless it is the main one.
func place(p siopacket.Packet) Text {
	if ns := namespace(p); ns != siopacket.MainNamespace {
		return say(" in %s", "（在 %s）", ns)
	}
	return Text{}
}

func emitted(who Text, p siopacket.Packet) Text {
	with, zhWith := arguments(p, 1)
	t := Text{
		EN: fmt.Sprintf("%s emits %s%s%s", who.EN, eventName(p), place(p).EN, with),
		ZH: fmt.Sprintf("%s发出事件 %s%s%s", who.ZH, eventName(p), place(p).ZH, zhWith),
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
		return fmt.Sprintf(" with %s and %d bytes of binary", list, size), fmt.Sprintf("，参数 %s，二进制 %d 字节", list, size)
	}
	return " with " + list, "，参数 " + list
}

func (s *stream) acked(who Text, p siopacket.Packet, session *session) Text {
	with, zhWith := arguments(p, 0)
	r, ok := session.acked(ackKey{s.dir ^ 1, namespace(p), p.ID})
	if !ok {
		return Text{
			EN: fmt.Sprintf("%s sends ack %d%s%s; the event it answers was not seen", who.EN, p.ID, place(p).EN, with),
			ZH: fmt.Sprintf("%s发出回执 %d%s%s；没有见到它对应的事件", who.ZH, p.ID, place(p).ZH, zhWith),
		}
	}
	took := since(r.time, s.conn.now)
	return Text{
		EN: fmt.Sprintf("%s acks %s (%d)%s%s, %s after it (row %d)", who.EN, r.name, p.ID, place(p).EN, with, took, r.row),
		ZH: fmt.Sprintf("%s回执 %s（%d）%s%s，用时 %s（第 %d 行）", who.ZH, r.name, p.ID, place(p).ZH, zhWith, took, r.row),
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
		return say("the server disconnects the client from namespace %s", "服务器让客户端离开命名空间 %s", ns)
	case dir == tap.In && data != "":
		return say("the client joins namespace %s with %s", "客户端加入命名空间 %s，附带 %s", ns, data)
	case dir == tap.In:
		return say("the client joins namespace %s", "客户端加入命名空间 %s", ns)
	case data == "":
		return say("the server welcomes the client to namespace %s", "服务器确认客户端加入命名空间 %s", ns)
	}
	return say("the server welcomes the client to namespace %s: %s", "服务器确认客户端加入命名空间 %s：%s", ns, data)
}

// eventFields returns the fields of the arguments, then of the attachments.
func eventFields(data []byte, p siopacket.Packet) []Field {
	var l fieldList
	addJSON(&l, p.Data, argument(p.Type))
	for i, a := range p.Attachments {
		l.add(len(a), fmt.Sprintf("attachment %d", i), preview(a), say("the bytes for placeholder %d", "占位符 %d 的字节", i), sioSpec)
	}
	l.add(len(data)-l.at, "rest", "", say("more bytes", "其余字节"), "")
	return l.all
}
