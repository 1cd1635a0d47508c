package sio

import (
	"net/http"
	"net/url"
	"time"

	"realtimelab/lessons/socketio/siopacket"
)

// Handshake describes the request with which the client connected. Only the auth payload belongs to
// the socket; the rest is the same for the client's sockets in every namespace. Each call of
// Socket.Handshake returns a new one, which the caller may change. Its JSON is that of the official
// server: see MarshalJSON.
type Handshake struct {
	Headers http.Header // of the request, Host included
	Query   url.Values  // of the request's URL
	URL     string      // the request target: path and query
	Address string      // IP and port of the client; of a socket on another server, the IP
	Secure  bool        // over TLS
	XDomain bool        // with an Origin header
	Time    time.Time   // when the client connected

	RawAuth siopacket.Value // CONNECT's payload as JSON, nil without one: see Auth
}

// Auth decodes the payload of CONNECT, the client's auth option, into v, a pointer. A missing
// payload decodes as an empty object. The error names the field that does not fit.
func (h Handshake) Auth(v any) error {
	if h.RawAuth == nil {
		return siopacket.Unmarshal(siopacket.Value("{}"), nil, v)
	}
	return siopacket.Unmarshal(h.RawAuth, nil, v)
}

// Handshake describes the request with which the client connected.
func (s *Socket) Handshake() Handshake { return s.client.handshake(s.auth) }

func (c *client) handshake(auth []byte) Handshake {
	r := c.session.Request()
	if len(auth) == 0 {
		auth = nil
	}
	headers := r.Header.Clone()
	headers.Set("Host", r.Host) // net/http takes it out
	return Handshake{
		Headers: headers, Query: r.URL.Query(), URL: r.RequestURI, Address: r.RemoteAddr,
		Secure:  r.TLS != nil,
		XDomain: r.Header.Get("Origin") != "", Time: c.session.Opened(), RawAuth: auth,
	}
}
