// Package har writes the rows of an x-ray as an HTTP Archive (HAR 1.2), which the Network panel of
// a browser's developer tools imports.
package har

import (
	"encoding/json"
	"io"
	"time"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// A log is the archive. Names of fields that HAR 1.2 does not know begin with an underscore.
type log struct {
	Version string  `json:"version"`
	Creator creator `json:"creator"`
	Entries []entry `json:"entries"`
	Comment string  `json:"comment,omitempty"`
}

type creator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// An entry is a request with its response, and the messages of the WebSocket that they opened.
type entry struct {
	Started    time.Time `json:"startedDateTime"`
	Time       float64   `json:"time"` // ms: the sum of the timings
	Request    request   `json:"request"`
	Response   response  `json:"response"`
	Cache      struct{}  `json:"cache"`
	Timings    timings   `json:"timings"`
	ServerIP   string    `json:"serverIPAddress,omitempty"`
	Connection string    `json:"connection"`
	Comment    string    `json:"comment,omitempty"`

	Side     tap.Side           `json:"_side,omitempty"` // of the proxy before the server
	Type     string             `json:"_resourceType,omitempty"`
	Messages []webSocketMessage `json:"_webSocketMessages,omitempty"`
}

type request struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []cookie  `json:"cookies"`
	Headers     []pair    `json:"headers"`
	QueryString []pair    `json:"queryString"`
	PostData    *postData `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type response struct {
	Status      int      `json:"status"`
	StatusText  string   `json:"statusText"`
	HTTPVersion string   `json:"httpVersion"`
	Cookies     []cookie `json:"cookies"`
	Headers     []pair   `json:"headers"`
	Content     content  `json:"content"`
	RedirectURL string   `json:"redirectURL"`
	HeadersSize int      `json:"headersSize"`
	BodySize    int      `json:"bodySize"`
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Path     string `json:"path,omitempty"`
	HTTPOnly bool   `json:"httpOnly,omitempty"`
	Secure   bool   `json:"secure,omitempty"`
}

type postData struct {
	MimeType string `json:"mimeType"`
	Params   []pair `json:"params"`
	Text     string `json:"text"`
	Comment  string `json:"comment,omitempty"`
}

type content struct {
	Size        int    `json:"size"` // after decompression
	Compression int    `json:"compression,omitempty"`
	MimeType    string `json:"mimeType"`
	Text        string `json:"text,omitempty"`
	Encoding    string `json:"encoding,omitempty"` // base64, or empty for text
}

// timings are in ms, as the server saw them. -1 means that the server cannot know it.
type timings struct {
	Blocked float64 `json:"blocked"`
	DNS     float64 `json:"dns"`
	Connect float64 `json:"connect"`
	SSL     float64 `json:"ssl"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// A webSocketMessage is one message of a WebSocket, in the form of Chrome's developer tools.
type webSocketMessage struct {
	Type   string  `json:"type"` // send or receive
	Time   float64 `json:"time"` // seconds since 1970
	Opcode int     `json:"opcode"`
	Data   string  `json:"data"` // of a binary message in base64
}

// A Count says what an archive holds.
type Count struct {
	Requests int
	Messages int // of WebSockets
}

// Write writes an archive of the rows, oldest first. It holds the requests whose heads are among
// the rows. If keep is not nil, it holds only requests with a row for which keep returns true, with
// all their rows. scheme is the scheme of the URLs, http or https, because rows of HTTP/1.1 do not
// contain it. If it is empty, the port decides.
func Write(w io.Writer, rows []*xray.Row, keep func(*xray.Row) bool, scheme string) (c Count,
	err error) {
	l := log{
		Version: "1.2", Creator: creator{"lab", "1"}, Entries: []entry{},
		Comment: "made from the bytes that a server read and wrote: the times are the server's",
	}
	for _, x := range collect(rows, keep) {
		e := x.entry(scheme)
		l.Entries = append(l.Entries, e)
		c.Messages += len(e.Messages)
	}
	c.Requests = len(l.Entries)
	return c, json.NewEncoder(w).Encode(map[string]log{"log": l})
}
