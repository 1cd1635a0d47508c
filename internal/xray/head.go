package xray

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// maxHead bounds the length of a head.
const maxHead = 64 << 10

// head is the start line and the fields of a request or response (RFC 9112 §2).
type head struct {
	start string // the start line
	lines []headLine
}

// headLine is a field line. Folded lines belong to the line before them.
type headLine struct {
	start, end  int // offsets in the head's bytes, including the line end
	name, value string
}

// headEnd returns the length of the head at the start of buf, or -1 if its empty line has not
// arrived. It skips the bytes that were already searched.
func headEnd(buf []byte, searched int) int {
	for at := max(searched-3, leadingLines(buf)); ; {
		i := bytes.IndexByte(buf[min(at, len(buf)):], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		switch {
		case at < len(buf) && buf[at] == '\n':
			return at + 1
		case at+1 < len(buf) && buf[at] == '\r' && buf[at+1] == '\n':
			return at + 2
		}
	}
}

// leadingLines returns the length of the empty lines before a start line. They are ignored (RFC
// 9112 §2.2).
func leadingLines(buf []byte) int {
	n := 0
	for n < len(buf) && (buf[n] == '\r' || buf[n] == '\n') {
		n++
	}
	return n
}

// startLine returns the start line of an incomplete head, and whether the line is complete.
func startLine(buf []byte) (string, bool) {
	buf = buf[leadingLines(buf):]
	line, _, whole := bytes.Cut(buf, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r"))), whole
}

func parseHead(raw []byte) head {
	var h head
	at := leadingLines(raw)
	for first := true; at < len(raw); first = false {
		end := at + bytes.IndexByte(raw[at:], '\n') + 1
		line := strings.TrimRight(string(raw[at:end]), "\r\n")
		switch {
		case first:
			h.start = line
		case line == "":
		case (line[0] == ' ' || line[0] == '\t') && len(h.lines) > 0:
			last := &h.lines[len(h.lines)-1]
			last.end = end
			last.value += " " + strings.TrimSpace(line)
		default:
			name, value, _ := strings.Cut(line, ":")
			h.lines = append(h.lines, headLine{at, end, name, strings.TrimSpace(value)})
		}
		at = end
	}
	return h
}

// get returns the field's value. Several values are joined by commas.
func (h head) get(name string) string {
	var values []string
	for _, l := range h.lines {
		if strings.EqualFold(l.name, name) {
			values = append(values, l.value)
		}
	}
	return strings.Join(values, ", ")
}

// has reports whether the field's comma-separated list contains the token.
func (h head) has(name, token string) bool {
	for _, item := range strings.Split(h.get(name), ",") {
		if strings.EqualFold(strings.TrimSpace(item), token) {
			return true
		}
	}
	return false
}

// contentLength returns the body's length, or -1 if the head has no Content-Length. The error
// describes invalid values.
func (h head) contentLength() (int64, error) {
	length := int64(-1)
	for _, item := range strings.Split(h.get("Content-Length"), ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		n, err := strconv.ParseUint(item, 10, 63)
		if err != nil {
			return 0, fmt.Errorf("Content-Length %q is not a number", item)
		}
		if length >= 0 && length != int64(n) {
			return 0, fmt.Errorf("Content-Length says both %d and %d", length, n)
		}
		length = int64(n)
	}
	return length, nil
}

// headFields splits a head into fields.
func headFields(raw []byte, start func(*fieldList, string)) []Field {
	var l fieldList
	l.add(leadingLines(raw), "empty line", "",
		say("an empty line before the start line, which is ignored", "起始行之前的空行，会被忽略"),
		"RFC 9112 §2.2")
	h := parseHead(raw)
	start(&l, h.start)
	if len(h.lines) > 0 {
		l.add(h.lines[0].start-l.at, "line end", "", lineEnd, "RFC 9112 §2.1")
	}
	for _, line := range h.lines {
		meaning, spec := headerMeaning(line.name)
		l.add(line.end-line.start, cmp.Or(line.name, "nameless header"),
			printable(line.value, 4*shown), meaning, spec)
	}
	if len(h.lines) == 0 {
		rest := len(raw) - l.at
		blank := 1
		if rest >= 2 && raw[len(raw)-2] == '\r' {
			blank = 2
		}
		l.add(rest-blank, "line end", "", lineEnd, "RFC 9112 §2.1")
	}
	l.add(len(raw)-l.at, "empty line", "", say("the head ends here", "头部到此结束"),
		"RFC 9112 §2.1")
	return l.all
}

var lineEnd = say("CR LF ends the line", "CR LF 结束这一行")

func requestFields(r *Row) []Field {
	return headFields(r.Data, func(l *fieldList, line string) {
		method, rest, _ := strings.Cut(line, " ")
		target, version, _ := strings.Cut(rest, " ")
		l.add(len(method)+1, "method", method,
			lookUp(methodMeanings, method, say("what to do", "要做什么")), "RFC 9110 §9")
		l.add(len(target)+1, "target", printable(target, 4*shown),
			say("what is asked for: the path and the query", "请求的目标：路径和查询参数"),
			"RFC 9112 §3.2")
		l.add(len(version), "version", version, httpVersion, "RFC 9112 §2.3")
	})
}

func responseFields(r *Row) []Field {
	return headFields(r.Data, func(l *fieldList, line string) {
		version, rest, _ := strings.Cut(line, " ")
		code, reason, spaced := strings.Cut(rest, " ")
		status, _ := strconv.Atoi(code)
		l.add(len(version)+1, "version", version, httpVersion, "RFC 9112 §2.3")
		n := len(code)
		if spaced {
			n++
		}
		l.add(n, "status", code, statusMeaning(status), "RFC 9110 §15")
		l.add(len(reason), "reason", printable(reason, shown),
			say("for people; programs go by the number", "给人看的；程序只看数字"), "RFC 9112 §4")
	})
}

var httpVersion = say("the version of HTTP", "HTTP 的版本")
