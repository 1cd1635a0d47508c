package xray

import (
	"net/url"
	"strings"
	"time"

	"realtimelab/internal/tap"
)

// exchange is a request and the state that its response depends on.
type exchange struct {
	method, target string
	row            uint64 // of the request's head
	time           time.Time
	lab            bool
	hidden         bool
	client         string // ?client= of the target
	upgrade        bool   // it asks to switch protocols
	key            string // Sec-WebSocket-Key
	// how the connection continues after the request; nil until the response decides
	then    step
	query   url.Values
	session *session // the session in the query
}

// name returns the request in short form.
func (x *exchange) name() string { return x.method + " " + printable(x.target, 60) }

// readRequest reads the head of a request.
func readRequest(s *stream) bool {
	if opensHTTP2(s) {
		return readPreface(s)
	}
	if s.at == 0 && opensTLS(s) {
		return startTLS(s)
	}
	if opensRedis(s) {
		return readRedis(s)
	}
	raw, ok := readHead(s, isRequestLine)
	if raw == 0 {
		return ok
	}
	s.countHead(raw)
	h := parseHead(s.buf[:raw])
	x := newExchange(s.conn, h)
	s.conn.countRequest()
	s.exchange = x
	if len(s.conn.exchanges) >= maxExchanges {
		return s.fail(say("more than %d requests are waiting for a response",
			"等待响应的请求超过 %d 个", maxExchanges))
	}
	s.conn.exchanges = append(s.conn.exchanges, x)
	row := s.unit(HTTP, raw)
	if row != nil {
		row.fields = requestFields
		row.Summary = same(x.method + " " + printable(x.target, shown))
		row.Message = !carriesPackets(s, h, false)
		if x.upgrade {
			row.Kind = Upgrade
		}
		s.emit(row)
		x.row = row.ID
	}
	after := step(readRequest)
	if x.upgrade || x.method == "CONNECT" {
		after = waitForAnswer
	}
	return startBody(s, h, row, false, after)
}

func newExchange(c *connDecoder, h head) *exchange {
	method, rest, _ := strings.Cut(h.start, " ")
	target, _, _ := strings.Cut(rest, " ")
	x := &exchange{method: method, target: target, time: c.now}
	x.upgrade = h.has("Connection", "upgrade") && h.get("Upgrade") != ""
	x.key = h.get("Sec-WebSocket-Key")
	if c.d.counter != nil {
		return x
	}
	if u, err := url.ParseRequestURI(target); err == nil {
		x.lab = c.d.lab != "" && strings.HasPrefix(u.Path, c.d.lab)
		x.hidden = c.d.omitted != "" && strings.HasPrefix(u.Path, c.d.omitted)
		x.client = clientOf(u)
		if strings.Contains(u.RawQuery, "EIO=") {
			x.query = u.Query()
			x.session = c.d.sessions.find(c.side(), x.query.Get("sid"), u.Path, x.query.Get("EIO"))
		}
	}
	return x
}

// clientOf returns the value of ?client=, by which the lab's pages name themselves, in short.
func clientOf(u *url.URL) string {
	if !strings.Contains(u.RawQuery, "client=") {
		return ""
	}
	return printable(u.Query().Get("client"), 60)
}

// waitForAnswer holds the bytes after a request to switch protocols, because the response decides
// how to read them.
func waitForAnswer(s *stream) bool {
	if s.exchange.then != nil {
		s.next = s.exchange.then
		return true
	}
	if len(s.buf) > maxWhole {
		return s.fail(say("too many bytes before the response to a request to switch protocols",
			"在协议切换请求得到响应之前来了太多字节"))
	}
	return false
}

// readResponse reads the head of a response.
func readResponse(s *stream) bool {
	n, ok := readHead(s, isStatusLine)
	if n == 0 {
		return ok
	}
	s.countHead(n)
	h := parseHead(s.buf[:n])
	x, unasked := s.conn.answered(h)
	s.exchange = x
	row := s.unit(HTTP, n)
	if row != nil {
		row.fields = responseFields
		row.Summary, row.Kind = responseSummary(h, x, s.conn.now), responseKind(h)
		row.Message = !carriesPackets(s, h, true)
		if unasked {
			row.explain(say("this response has no request", "没有请求在等待这个响应"))
		}
	}
	return s.answer(h, x, row)
}

// answered returns the request that a response belongs to. A final response removes the request
// from the queue.
func (c *connDecoder) answered(h head) (x *exchange, unasked bool) {
	if len(c.exchanges) == 0 {
		return &exchange{time: c.now}, true
	}
	x = c.exchanges[0]
	if code := h.status(); code < 100 || code > 199 || code == 101 {
		c.exchanges = c.exchanges[1:]
	}
	return x, false
}

// answer continues after a response's head.
func (s *stream) answer(h head, x *exchange, row *Row) bool {
	in, code := s.conn.streams[tap.In], h.status()
	switch {
	case code == 101 && s.conn.d.counter != nil:
		in.giveUp(Text{}) // no row shows why
		return s.fail(Text{})
	case code == 101 && strings.EqualFold(h.get("Upgrade"), "websocket"):
		if row != nil {
			row.Kind = Upgrade
			row.Steps, row.Problem = acceptSteps(x.key, h.get("Sec-WebSocket-Accept"))
			s.emit(row)
		}
		startWebSocket(s.conn, x, h)
		return true
	case x.method == "CONNECT" && code/100 == 2 && s.conn.d.counter == nil:
		if row != nil {
			s.emit(row)
		}
		x.then = readTunnel
		in.resume()
		return true
	case code == 101, x.method == "CONNECT" && code/100 == 2:
		if row != nil {
			s.emit(row)
		}
		why := say("the connection switched to a protocol that is not read here: %s",
			"连接切换到了这里不解读的协议：%s", printable(h.get("Upgrade"), shown))
		in.giveUp(why)
		return s.fail(why)
	}
	if row != nil {
		s.emit(row)
	}
	if code >= 100 && code <= 199 {
		return true
	}
	if x.upgrade || x.method == "CONNECT" {
		x.then = readRequest
		in.resume()
	}
	if x.method == "HEAD" || code == 204 || code == 304 {
		return true
	}
	return startBody(s, h, row, true, readResponse)
}

func responseSummary(h head, x *exchange, now time.Time) Text {
	_, status, _ := strings.Cut(h.start, " ")
	content := ""
	if t := h.get("Content-Type"); t != "" {
		content = " · " + printable(t, 60)
	}
	if x.method == "" {
		return same(printable(status, 60) + content)
	}
	return say("%s%s · answers %s after %s", "%s%s · 响应 %s，用时 %s", printable(status, 60),
		content, x.name(), since(x.time, now))
}

// responseKind returns the kind of a response by its status.
func responseKind(h head) Kind {
	if h.status() >= 400 {
		return Failure
	}
	return ""
}

// readHead returns the length of the head at the start of the buffer. n is 0 without a complete
// head; the step must then return ok.
func readHead(s *stream, valid func(string) *Text) (n int, ok bool) {
	line, complete := startLine(s.buf)
	if s.scanned == 0 || complete {
		if why := notHTTP(line, complete, valid); why != nil {
			return 0, s.fail(*why)
		}
	}
	if n = headEnd(s.buf, s.scanned); n > 0 && n <= maxHead {
		return n, true
	}
	if n > maxHead || len(s.buf) > maxHead {
		return 0, s.fail(say("a head of more than %d bytes", "头部超过 %d 字节", maxHead))
	}
	s.scanned = len(s.buf)
	return 0, false
}

// notHTTP checks a start line, which may be incomplete, and returns why it is not HTTP.
func notHTTP(line string, complete bool, valid func(string) *Text) *Text {
	if line == "" {
		return nil
	}
	var why Text
	switch {
	case line[0] == 0x16:
		why = say("not HTTP: the first byte is that of a TLS handshake",
			"不是 HTTP：第一个字节属于 TLS 握手")
	case !isToken(line[0]):
		why = say("not HTTP: a start line does not begin with byte 0x%02x",
			"不是 HTTP：起始行不会以字节 0x%02x 开头", line[0])
	case complete:
		return valid(line)
	default:
		return nil
	}
	return &why
}

func isToken(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(c))
}

func isRequestLine(line string) *Text {
	parts := strings.Split(line, " ")
	if len(parts) == 3 && strings.HasPrefix(parts[2], "HTTP/1.") && parts[0] != "" &&
		parts[1] != "" {
		return nil
	}
	why := say("not an HTTP/1 request: the line %q is not METHOD TARGET VERSION",
		"不是 HTTP/1 请求：%q 不是“方法 目标 版本”的形式", printable(line, 60))
	return &why
}

func isStatusLine(line string) *Text {
	version, rest, _ := strings.Cut(line, " ")
	if strings.HasPrefix(version, "HTTP/1.") && statusCode(rest) > 0 {
		return nil
	}
	why := say("not an HTTP/1 response: the line %q is not VERSION STATUS REASON",
		"不是 HTTP/1 响应：%q 不是“版本 状态码 原因”的形式", printable(line, 60))
	return &why
}

func (h head) status() int {
	_, rest, _ := strings.Cut(h.start, " ")
	return statusCode(rest)
}

// statusCode parses three digits. It returns 0 if s does not start with them.
func statusCode(s string) int {
	if len(s) < 3 || len(s) > 3 && s[3] != ' ' {
		return 0
	}
	code := 0
	for _, c := range []byte(s[:3]) {
		if c < '0' || c > '9' {
			return 0
		}
		code = code*10 + int(c-'0')
	}
	return code
}
