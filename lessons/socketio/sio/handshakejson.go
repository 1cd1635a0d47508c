package sio

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// officialHandshake is socket.handshake of the official server. A header is one text; a query
// parameter is a text, or an array if it came several times.
type officialHandshake struct {
	Headers map[string]any  `json:"headers"` // names in lower case
	Time    string          `json:"time"`    // for people; Issued is the same
	Address string          `json:"address"` // without the port
	XDomain bool            `json:"xdomain"`
	Secure  bool            `json:"secure"`
	Issued  float64         `json:"issued"` // milliseconds since 1970
	URL     string          `json:"url"`
	Query   map[string]any  `json:"query"`
	Auth    siopacket.Value `json:"auth"`
}

// dateText is how JavaScript writes a Date for people.
const dateText = "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)"

// MarshalJSON writes the handshake as the official server's socket.handshake: the names of headers
// in lower case, address without the port, time as JavaScript writes a Date, and issued as the same
// in milliseconds since 1970.
func (h Handshake) MarshalJSON() ([]byte, error) {
	o := officialHandshake{
		Headers: map[string]any{}, Time: h.Time.UTC().Format(dateText), Address: h.Address, XDomain: h.XDomain,
		Secure: h.Secure, Issued: float64(h.Time.UnixMilli()), URL: h.URL, Query: map[string]any{}, Auth: h.RawAuth,
	}
	if host, _, err := net.SplitHostPort(h.Address); err == nil {
		o.Address = host
	}
	if o.Auth == nil {
		o.Auth = siopacket.Value("{}")
	}
	for name, values := range h.Headers {
		separator := ", " // Node joins what came several times
		if name == "Cookie" {
			separator = "; "
		}
		o.Headers[strings.ToLower(name)] = strings.Join(values, separator)
	}
	for name, values := range h.Query {
		if o.Query[name] = values; len(values) == 1 {
			o.Query[name] = values[0]
		}
	}
	data, _, err := siopacket.Marshal(o)
	return data, err
}

// UnmarshalJSON reads what MarshalJSON or the official server has written.
func (h *Handshake) UnmarshalJSON(data []byte) error {
	var o officialHandshake
	if err := siopacket.Unmarshal(data, nil, &o); err != nil {
		return fmt.Errorf("sio: handshake: %w", err)
	}
	*h = Handshake{
		Headers: http.Header{}, Query: url.Values{}, URL: o.URL, Address: o.Address, Secure: o.Secure,
		XDomain: o.XDomain, RawAuth: o.Auth,
	}
	if o.Issued > 0 {
		h.Time = time.UnixMilli(int64(o.Issued))
	}
	for name, value := range o.Headers {
		h.Headers[http.CanonicalHeaderKey(name)] = texts(value)
	}
	for name, value := range o.Query {
		h.Query[name] = texts(value)
	}
	return nil
}

// texts reads one value, or an array of several.
func texts(value any) []string {
	several, ok := value.([]any)
	if !ok {
		several = []any{value}
	}
	all := make([]string, len(several))
	for i, one := range several {
		all[i] = fmt.Sprint(one)
	}
	return all
}
