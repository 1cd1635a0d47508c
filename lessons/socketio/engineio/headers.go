package engineio

import (
	"net/http"
	"strings"
	"time"
)

// Cookie tells a load balancer which server holds a session: its value is the
// session's sid. It is set by the answer to the handshake, over both transports.
// The zero value is the official server's defaults for its option of that name:
//
//	Set-Cookie: io=GRKeGEnuC0N0bGjE5DV7LQ; Path=/; HttpOnly; SameSite=Lax
type Cookie struct {
	Name   string        // default "io"
	Path   string        // default "/"
	Domain string        // default none: the host that answered
	MaxAge time.Duration // in whole seconds; default none: until the browser ends
	Secure bool
	// Scriptable cookies can be read by the page's scripts.
	Scriptable  bool
	SameSite    http.SameSite // default http.SameSiteLaxMode
	Partitioned bool
}

func (c Cookie) withDefaults() Cookie {
	setDefault(&c.Name, "io")
	setDefault(&c.Path, "/")
	setDefault(&c.SameSite, http.SameSiteLaxMode)
	return c
}

func (c Cookie) header(sid string) string {
	cookie := http.Cookie{
		Name: c.Name, Value: sid, Path: c.Path, Domain: c.Domain, MaxAge: int(c.MaxAge / time.Second),
		Secure: c.Secure, HttpOnly: !c.Scriptable, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}
	return cookie.String()
}

// addInitialHeaders sets what only the answer to a handshake carries.
func (s *Server) addInitialHeaders(h http.Header, r *http.Request, sid string) {
	if s.config.Cookie != nil {
		h.Add("Set-Cookie", s.config.Cookie.header(sid))
	}
	if s.config.InitialHeaders != nil {
		s.config.InitialHeaders(h, r)
	}
	s.addHeaders(h, r)
}

// addPollingHeaders sets what every answer to a poll or a POST carries.
func addPollingHeaders(h http.Header, r *http.Request) {
	h.Set("Cache-Control", "no-store")
	if agent := r.UserAgent(); strings.Contains(agent, ";MSIE") || strings.Contains(agent, "Trident/") {
		h.Set("X-XSS-Protection", "0") // its filter takes payloads for attacks
	}
}

// addHeaders sets what every answer of a session carries.
func (s *Server) addHeaders(h http.Header, r *http.Request) {
	if s.config.Headers != nil {
		s.config.Headers(h, r)
	}
}
