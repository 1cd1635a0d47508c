package xray

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/andybalholm/brotli"

	"realtimelab/internal/tap"
)

// kind is the format of a body.
type kind int

const (
	plainContent kind = iota
	jsonContent
	lineContent // newline-delimited JSON
	eventStream
	packetPayload // of Engine.IO's polling
)

// content reads the content of one request or response body.
type content struct {
	kind    kind
	coding  string
	session *session

	pending []byte // the incomplete line, event or body
	began   *Row   // the row in which pending began
	last    *Row   // the row of the last write
	broken  *Text  // why reading has stopped
	missed  bool   // part of it was skimmed
	resync  bool   // skip to the next line or event
}

func newContent(s *stream, h head, response bool) *content {
	if s.conn.d.counter != nil {
		return &content{}
	}
	x := s.exchange
	media, _, _ := mime.ParseMediaType(h.get("Content-Type"))
	c := &content{coding: strings.ToLower(h.get("Content-Encoding")), session: x.session}
	polling := x.session != nil && x.query.Get("transport") == "polling"
	switch {
	case media == "text/event-stream":
		c.kind = eventStream
	case media == "application/x-ndjson", media == "application/jsonl":
		c.kind = lineContent
	case media == "application/json", strings.HasSuffix(media, "+json"):
		c.kind = jsonContent
	case polling && response && x.method == "GET" && h.status() == 200,
		polling && !response && x.method == "POST":
		c.kind = packetPayload
	}
	return c
}

// carriesPackets reports whether the body after a head holds Engine.IO packets, each of which is a
// message of its own.
func carriesPackets(s *stream, h head, response bool) bool {
	length, err := h.contentLength()
	return newContent(s, h, response).kind == packetPayload &&
		(err == nil && length > 0 || h.has("Transfer-Encoding", "chunked"))
}

func (c *content) held() int { return cap(c.pending) }

// stream reports whether the content is read unit by unit as it arrives.
func (c *content) stream() bool {
	return (c.kind == eventStream || c.kind == lineContent) &&
		(c.coding == "" || c.coding == "identity")
}

// whole reports whether the content is read once it is complete.
func (c *content) whole() bool {
	return !c.stream() && (c.kind != plainContent && c.kind != jsonContent || c.coding != "")
}

// miss records that a part was skimmed.
func (c *content) miss() {
	c.missed, c.resync, c.pending = true, true, nil
}

// write reads the next part of the body, which arrived in row.
func (c *content) write(s *stream, row *Row, p []byte) {
	c.last = row
	switch {
	case c.stream():
		c.writeUnits(s, row, p)
	case c.whole() && c.broken == nil && !c.missed:
		c.pending = append(c.pending, p...)
		if len(c.pending) > maxWhole {
			why := say("not read: the body has more than %d bytes", "没有解读：正文超过 %d 字节",
				maxWhole)
			c.pending, c.broken = nil, &why
		}
	}
}

// end reads the completed body.
func (c *content) end(s *stream) {
	switch {
	case c.last == nil:
	case c.missed:
	case c.broken != nil:
		s.emit(c.problem(s, *c.broken))
	case c.stream() && len(c.pending) > 0:
		c.unit(s, c.pending)
	case c.whole():
		c.readWhole(s)
	}
	c.pending = nil
}

func (c *content) problem(s *stream, why Text) *Row {
	r := s.derive(Bytes, c.last, nil)
	r.Summary = say("a body that was not read", "没有解读的正文")
	r.explain(why)
	return r
}

// readWhole decompresses a complete body and reads its content.
func (c *content) readWhole(s *stream) {
	data := c.pending
	if c.coding != "" && c.coding != "identity" {
		plain, err := inflateBody(c.coding, data)
		if err != nil && len(plain) == 0 {
			s.emit(c.problem(s, say("not inflated: %s", "无法解压：%s", err.Error())))
			return
		}
		row := s.derive(Message, c.last, plain)
		row.Summary = say("inflated from %d to %s (%s) · %s", "解压：%d → %d 字节（%s）· %s",
			len(data), inBytes(len(plain)), c.coding, preview(plain))
		row.fields = textFields
		c.coding = ""
		c.dress(row)
		if err != nil {
			row.explain(say("the rest was not inflated: %s", "其余部分没有解压：%s", err.Error()))
		}
		s.emit(row)
		c.last, data = row, plain
	}
	switch c.kind {
	case eventStream, lineContent:
		c.pending = nil
		c.writeUnits(s, c.last, data)
		if len(c.pending) > 0 {
			c.unit(s, c.pending)
		}
	case packetPayload:
		readPayload(s, c.last, data, c.session)
	}
}

// bodySummary returns the summary of a body, or of a piece of it.
func (c *content) bodySummary(data []byte) Text {
	p := c.preview(data)
	return say("body of %s · %s", "正文 %d 字节 · %s", inBytes(len(data)), p)
}

func (c *content) preview(data []byte) string {
	if c.coding != "" && c.coding != "identity" {
		return c.coding
	}
	return preview(data)
}

// dress gives the row of a complete body the fields of its kind.
func (c *content) dress(r *Row) {
	switch {
	case c.coding == "gzip":
		r.fields = gzipFields
	case c.coding != "" && c.coding != "identity":
	case c.kind == jsonContent:
		r.fields = jsonFields
	case c.kind == packetPayload && c.session.version == "4":
		r.fields = payloadFields
	case c.kind == packetPayload && c.session.version == "3":
		r.fields = payload3Fields
	}
}

// maxInflated bounds the size of a decompressed body.
const maxInflated = 4 << 20

var errBomb = fmt.Errorf("the content exceeds %d bytes", maxInflated)

// inflateBody reverses a content coding (RFC 9110 §8.4.1). With an error, it returns the data
// before the error.
func inflateBody(coding string, data []byte) ([]byte, error) {
	r, err := inflater(coding, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if len(plain) > maxInflated {
		return plain[:maxPiece], errBomb
	}
	return plain, err
}

func inflater(coding string, r *bytes.Reader) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "br":
		return brotli.NewReader(r), nil
	case "deflate": // in zlib format, or raw as some servers send it
		if z, err := zlib.NewReader(r); err == nil {
			return z, nil
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return flate.NewReader(r), nil
	}
	return nil, errors.New("the content coding " + printable(coding, 40) + " is not supported")
}

// textFields returns the field of a body that is shown as it is.
func textFields(r *Row) []Field {
	meaning := say("content", "内容")
	if r.Dir == tap.In {
		meaning = say("what the client sends", "客户端发送的内容")
	}
	return whole(len(r.Data), "content", "", meaning, "RFC 9110 §6.4")
}

func gzipFields(r *Row) []Field {
	if len(r.Data) < 18 || r.Data[0] != 0x1f || r.Data[1] != 0x8b {
		return textFields(r)
	}
	var l fieldList
	l.add(2, "magic", "1f 8b", say("this is gzip", "表示 gzip 格式"), "RFC 1952 §2.3.1")
	l.add(1, "method", fmt.Sprint(r.Data[2]), say("8 is DEFLATE", "8 表示 DEFLATE"),
		"RFC 1952 §2.3.1")
	l.add(7, "flags, time, system", "", say("flags, time of change, effort, system",
		"标志、修改时间、压缩级别、系统"), "RFC 1952 §2.3.1")
	l.add(len(r.Data)-18, "compressed", "", say("the content, compressed", "压缩后的内容"),
		"RFC 1951")
	l.add(4, "CRC-32", "", say("checksum of the content", "内容的校验和"), "RFC 1952 §2.3.1")
	l.add(4, "size", "", say("bytes of content, lowest byte first", "内容的字节数，低位在前"),
		"RFC 1952 §2.3.1")
	return l.all
}
