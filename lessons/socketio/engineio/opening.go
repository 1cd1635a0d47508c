package engineio

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Handshake is what the client sent to open a session.
type Handshake struct {
	Header     http.Header
	URL        string // the request target: path and query
	RemoteAddr string
	Secure     bool
	Time       time.Time
}

// Query is the handshake's query string.
func (h *Handshake) Query() url.Values {
	u, err := url.ParseRequestURI(h.URL)
	if err != nil {
		return url.Values{}
	}
	return u.Query()
}

// packedHandshake is a Handshake in the little memory that an idle session has
// for it.
type packedHandshake struct {
	header          string // names and values, each with a separator after it
	url, remoteAddr string
	secure          bool
	unixNano        int64
}

// headerSeparator is a byte that no header contains (RFC 9110 section 5.5).
const headerSeparator = "\x00"

func packHandshake(r *http.Request) packedHandshake {
	var header strings.Builder
	size := 0
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + 2*len(headerSeparator)
		}
	}
	header.Grow(size)
	for name, values := range r.Header {
		for _, value := range values {
			header.WriteString(name)
			header.WriteString(headerSeparator)
			header.WriteString(value)
			header.WriteString(headerSeparator)
		}
	}
	return packedHandshake{header.String(), strings.Clone(r.RequestURI), r.RemoteAddr, r.TLS != nil, time.Now().UnixNano()}
}

func (p packedHandshake) unpack() *Handshake {
	header := http.Header{}
	for rest := p.header; rest != ""; {
		var name, value string
		name, rest, _ = strings.Cut(rest, headerSeparator)
		value, rest, _ = strings.Cut(rest, headerSeparator)
		header[name] = append(header[name], value)
	}
	return &Handshake{Header: header, URL: p.url, RemoteAddr: p.remoteAddr, Secure: p.secure, Time: time.Unix(0, p.unixNano)}
}
