package xray

import (
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
)

// dialer names the end that opened the connection: the client, or the proxy before the server.
func dialer(p *tap.Peer) lang.Text {
	if p.Side == tap.ServerSide {
		return lang.Text{EN: "proxy", ZH: "代理"}
	}
	return lang.Text{EN: "client", ZH: "客户端"}
}

// acceptor names the end that accepted the connection: the server, or the proxy before it.
func acceptor(p *tap.Peer) lang.Text {
	if p.Side == tap.ClientSide {
		return lang.Text{EN: "proxy", ZH: "代理"}
	}
	return lang.Text{EN: "server", ZH: "服务器"}
}

// sender names the end that sends in a direction.
func (c *connDecoder) sender(dir tap.Direction) lang.Text {
	if dir == tap.Out {
		return acceptor(c.peer)
	}
	return dialer(c.peer)
}

// tcpRow returns the row of one read or write.
func tcpRow(e tap.Event) *Row {
	r := &Row{Layer: TCP, tap: e.Kind.String(), Dir: e.Dir, Offset: e.Offset, Size: e.Size,
		Data: append([]byte(nil), e.Bytes...)}
	at := acceptor(e.Peer)
	if e.Peer.Dialed {
		at = dialer(e.Peer)
	}
	if (e.Dir == tap.In) == e.Peer.Dialed {
		r.Summary = say("the "+at.EN+" wrote %s", at.ZH+"写出 %d 字节", inBytes(e.Size))
	} else {
		r.Summary = say("the "+at.EN+" read %s", at.ZH+"读到 %d 字节", inBytes(e.Size))
	}
	r.fields = func(r *Row) []Field {
		meaning := say(
			"a piece of the byte stream. TCP keeps bytes in order but has no messages: the end "+
				"of a piece is not the end of a message",
			"字节流中的一段。TCP 只保证字节的顺序，不知道什么是消息："+
				"一段在哪里结束，与其中的内容无关")
		return whole(len(r.Data), "stream", "", meaning, "RFC 9293 §3.8")
	}
	return r
}

// unsent reports a failed write. Later bytes of the stream cannot be joined to earlier ones.
func (c *connDecoder) unsent(e tap.Event) {
	s := c.streams[e.Dir]
	c.row(&Row{Layer: TCP, tap: e.Kind.String(), Kind: Cut, Message: true, Dir: e.Dir,
		Offset: e.Offset, Size: e.Size,
		Summary: say("the write failed and did not send the last %s",
			"最后 %d 字节没有发出：写入失败", inBytes(e.Size))})
	s.giveUp(say("a write failed before", "之前有一次写入失败"))
	s.at, s.end = e.Offset, e.Offset
}

func (c *connDecoder) ended(dir tap.Direction) {
	kind := c.end()
	c.streams[dir].finish()
	from := c.sender(dir)
	who := lang.Text{EN: "the " + from.EN + " sends no more (FIN)",
		ZH: from.ZH + "不再发送数据（FIN）"}
	c.row(&Row{Layer: TCP, tap: tap.Ended.String(), Kind: kind, Message: kind == Cut, Dir: dir,
		Offset: c.streams[dir].end, Summary: who})
}

// end returns Cut for the row that ends the connection if it leaves something unfinished: a request
// without its response, a body, or a WebSocket without a close frame.
func (c *connDecoder) end() Kind {
	in, out := c.streams[tap.In], c.streams[tap.Out]
	open := in.ws != nil && !in.ws.closing && out.ws != nil && !out.ws.closing
	if c.cut || len(c.exchanges) == 0 && !c.http2.pending() && !in.body.active() &&
		(!out.body.active() || out.body.untilClose) && !open {
		return ""
	}
	c.cut = true
	return Cut
}

func (c *connDecoder) reset(dir tap.Direction) {
	from := c.sender(dir)
	who := lang.Text{EN: "the " + from.EN + " resets the connection (RST)",
		ZH: from.ZH + "重置连接（RST）"}
	c.cut = true
	c.row(&Row{Layer: TCP, tap: tap.Reset.String(), Kind: Cut, Message: true, Dir: dir,
		Offset: c.streams[dir].end, Summary: who})
}

func (c *connDecoder) closed() {
	kind := c.end()
	in, out := c.streams[tap.In], c.streams[tap.Out]
	c.endSession()
	in.finish()
	out.finish()
	if kind == "" {
		kind = Close
	}
	c.row(&Row{Layer: TCP, tap: tap.Closed.String(), Kind: kind, Message: kind == Cut, Dir: tap.Out,
		Offset: out.end, Summary: say("connection %d closed after %s in and %s out, %s",
			"连接 %d 已关闭：收到 %d 字节，发出 %d 字节，历时 %s", c.peer.ID, inBytes(in.end),
			inBytes(out.end), since(c.peer.Opened, c.now))})
}
