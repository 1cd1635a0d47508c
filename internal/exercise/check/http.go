package check

import (
	"bytes"
	"fmt"
	"strings"
)

// HTTP takes an HTTP/1.1 request or response apart: the first line, each header by its name, the
// body (RFC 9112).
func HTTP(wire []byte) []Part {
	head, body, _ := bytes.Cut(wire, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	parts := []Part{{"first line", quote([]byte(lines[0])), "RFC 9112, 2.1"}}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			parts = append(parts, Part{"line without a colon", quote([]byte(line)), "RFC 9112, 5"})
			continue
		}
		parts = append(parts, Part{strings.ToLower(name), quote([]byte(strings.TrimSpace(value))),
			"RFC 9110, 5.1"})
	}
	if len(body) > 0 {
		parts = append(parts, Part{"body", quote(body), "RFC 9112, 6"})
	}
	return parts
}

// Chunks takes a chunked body apart (RFC 9112, section 7.1).
func Chunks(wire []byte) []Part {
	const spec = "RFC 9112, 7.1"
	var parts []Part
	for n := 1; len(wire) > 0; n++ {
		name := fmt.Sprintf("chunk %d ", n)
		size, rest, ok := bytes.Cut(wire, []byte("\r\n"))
		if !ok {
			return append(parts, Part{name + "size", quote(wire) + " without CRLF", spec})
		}
		parts = append(parts, Part{name + "size", quote(size) + " CRLF", spec})
		var length int
		if _, err := fmt.Sscanf(string(size), "%x", &length); err != nil || length < 0 ||
			length > len(rest) {
			length = len(rest)
		}
		if length > 0 {
			parts = append(parts, Part{name + "data", quote(rest[:length]), spec})
		}
		end, tail := rest[length:], []byte(nil)
		if len(end) > 2 {
			end, tail = end[:2], end[2:]
		}
		parts = append(parts, Part{name + "end", quote(end), spec})
		wire = tail
	}
	return parts
}

// Events takes an event stream apart, line by line (HTML standard, section 9.2.6).
func Events(wire []byte) []Part {
	const spec = "HTML, 9.2.6"
	var parts []Part
	event, line := 1, 1
	for len(wire) > 0 {
		text, rest, ended := bytes.Cut(wire, []byte("\n"))
		wire = rest
		name := fmt.Sprintf("event %d line %d", event, line)
		switch {
		case len(text) == 0:
			parts = append(parts, Part{fmt.Sprintf("event %d end", event), "empty line", spec})
			event, line = event+1, 1
			continue
		case !ended:
			parts = append(parts, Part{name, quote(text) + " without a line end", spec})
		default:
			parts = append(parts, Part{name, quote(text), spec})
		}
		line++
	}
	return parts
}
