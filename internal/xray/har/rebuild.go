package har

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/tap"
	"realtimelab/lessons/websocket/frame"
)

// framing lists the fields of a head that say how a body was encoded or framed. In an archive
// bodies are decoded, and messages are whole.
var framing = []string{"Content-Length", "Transfer-Encoding", "Content-Encoding",
	"Sec-WebSocket-Extensions"}

func (e *readEntry) isWebSocket() bool {
	return e.Type == "websocket" || len(e.Messages) > 0 ||
		e.Response.Status == http.StatusSwitchingProtocols
}

// requestBytes rebuilds a request.
func (e *readEntry) requestBytes(target *url.URL, socket bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", word(e.Request.Method, "GET"),
		word(target.RequestURI(), "/"))
	headers := kept(e.Request.Headers)
	if get(headers, "Host") == "" {
		headers = append([]pair{{"Host", target.Host}}, headers...)
	}
	if socket && get(headers, "Upgrade") == "" {
		headers = append(headers, pair{"Connection", "Upgrade"}, pair{"Upgrade", "websocket"})
	}
	var body []byte
	if post := e.Request.PostData; post != nil {
		encoding := ""
		if post.Comment == base64Comment {
			encoding = "base64"
		}
		if decoded, err := plain(post.Text, encoding); err == nil {
			body = decoded
		}
		headers = append(headers, pair{"Content-Length", fmt.Sprint(len(body))})
	}
	writeHead(&b, headers)
	b.Write(body)
	return b.Bytes()
}

// responseBytes rebuilds a response, and returns how many bytes of its body the archive lacks.
func (e *readEntry) responseBytes(socket bool) (head, body []byte, missing int64) {
	var b bytes.Buffer
	headers := kept(e.Response.Headers)
	status, text := e.Response.Status, e.Response.StatusText
	if socket && status == http.StatusOK { // WebSocket over HTTP/2
		status, text = http.StatusSwitchingProtocols, ""
	}
	if status == http.StatusSwitchingProtocols && get(headers, "Upgrade") == "" {
		headers = append(headers, pair{"Connection", "Upgrade"}, pair{"Upgrade", "websocket"})
	}
	if text == "" {
		text = http.StatusText(status)
	}
	status = min(max(status, 100), 999)
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, line(text))
	if bodiless := e.Request.Method == http.MethodHead || status < 200 ||
		status == http.StatusNoContent || status == http.StatusNotModified; !bodiless {
		decoded, err := plain(e.Response.Content.Text, e.Response.Content.Encoding)
		if err == nil {
			body = decoded
		}
		if size := int64(e.Response.Content.Size); len(body) == 0 && size > 0 {
			missing = min(size, 1<<40)
		}
		headers = append(headers, pair{"Content-Length", fmt.Sprint(int64(len(body)) + missing)})
	}
	writeHead(&b, headers)
	return b.Bytes(), body, missing
}

// kept returns the fields of a head, without pseudo-header fields of HTTP/2 and framing.
func kept(headers []pair) (all []pair) {
	for _, h := range headers {
		frames := slices.ContainsFunc(framing, func(name string) bool {
			return strings.EqualFold(h.Name, name)
		})
		if h.Name != "" && !strings.HasPrefix(h.Name, ":") && !frames {
			all = append(all, h)
		}
	}
	return all
}

func writeHead(b *bytes.Buffer, headers []pair) {
	for _, h := range headers {
		fmt.Fprintf(b, "%s: %s\r\n", word(h.Name, "X"), line(h.Value))
	}
	b.WriteString("\r\n")
}

// line returns a text without line ends. Browsers join repeated fields with them.
func line(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", ", ", "\n", ", ", "\r", " ", "\x00", "").
		Replace(text))
}

// word removes spaces and line ends from text. If nothing is left, it returns otherwise.
func word(text, otherwise string) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if text == "" {
		return otherwise
	}
	return text
}

// message adds a message of a WebSocket as one frame.
func (p *player) message(c *playedConn, m readMessage) error {
	seconds := min(max(m.Time, 0), 1<<37)
	at := time.UnixMicro(int64(seconds * 1e6))
	if at.Before(c.opened) {
		at = c.opened
	}
	dir := tap.Out
	switch m.Type {
	case "send":
		dir = tap.In
	case "receive":
	default: // such as an error
		return nil
	}
	op := frame.Opcode(m.Opcode)
	if m.Opcode < 0 || !op.Known() || op == frame.Continuation {
		return fmt.Errorf("a message has the unknown opcode %d", m.Opcode)
	}
	encoding := ""
	if op == frame.Binary {
		encoding = "base64"
	}
	payload, err := plain(m.Data, encoding)
	if err != nil {
		return fmt.Errorf("a binary message: %w", err)
	}
	if op.Control() && len(payload) > frame.MaxControl {
		payload = payload[:frame.MaxControl]
	}
	f := frame.Frame{Header: frame.Header{Fin: true, Opcode: op, Masked: dir == tap.In},
		Payload: payload}
	p.data(c, at, dir, f.Append(nil))
	return nil
}
