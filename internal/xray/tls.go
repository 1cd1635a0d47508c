package xray

import (
	"encoding/binary"
	"strings"

	"realtimelab/internal/tap"
)

// TLS is shown as far as anyone on the way can read it (RFC 8446 §5.1). A record is five bytes in
// the clear and a fragment:
//
//	16 03 01 00 f8 …   handshake, version on the wire, 248 bytes
//	17 03 03 00 45 …   application data, 69 bytes, encrypted
//
// In TLS 1.3 everything after the ServerHello is encrypted, and its records say application data,
// regardless of their content.

// Types of records.
const (
	changeCipherSpec = 20
	alertRecord      = 21
	handshakeRecord  = 22
	applicationData  = 23
)

// recordHead is the size of a record's header, and maxRecord that of the largest fragment (RFC 8446
// §5.2, RFC 5246 §6.2.3).
const (
	recordHead = 5
	maxRecord  = 1<<14 + 2048
)

// opensTLS reports whether the client's stream begins with a TLS handshake, as far as that has
// arrived.
func opensTLS(s *stream) bool {
	return s.dir == tap.In && s.buf[0] == handshakeRecord && (len(s.buf) == 1 || s.buf[1] == 3)
}

// startTLS reads both directions as records from here on.
func startTLS(s *stream) bool {
	for _, direction := range s.conn.streams {
		direction.exchange, direction.next = nil, readRecord
	}
	return true
}

// readTunnel reads the bytes after an answered CONNECT: TLS, or HTTP as on a connection of its own.
func readTunnel(s *stream) bool {
	s.exchange = nil
	if opensTLS(s) {
		return startTLS(s)
	}
	s.next = readRequest
	return true
}

// readRecord reads a record.
func readRecord(s *stream) bool {
	if kind := s.buf[0]; kind < changeCipherSpec || kind > applicationData ||
		len(s.buf) > 1 && s.buf[1] != 3 {
		return s.fail(say("not a TLS record: it does not begin with the byte 0x%02x",
			"不是 TLS 记录：它不会以字节 0x%02x 开头", kind))
	}
	if len(s.buf) < recordHead {
		return false
	}
	n := int(binary.BigEndian.Uint16(s.buf[3:]))
	if n > maxRecord {
		return s.fail(say("a TLS record of %s, which is too large",
			"TLS 记录长达 %d 字节，超过了上限", inBytes(n)))
	}
	if len(s.buf) < recordHead+n {
		return false
	}
	row := s.unit(TLS, recordHead+n)
	if row == nil {
		return true
	}
	row.Message, row.fields = true, recordFields
	row.Summary, _ = recordText(row.Data)
	s.emit(row)
	return true
}

// recordText describes a record and its fragment in words.
func recordText(data []byte) (summary, fragment Text) {
	encrypted := say("encrypted", "已加密")
	body := data[recordHead:]
	switch data[0] {
	case changeCipherSpec:
		t := say("ChangeCipherSpec", "ChangeCipherSpec")
		return t, say("one byte without a meaning in TLS 1.3, for old proxies that expect it",
			"在 TLS 1.3 里没有意义的一个字节，留给仍然期待它的旧代理")
	case alertRecord:
		if len(body) != 2 {
			return say("an alert, encrypted", "警报，已加密"), encrypted
		}
		t := say("alert %d", "警报 %d", body[1])
		return t, say("level and description, in the clear", "级别和原因，明文")
	case handshakeRecord:
		switch {
		case len(body) > 4 && body[0] == 1:
			hello := parseClientHello(body)
			t := say("ClientHello", "ClientHello")
			if hello.name != "" {
				t = say("ClientHello for %s", "ClientHello，访问 %s", printable(hello.name, 60))
			}
			if len(hello.protocols) > 0 {
				offers := printable(strings.Join(hello.protocols, ", "), 60)
				t.EN, t.ZH = t.EN+" · offers "+offers, t.ZH+" · 支持 "+offers
			}
			return t, say(
				"in the clear: the server's name and the protocols that the client speaks",
				"明文：服务器的名字，以及客户端会说的协议")
		case len(body) > 4 && body[0] == 2:
			t := say("ServerHello", "ServerHello")
			return t, say(
				"in the clear: the version and the cipher. From here on both sides encrypt",
				"明文：版本和密码套件。此后双方都加密")
		}
		t := say("handshake, %s", "握手，%d 字节", inBytes(len(body)))
		return t, say("a handshake message of TLS 1.2, or an encrypted one",
			"TLS 1.2 的握手消息，或加密了的握手消息")
	}
	t := say("application data, %s encrypted", "应用数据，加密的 %d 字节",
		inBytes(len(body)))
	return t, say("encrypted: only the two ends can read it, and a change on the way is noticed",
		"已加密：只有两端读得懂，路上的改动会被发现")
}

func recordFields(r *Row) []Field {
	var l fieldList
	types := map[byte]Text{
		changeCipherSpec: say("ChangeCipherSpec", "ChangeCipherSpec"),
		alertRecord:      say("alert", "警报"),
		handshakeRecord:  say("handshake", "握手"),
		applicationData:  say("application data", "应用数据"),
	}
	l.add(1, "type", "", types[r.Data[0]], "RFC 8446 §5.1")
	l.add(2, "legacy_record_version", "",
		say("a fixed value: the real version is negotiated in the handshake",
			"固定值：真正的版本在握手里协商"), "RFC 8446 §5.1")
	l.add(2, "length", "", say("size of what follows, %s: everybody sees it",
		"后面有 %d 字节：大小谁都看得见", inBytes(len(r.Data)-recordHead)), "RFC 8446 §5.1")
	_, fragment := recordText(r.Data)
	l.add(len(r.Data)-recordHead, "fragment", "", fragment, "RFC 8446 §5.1")
	return l.all
}

// clientHello holds what a ClientHello says in the clear.
type clientHello struct {
	name      string   // server_name (RFC 6066 §3)
	protocols []string // ALPN (RFC 7301 §3.1)
}

// parseClientHello reads a handshake message (RFC 8446 §4.1.2). It leaves malformed parts out.
func parseClientHello(b []byte) (h clientHello) {
	in := wireReader{b: b}
	in.skip(4 + 2 + 32) // type and length, version, random
	in.vector(1)        // session id
	in.vector(2)        // cipher suites
	in.vector(1)        // compression methods
	extensions := wireReader{b: in.vector(2)}
	for len(extensions.b) > 0 {
		kind := extensions.uint(2)
		data := wireReader{b: extensions.vector(2)}
		switch kind {
		case 0:
			list := wireReader{b: data.vector(2)}
			if list.uint(1) == 0 {
				h.name = string(list.vector(2))
			}
		case 16:
			for list := (wireReader{b: data.vector(2)}); len(list.b) > 0; {
				h.protocols = append(h.protocols, string(list.vector(1)))
			}
		}
	}
	return h
}

// wireReader reads numbers and vectors. Beyond the end it reads zeros and empty vectors, and
// nothing is left.
type wireReader struct{ b []byte }

func (r *wireReader) skip(n int) []byte {
	if n > len(r.b) {
		r.b = nil
		return nil
	}
	read := r.b[:n]
	r.b = r.b[n:]
	return read
}

func (r *wireReader) uint(size int) (n int) {
	for _, c := range r.skip(size) {
		n = n<<8 | int(c)
	}
	return n
}

// vector reads a length of so many bytes, and that many bytes.
func (r *wireReader) vector(size int) []byte { return r.skip(r.uint(size)) }
