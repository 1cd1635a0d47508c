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

// officialHandshake is socket.handshake of the official server. A header is one string; a query
// parameter is a string, or an array if it occurs several times.
type officialHandshake struct {
	Headers map[string]any  `json:"headers"` // names in lower case
	Time    string          `json:"time"`    // human-readable form of Issued
	Address string          `json:"address"` // without the port
	XDomain bool            `json:"xdomain"`
	Secure  bool            `json:"secure"`
	Issued  float64         `json:"issued"` // milliseconds since 1970
	URL     string          `json:"url"`
	Query   map[string]any  `json:"query"`
	Auth    siopacket.Value `json:"auth"`
}

// dateText is the layout of a JavaScript Date as text.
const dateText = "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)"

// MarshalJSON encodes the handshake like the official server's socket.handshake: header names in
// lower case, address without the port, time as JavaScript formats a Date, and issued in
// milliseconds since 1970.
func (h Handshake) MarshalJSON() ([]byte, error) {
	o := officialHandshake{
		Headers: map[string]any{}, Time: h.Time.UTC().Format(dateText), Address: h.Address,
		XDomain: h.XDomain,
		Secure:  h.Secure, Issued: float64(h.Time.UnixMilli()), URL: h.URL, Query: map[string]any{},
		Auth: h.RawAuth,
	}
	if host, _, err := net.SplitHostPort(h.Address); err == nil {
		o.Address = host
	}
	if o.Auth == nil {
		o.Auth = siopacket.Value("{}")
	}
	for name, values := range h.Headers {
		separator := ", " // Node joins repeated headers
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

// UnmarshalJSON decodes the JSON of MarshalJSON or of the official server.
func (h *Handshake) UnmarshalJSON(data []byte) error {
	var o officialHandshake
	if err := siopacket.Unmarshal(data, nil, &o); err != nil {
		return fmt.Errorf("sio: handshake: %w", err)
	}
	*h = Handshake{
		Headers: http.Header{}, Query: url.Values{}, URL: o.URL, Address: o.Address,
		Secure:  o.Secure,
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

// texts returns a string, or the strings of an array.
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
