package sio

import (
	"net/http"
	"net/url"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Handshake is what the client sent when it connected. All but the auth
// payload is of the session, and so the same for the client's sockets in every
// namespace.
type Handshake struct {
	Headers http.Header `json:"headers"`
	Query   url.Values  `json:"query"`
	URL     string      `json:"url"`     // the request target
	Address string      `json:"address"` // IP and port
	Secure  bool        `json:"secure"`  // over TLS
	XDomain bool        `json:"xdomain"` // with an Origin header
	Time    time.Time   `json:"time"`

	RawAuth siopacket.Value `json:"auth,omitzero"` // CONNECT's payload as JSON, nil if there was none
}

// Auth decodes the payload of CONNECT into v.
func (h Handshake) Auth(v any) error {
	if h.RawAuth == nil {
		return siopacket.Unmarshal(siopacket.Value("{}"), nil, v)
	}
	return siopacket.Unmarshal(h.RawAuth, nil, v)
}

// Handshake returns what the client sent when it connected.
func (s *Socket) Handshake() Handshake { return s.client.handshake(s.auth) }

func (c *client) handshake(auth []byte) Handshake {
	h := c.session.Handshake()
	if len(auth) == 0 {
		auth = nil
	}
	return Handshake{
		Headers: h.Header, Query: h.Query(), URL: h.URL, Address: h.RemoteAddr, Secure: h.Secure,
		XDomain: h.Header.Get("Origin") != "", Time: h.Time, RawAuth: auth,
	}
}
