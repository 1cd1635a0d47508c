package xray

import (
	"regexp"
	"slices"
	"strings"
)

// specLinks holds the URLs of specifications other than RFCs.
var specLinks = map[string]string{
	"CSP Level 3":                     "https://www.w3.org/TR/CSP3/",
	"Client Hints":                    "https://wicg.github.io/ua-client-hints/",
	"Engine.IO v3, Encoding":          "https://github.com/socketio/engine.io-protocol/tree/v3#encoding",
	eioSpec:                           "https://socket.io/docs/v4/engine-io-protocol/#packet-encoding",
	"Engine.IO v4, HTTP long-polling": "https://socket.io/docs/v4/engine-io-protocol/#http-long-polling",
	"Engine.IO v4, Handshake":         "https://socket.io/docs/v4/engine-io-protocol/#handshake",
	"Fetch Metadata":                  "https://www.w3.org/TR/fetch-metadata/",
	"Fetch §3.6":                      "https://fetch.spec.whatwg.org/#x-content-type-options-header",
	"Fetch §3.7":                      "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header",
	"Fetch, CORS protocol":            "https://fetch.spec.whatwg.org/#http-cors-protocol",
	"HTML, server-sent events":        "https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header",
	sseSpec:                           "https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream",
	respSpec:                          "https://redis.io/docs/latest/develop/reference/protocol-spec/",
	sioSpec:                           "https://socket.io/docs/v4/socket-io-protocol/#packet-encoding",
	"Socket.IO v5, Introduction":      "https://socket.io/docs/v4/socket-io-protocol/#introduction",
	"Upgrade Insecure Requests":       "https://www.w3.org/TR/upgrade-insecure-requests/",
}

// rfc matches a section of an RFC, such as RFC 6455 §5.2.
var rfc = regexp.MustCompile(`^RFC (\d+)(?: (§|appendix )([\w.]+))?$`)

// specLink returns the URL of the section that a Field.Spec names, or "" if it is unknown.
func specLink(spec string) string {
	m := rfc.FindStringSubmatch(spec)
	if m == nil {
		return specLinks[spec]
	}
	url := "https://www.rfc-editor.org/rfc/rfc" + m[1]
	switch m[2] {
	case "§":
		url += "#section-" + m[3]
	case "appendix ":
		url += "#appendix-" + m[3]
	}
	return url
}

// A topic is a section of a lesson, and the fields that it explains.
type topic struct {
	section string   // lesson#section
	names   []string // of fields, in lower case
	specs   []string // beginnings of Field.Spec
}

// topics lists the sections of the lessons. A field links to the first section that explains it.
var topics = []topic{
	{section: "longpoll#when-to-use-it", names: []string{"if-none-match", "etag"}},
	{section: "longconn#server-sent-events", names: []string{"last-event-id"},
		specs: []string{"HTML, server-sent events"}},
	{section: "longconn#on-the-wire", names: []string{"transfer-encoding"},
		specs: []string{"RFC 9112 §7"}},
	{section: "websocket#the-handshake", names: []string{"upgrade"},
		specs: []string{"RFC 6455 §4", "RFC 6455 §1", "RFC 6455 §9"}},
	{section: "websocket#masking-and-why-only-the-client", names: []string{"masking key"}},
	{section: "websocket#closing", specs: []string{"RFC 6455 §7", "RFC 6455 §5.5.1"}},
	{section: "websocket#frames", specs: []string{"RFC 6455 §5", "RFC 6455 §11", "RFC 7692"}},
	{section: "socketio-events#acknowledgements", names: []string{"ack id"}},
	{section: "socketio-events#namespaces", names: []string{"namespace"}},
	{section: "socketio-events#binary", names: []string{"attachments", "attachment"}},
	{section: "socketio#two-protocols-one-in-the-other", specs: []string{"Engine.IO", "Socket.IO"}},
}

// Sections returns the sections of lessons that fields are linked to, such as websocket#frames.
func Sections() []string {
	var all []string
	for _, t := range topics {
		all = append(all, t.section)
	}
	return all
}

// lessonLink returns the section of a lesson that explains the field, or "".
func lessonLink(f Field) string {
	for _, t := range topics {
		if slices.Contains(t.names, strings.ToLower(f.Name)) ||
			slices.ContainsFunc(t.specs, func(s string) bool {
				return strings.HasPrefix(f.Spec, s)
			}) {
			return t.section
		}
	}
	return ""
}

// A linkedField is a field as a page shows it.
type linkedField struct {
	Field
	Link   string        `json:"link,omitempty"`   // of the specification
	Lesson string        `json:"lesson,omitempty"` // lesson#section
	Parts  []linkedField `json:"parts,omitempty"`
}

func linked(fields []Field) []linkedField {
	all := make([]linkedField, len(fields))
	for i, f := range fields {
		all[i] = linkedField{f, specLink(f.Spec), lessonLink(f), linked(f.Parts)}
	}
	return all
}
