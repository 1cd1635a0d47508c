package xray

import (
	"errors"
	"fmt"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/lessons/socketio/eiopacket"
	"realtimelab/lessons/socketio/siopacket"
)

const sioSpec = "Socket.IO v5, Packet encoding"

// maxAttachments bounds the attachments of a packet that are joined to it.
const maxAttachments = 1000

// ask decides by a session's first message whether the session carries Socket.IO. It does if the
// client's first message is a CONNECT. In revision 3 the server's first message must be a CONNECT
// instead: the client joins the main namespace without asking.
func (s *session) ask(dir tap.Direction, p eiopacket.Packet) {
	if s.asked || dir == tap.Out && s.version != "3" {
		return
	}
	packet, _, err := siopacket.ParseText(p.Data)
	s.asked = true
	s.socketIO = !p.Binary && err == nil && packet.Type == siopacket.Connect
}

// readSocketIO reads an Engine.IO message as Socket.IO if the session carries Socket.IO.
func readSocketIO(s *stream, carrier *Row, p eiopacket.Packet, session *session) {
	switch {
	case !session.socketIO:
	case p.Binary:
		s.attachment(carrier, p.Data, session)
	default:
		s.socketIOText(carrier, p.Data, session)
	}
}

func (s *stream) socketIOText(carrier *Row, text []byte, session *session) {
	row := s.derive(SIO, carrier, text)
	p, attachments, err := siopacket.ParseText(text)
	if err != nil {
		s.emit(badSocketIO(row, err))
		return
	}
	row.fields = func(r *Row) []Field { return socketIOFields(r.Data, p) }
	row.Summary = socketIOSummary(p, attachments)
	side := &session.sides[s.dir]
	if side.missing > 0 {
		row.explain(say("an attachment was expected: %d of %d have arrived",
			"这里应当是附件：%[2]d 个附件只来了 %[1]d 个", side.total-side.missing, side.total))
	}
	*side = pending{}
	s.emit(row)
	switch {
	case attachments > maxAttachments:
		why := say("not put together: more than %d attachments", "没有拼接：附件超过 %d 个",
			maxAttachments)
		r := s.derive(Bytes, row, nil)
		r.Summary, r.Problem = row.Summary, &why
		s.emit(r)
	case attachments > 0:
		*side = pending{packet: p, row: row, missing: attachments, total: attachments}
	default:
		s.happened(row, p, nil, session)
	}
}

// attachment joins binary data to the packet that announced it.
func (s *stream) attachment(carrier *Row, data []byte, session *session) {
	row := s.derive(SIO, carrier, data)
	side := &session.sides[s.dir]
	if side.missing == 0 {
		row.Layer = Bytes
		row.Summary = same(preview(data))
		row.explain(
			say("binary data that no packet announced; a parser other than "+
				"the default one may have made it",
				"没有任何数据包预告过的二进制数据；可能来自非默认的解析器"))
		s.emit(row)
		return
	}
	n := side.total - side.missing
	row.Summary = say("attachment %d of %d, %s, for %s", "附件 %d/%d，%d 字节，属于 %s", n+1,
		side.total, inBytes(len(data)), eventName(side.packet))
	row.fields = func(r *Row) []Field {
		return whole(len(r.Data), "attachment", "",
			say("stands where the packet's JSON has the placeholder with num %d",
				"对应数据包 JSON 中 num 为 %d 的占位符", n), sioSpec)
	}
	s.emit(row)
	side.parts = append(side.parts, row.ID)
	side.missing--
	side.bytes += len(data)
	if side.bytes <= maxWhole {
		side.packet.Attachments = append(side.packet.Attachments, data)
	}
	if side.missing == 0 {
		whole := *side
		*side = pending{}
		announced := *whole.row // published rows must not change
		announced.Lab = row.Lab
		s.happened(&announced, whole.packet, whole.parts, session)
	}
}

func badSocketIO(row *Row, err error) *Row {
	row.Layer = Bytes
	row.Summary = same(preview(row.Data))
	var syntax *siopacket.SyntaxError
	if errors.As(err, &syntax) {
		row.explain(say("not a Socket.IO packet: %s at byte %d",
			"不是 Socket.IO 数据包：%s，在第 %d 字节", syntax.Reason, syntax.Offset))
		row.fields = splitFields(syntax.Offset)
	}
	return row
}

// namespace returns the packet's namespace.
func namespace(p siopacket.Packet) string {
	if p.Namespace == "" {
		return siopacket.MainNamespace
	}
	return printable(p.Namespace, 60)
}

// eventName returns the name of an event as JSON, or "" for other packets.
func eventName(p siopacket.Packet) string {
	if p.Type != siopacket.Event && p.Type != siopacket.BinaryEvent {
		return "ACK"
	}
	args := p.Args()
	if len(args) == 0 {
		return ""
	}
	return printable(string(args[0]), 60)
}

func socketIOSummary(p siopacket.Packet, attachments int) Text {
	in, ack, files, zhFiles := "", "", "", ""
	if p.Namespace != "" && p.Namespace != siopacket.MainNamespace {
		in = " " + namespace(p)
	}
	if p.HasID {
		ack = fmt.Sprintf(" #%d", p.ID)
	}
	if attachments > 0 {
		files, zhFiles = fmt.Sprintf(", followed by %s", lang.Counted(attachments, "attachment")),
			fmt.Sprintf("，后面有 %d 个附件", attachments)
	}
	head := p.Type.String() + in + ack
	return Text{EN: head + " " + printable(p.Data, shown) + files,
		ZH: head + " " + printable(p.Data, shown) + zhFiles}
}

// socketIOFields splits a valid packet into fields.
func socketIOFields(text []byte, p siopacket.Packet) []Field {
	var l fieldList
	l.add(1, "type", p.Type.String(), packetMeanings[p.Type], sioSpec)
	if p.Type == siopacket.BinaryEvent || p.Type == siopacket.BinaryAck {
		n := 0
		for text[l.at+n] != '-' {
			n++
		}
		l.add(n+1, "attachments", string(text[l.at:l.at+n]),
			say("how many binary messages follow and belong to this packet",
				"后面有多少条二进制消息属于这个数据包"), sioSpec)
	}
	if l.at < len(text) && text[l.at] == '/' {
		n := min(len(p.Namespace)+1, len(text)-l.at)
		l.add(n, "namespace", namespace(p), say("the namespace; / if it is left out",
			"命名空间；省略时为 /"), "Socket.IO v5, Introduction")
	}
	l.add(len(text)-len(p.Data)-l.at, "ack id", fmt.Sprint(p.ID),
		say("joins an event to its ack", "把事件与它的回执对应起来"), sioSpec)
	addJSON(&l, p.Data, argument(p.Type))
	return l.all
}

var packetMeanings = map[siopacket.Type]Text{
	siopacket.Connect:      say("joins a namespace, or confirms it", "加入命名空间，或确认加入"),
	siopacket.Disconnect:   say("leaves a namespace", "离开命名空间"),
	siopacket.Event:        say("an event with its arguments", "一个事件和它的参数"),
	siopacket.BinaryEvent:  say("an event with its arguments", "一个事件和它的参数"),
	siopacket.Ack:          say("the acknowledgement of an event", "对事件的回执"),
	siopacket.BinaryAck:    say("the acknowledgement of an event", "对事件的回执"),
	siopacket.ConnectError: say("the namespace cannot be joined", "无法加入命名空间"),
}

// argument describes the parts of a packet's JSON.
func argument(t siopacket.Type) jsonField {
	return func(i int, p jsonPart) (string, Text, string) {
		switch {
		case p.name != "":
			return printable(p.name, 40), say("a member of the payload", "载荷的一个成员"), sioSpec
		case t == siopacket.Event || t == siopacket.BinaryEvent:
			if i == 0 {
				return "event", say("the name of the event", "事件的名字"), sioSpec
			}
			return fmt.Sprintf("argument %d", i), argumentMeaning(p), sioSpec
		}
		return fmt.Sprintf("argument %d", i+1), argumentMeaning(p), sioSpec
	}
}

func argumentMeaning(p jsonPart) Text {
	var holder struct {
		Placeholder bool `json:"_placeholder"`
		Num         int  `json:"num"`
	}
	if siopacket.Unmarshal(p.value, nil, &holder) == nil && holder.Placeholder {
		return say("a placeholder: attachment %d goes here", "占位符：这里是附件 %d", holder.Num)
	}
	return say("an argument of the handler", "传给处理函数的参数")
}
