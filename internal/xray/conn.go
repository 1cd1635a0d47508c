package xray

import (
	"time"

	"realtimelab/internal/tap"
)

// conn is one connection: two streams and what ties them together.
type conn struct {
	d       *decoder
	peer    *tap.Peer
	now     time.Time
	streams [2]*stream
	pending int // what decoder.pending counts for it

	exchanges []*exchange // requests that are not answered yet, in order
}

// maxExchanges is how many requests may wait for their answers on one connection.
const maxExchanges = 1000

func newConn(d *decoder, peer *tap.Peer) *conn {
	c := &conn{d: d, peer: peer}
	c.streams[tap.In] = &stream{conn: c, dir: tap.In, next: readRequest}
	c.streams[tap.Out] = &stream{conn: c, dir: tap.Out, next: readResponse}
	return c
}

// held is how many bytes the connection's unfinished units take.
func (c *conn) held() int { return c.streams[tap.In].held() + c.streams[tap.Out].held() }

// row completes a row of the connection and keeps it, unless rows are not made now.
func (c *conn) row(r *Row) {
	if c.d.quiet {
		return
	}
	r.Conn, r.Time = c.peer.ID, c.now
	c.d.emit(r)
}

func (c *conn) data(e tap.Event) {
	s := c.streams[e.Dir]
	if e.Offset > s.end {
		s.lose(e.Offset - s.end)
	}
	s.end = e.Offset + int64(e.Size)
	if c.d.quiet {
		s.segments = nil
		s.feed(e.Bytes)
	} else {
		row := tcpRow(e)
		c.row(row)
		s.cover(segment{e.Offset, row.ID})
		s.feed(e.Bytes)
		row.Lab = s.onlyLab()
	}
	if lost := e.Size - len(e.Bytes); lost > 0 {
		s.lose(int64(lost))
	}
}

func tcpRow(e tap.Event) *Row {
	r := &Row{Layer: TCP, Dir: e.Dir, Offset: e.Offset, Size: e.Size, Data: append([]byte(nil), e.Bytes...)}
	if e.Dir == tap.In {
		r.Summary = say("the server read %d bytes", "服务器读到 %d 字节", e.Size)
	} else {
		r.Summary = say("the server wrote %d bytes", "服务器写出 %d 字节", e.Size)
	}
	r.fields = func(r *Row) []Field {
		meaning := say("a piece of the byte stream. TCP keeps the order of bytes and knows no messages: where a piece ends says nothing about what is in it",
			"字节流中的一段。TCP 只保证字节的顺序，不知道什么是消息：一段在哪里结束，与其中的内容无关")
		return whole(len(r.Data), "stream", "", meaning, "RFC 9293 §3.8")
	}
	return r
}

// unsent reports a write that failed. What follows it cannot be joined to what
// came before.
func (c *conn) unsent(e tap.Event) {
	s := c.streams[tap.Out]
	c.row(&Row{Layer: TCP, Dir: tap.Out, Offset: e.Offset, Size: e.Size,
		Summary: say("the last %d bytes were never sent: the write failed", "最后 %d 字节没有发出：写入失败", e.Size)})
	s.giveUp(say("a write failed before", "之前有一次写入失败"))
	s.at, s.end = e.Offset, e.Offset
}

func (c *conn) ended(dir tap.Direction) {
	c.streams[dir].finish()
	who := say("the client sends no more", "客户端不再发送数据")
	if dir == tap.Out {
		who = say("the server sends no more", "服务器不再发送数据")
	}
	c.row(&Row{Layer: TCP, Dir: dir, Offset: c.streams[dir].end, Summary: who})
}

func (c *conn) closed() {
	in, out := c.streams[tap.In], c.streams[tap.Out]
	in.finish()
	out.finish()
	c.row(&Row{Layer: TCP, Dir: tap.Out, Offset: out.end, Summary: say("connection %d closed after %d bytes in and %d bytes out, %s",
		"连接 %d 已关闭：收到 %d 字节，发出 %d 字节，历时 %s", c.peer.ID, in.end, out.end, since(c.peer.Opened, c.now))})
}
