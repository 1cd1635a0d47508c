package har

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons/websocket/frame"
)

// An exchange holds the rows of a request, its response, and what followed.
type exchange struct {
	start    time.Time // of the request
	head     *xray.Row
	body     []*xray.Row // Body and Chunk rows of the request
	answer   *xray.Row   // nil without a response
	content  []*xray.Row // Body and Chunk rows of the response
	plain    *xray.Row   // the response's body after decompression; nil if it was not compressed
	frames   []*xray.Row // of the WebSocket: WS and Message rows
	finished time.Time   // of the last row
	kept     bool        // one of its rows is to be kept
}

// collect groups rows by their requests, in the order of the requests. It leaves out requests
// without a row to keep; nil keeps all.
func collect(rows []*xray.Row, keep func(*xray.Row) bool) (all []*exchange) {
	times := map[uint64]time.Time{}
	byRequest := map[uint64]*exchange{}
	frames := map[uint64]bool{}
	for _, r := range rows {
		times[r.ID] = r.Time
		if r.Layer == xray.HTTP && r.Dir == tap.In {
			x := &exchange{start: cmp.Or(times[r.Parent], r.Time), head: r, finished: r.Time,
				kept: keep == nil || keep(r)}
			byRequest[r.ID] = x
			all = append(all, x)
			continue
		}
		x := byRequest[r.Request]
		if x == nil {
			continue
		}
		x.kept = x.kept || keep(r)
		piece := r.Layer == xray.Body || r.Layer == xray.Chunk
		switch {
		case r.Layer == xray.HTTP:
			x.answer = r
		case piece && r.Dir == tap.In:
			x.body = append(x.body, r)
		case piece:
			x.content = append(x.content, r)
		case r.Layer == xray.WS, r.Layer == xray.Message && frames[r.Parent]:
			frames[r.ID] = true
			x.frames = append(x.frames, r)
		case r.Layer == xray.Message && r.Dir == tap.Out:
			x.plain = r
		}
		x.finished = r.Time
	}
	return slices.DeleteFunc(all, func(x *exchange) bool { return !x.kept })
}

// sides names the side of the proxy on which a request crossed.
var sides = map[tap.Side]string{tap.ClientSide: "between the client and the proxy",
	tap.ServerSide: "between the proxy and the server"}

func (x *exchange) entry(scheme string) entry {
	if scheme == "" {
		scheme = x.scheme()
	}
	e := entry{Started: x.start, Request: x.request(scheme), Response: x.response(),
		Connection: strconv.FormatUint(x.head.Conn, 10), Side: x.head.Side,
		Comment: sides[x.head.Side]}
	if addr, ok := x.head.Peer().Local.(*net.TCPAddr); ok {
		e.ServerIP = addr.IP.String()
	}
	sent := last(x.body, x.head).Time
	e.Timings = timings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1, Send: ms(x.start, sent)}
	if x.answer == nil {
		e.Comment = strings.TrimPrefix(e.Comment+"; no response was seen", "; ")
	} else {
		e.Timings.Wait, e.Timings.Receive = ms(sent, x.answer.Time), ms(x.answer.Time, x.finished)
	}
	e.Time = e.Timings.Send + e.Timings.Wait + e.Timings.Receive
	if e.Response.Status == http.StatusSwitchingProtocols {
		e.Type, e.Messages = "websocket", x.messages()
		e.Request.URL = "ws" + strings.TrimPrefix(e.Request.URL, "http")
	}
	return e
}

// scheme returns the scheme by the server's port.
func (x *exchange) scheme() string {
	if addr, ok := x.head.Peer().Local.(*net.TCPAddr); ok && addr.Port == 443 {
		return "https"
	}
	return "http"
}

func last(rows []*xray.Row, otherwise *xray.Row) *xray.Row {
	if len(rows) == 0 {
		return otherwise
	}
	return rows[len(rows)-1]
}

// ms returns the time between two moments in ms, and 0 if they are in the wrong order.
func ms(from, to time.Time) float64 { return max(float64(to.Sub(from).Microseconds())/1000, 0) }

func (x *exchange) request(scheme string) request {
	start, headers := parseHead(x.head.Data)
	method, rest, _ := strings.Cut(start, " ")
	target, version, _ := strings.Cut(rest, " ")
	host := get(headers, "Host")
	if version == "HTTP/2" {
		scheme, host = get(headers, ":scheme"), get(headers, ":authority")
	}
	r := request{
		Method: method, URL: target, HTTPVersion: version, Cookies: []cookie{}, Headers: headers,
		QueryString: []pair{},
		HeadersSize: x.head.Size, BodySize: size(x.body),
	}
	if strings.HasPrefix(target, "/") || target == "*" {
		r.URL = scheme + "://" + host + target
	}
	if u, err := url.Parse(r.URL); err == nil {
		r.QueryString = queryOf(u.RawQuery)
	}
	if cookies, err := http.ParseCookie(get(headers, "Cookie")); err == nil {
		for _, c := range cookies {
			r.Cookies = append(r.Cookies, cookie{Name: c.Name, Value: c.Value})
		}
	}
	if len(x.body) > 0 {
		r.PostData = &postData{MimeType: get(headers, "Content-Type"), Params: []pair{}}
		var encoding string
		if r.PostData.Text, encoding = text(bodyOf(x.body)); encoding != "" {
			r.PostData.Comment = base64Comment
		}
	}
	return r
}

// base64Comment marks the body of a request that is not text. HAR has no field for it.
const base64Comment = "the text is base64"

// queryOf returns the parameters of a query in their order.
func queryOf(raw string) []pair {
	all := []pair{}
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name != "" {
			all = append(all, pair{unescape(name), unescape(value)})
		}
	}
	return all
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (x *exchange) response() response {
	r := response{Cookies: []cookie{}, Headers: []pair{}, HeadersSize: -1, BodySize: -1,
		Content: content{MimeType: "x-unknown"}}
	if x.answer == nil {
		return r
	}
	start, headers := parseHead(x.answer.Data)
	version, rest, _ := strings.Cut(start, " ")
	code, reason, _ := strings.Cut(rest, " ")
	r.Status, _ = strconv.Atoi(code)
	r.StatusText, r.HTTPVersion, r.Headers = reason, version, headers
	r.HeadersSize, r.BodySize = x.answer.Size, size(x.content)
	r.RedirectURL = get(headers, "Location")
	for _, h := range headers {
		if !strings.EqualFold(h.Name, "Set-Cookie") {
			continue
		}
		if c, err := http.ParseSetCookie(h.Value); err == nil {
			r.Cookies = append(r.Cookies, cookie{c.Name, c.Value, c.Path, c.HttpOnly, c.Secure})
		}
	}
	data := bodyOf(x.content)
	if x.plain != nil {
		r.Content.Compression = len(x.plain.Data) - len(data)
		data = x.plain.Data
	}
	r.Content.Size = len(data)
	r.Content.MimeType = cmp.Or(get(headers, "Content-Type"), "x-unknown")
	r.Content.Text, r.Content.Encoding = text(data)
	return r
}

// parseHead splits a head into its start line and its fields. HTTP/2 has no start line: its
// pseudo-header fields make one.
func parseHead(data []byte) (start string, headers []pair) {
	headers = []pair{}
	if bytes.HasPrefix(data, []byte(":")) {
		for line := range strings.Lines(string(data)) {
			pseudo, rest, _ := strings.Cut(line[1:], ": ") // a name may begin with a colon
			headers = append(headers, pair{valid(line[:1] + pseudo),
				valid(strings.TrimSpace(rest))})
		}
		if status := get(headers, ":status"); status != "" {
			return "HTTP/2 " + status, headers
		}
		return get(headers, ":method") + " " + get(headers, ":path") + " HTTP/2", headers
	}
	lines := strings.Split(strings.Trim(string(data), "\r\n"), "\n")
	for _, line := range lines[1:] {
		line = strings.TrimSuffix(line, "\r")
		if folded := strings.TrimLeft(line, " \t"); folded != line && len(headers) > 0 {
			headers[len(headers)-1].Value += " " + folded
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		headers = append(headers, pair{valid(name), valid(strings.TrimSpace(value))})
	}
	return valid(strings.TrimSuffix(lines[0], "\r")), headers
}

func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

func get(headers []pair, name string) string {
	i := slices.IndexFunc(headers, func(h pair) bool { return strings.EqualFold(h.Name, name) })
	if i < 0 {
		return ""
	}
	return headers[i].Value
}

// size returns how many bytes the pieces of a body took on the wire.
func size(pieces []*xray.Row) (n int) {
	for _, p := range pieces {
		n += p.Size
	}
	return n
}

// bodyOf joins the pieces of a body, without the framing of its chunks.
func bodyOf(pieces []*xray.Row) []byte {
	var all bytes.Buffer
	for _, p := range pieces {
		if p.Layer == xray.Body {
			all.Write(p.Data)
			continue
		}
		for _, f := range p.Fields() {
			if f.Name == "data" {
				all.Write(p.Data[f.Start:f.End])
			}
		}
	}
	return all.Bytes()
}

// text returns UTF-8 as it is, and other data in base64.
func text(data []byte) (text, encoding string) {
	if utf8.Valid(data) {
		return string(data), ""
	}
	return base64.StdEncoding.EncodeToString(data), "base64"
}

// messages returns the messages of the WebSocket. A message of one frame is that frame. A message
// that was joined or inflated has a row of its own, and the opcode of its first frame.
func (x *exchange) messages() []webSocketMessage {
	all := []webSocketMessage{}
	var first [2]frame.Opcode // of the current message in each direction
	for _, r := range x.frames {
		data := r.Data
		if r.Layer == xray.WS {
			if fields := r.Fields(); len(fields) == 0 || fields[0].Name == "payload" {
				// the rest of a frame that is larger than a row
				continue
			}
			h, n, err := frame.ParseHeader(r.Data)
			if err != nil || h.Opcode.Control() {
				continue
			}
			if h.Opcode != frame.Continuation {
				first[r.Dir] = h.Opcode
			}
			if !h.Fin || h.Opcode == frame.Continuation || h.RSV != 0 ||
				int64(len(r.Data)-n) != h.Length {
				continue // its message follows
			}
			data = r.Data[n:]
			if len(r.Views) > 0 {
				data = r.Views[0].Data
			}
		}
		m := webSocketMessage{Type: "send", Time: float64(r.Time.UnixMicro()) / 1e6,
			Opcode: int(first[r.Dir]), Data: string(data)}
		if r.Dir == tap.Out {
			m.Type = "receive"
		}
		if first[r.Dir] == frame.Binary || !utf8.Valid(data) {
			m.Data = base64.StdEncoding.EncodeToString(data)
		}
		all = append(all, m)
	}
	return all
}
