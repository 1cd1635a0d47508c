package xray

import "realtimelab/internal/tap"

// tcpRow returns the row of one read or write.
func tcpRow(e tap.Event) *Row {
	r := &Row{Layer: TCP, Dir: e.Dir, Offset: e.Offset, Size: e.Size, Data: append([]byte(nil), e.Bytes...)}
	if e.Dir == tap.In {
		r.Summary = say("the server read %d bytes", "服务器读到 %d 字节", e.Size)
	} else {
		r.Summary = say("the server wrote %d bytes", "服务器写出 %d 字节", e.Size)
	}
	r.fields = func(r *Row) []Field {
		meaning := say("a piece of the byte stream. TCP keeps bytes in order but has no messages: the end of a piece is not the end of a message",
			"字节流中的一段。TCP 只保证字节的顺序，不知道什么是消息：一段在哪里结束，与其中的内容无关")
		return whole(len(r.Data), "stream", "", meaning, "RFC 9293 §3.8")
	}
	return r
}

// unsent reports a failed write. Later bytes of the stream cannot be joined to earlier ones.
func (c *conn) unsent(e tap.Event) {
	s := c.streams[tap.Out]
	c.row(&Row{Layer: TCP, Kind: Cut, Message: true, Dir: tap.Out, Offset: e.Offset, Size: e.Size,
		Summary: say("the last %d bytes were never sent: the write failed", "最后 %d 字节没有发出：写入失败", e.Size)})
	s.giveUp(say("a write failed before", "之前有一次写入失败"))
	s.at, s.end = e.Offset, e.Offset
}

func (c *conn) ended(dir tap.Direction) {
	kind := c.end()
	c.streams[dir].finish()
	who := say("the client sends no more (FIN)", "客户端不再发送数据（FIN）")
	if dir == tap.Out {
		who = say("the server sends no more (FIN)", "服务器不再发送数据（FIN）")
	}
	c.row(&Row{Layer: TCP, Kind: kind, Message: kind == Cut, Dir: dir, Offset: c.streams[dir].end, Summary: who})
}

// end returns Cut for the row that ends the connection if it leaves something unfinished: a request
// without its response, a body, or a WebSocket without a close frame.
func (c *conn) end() Kind {
	in, out := c.streams[tap.In], c.streams[tap.Out]
	open := in.ws != nil && !in.ws.closing && out.ws != nil && !out.ws.closing
	if c.cut || len(c.exchanges) == 0 && !c.http2.pending() && !in.body.active() && (!out.body.active() || out.body.untilClose) && !open {
		return ""
	}
	c.cut = true
	return Cut
}

func (c *conn) reset(dir tap.Direction) {
	who := say("the client resets the connection (RST)", "客户端重置连接（RST）")
	if dir == tap.Out {
		who = say("the server resets the connection (RST)", "服务器重置连接（RST）")
	}
	c.cut = true
	c.row(&Row{Layer: TCP, Kind: Cut, Message: true, Dir: dir, Offset: c.streams[dir].end, Summary: who})
}

func (c *conn) closed() {
	kind := c.end()
	in, out := c.streams[tap.In], c.streams[tap.Out]
	in.finish()
	out.finish()
	c.row(&Row{Layer: TCP, Kind: kind, Message: kind == Cut, Dir: tap.Out, Offset: out.end, Summary: say("connection %d closed after %d bytes in and %d bytes out, %s",
		"连接 %d 已关闭：收到 %d 字节，发出 %d 字节，历时 %s", c.peer.ID, in.end, out.end, since(c.peer.Opened, c.now))})
}
