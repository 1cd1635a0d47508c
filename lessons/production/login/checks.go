package login

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/feed/wire"
)

// checks are the switches of the demo. They concern its own paths alone, see ownChecks.
type checks struct {
	Origin bool `json:"origin"` // refuse the requests of other origins' pages
	Host   bool `json:"host"`   // refuse requests for another host
	// the cookie stays at home when another site's page sends a request
	SameSite bool `json:"sameSite"`
	// a cookie alone opens no connection: the first message must bring a token
	Token  bool `json:"token"`
	Script bool `json:"script"` // answer nothing as a script: no JSONP
	Limits bool `json:"limits"` // rates of events and connections
}

var allOn = checks{true, true, true, true, true, true}

// state returns the switches.
func (s *Server) state() checks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.checks
}

const checksPath = "/lab/login/checks"

// serveChecks changes switches, for a client that holds the key. Fields that are missing stay.
func (s *Server) serveChecks(w http.ResponseWriter, r *http.Request) {
	if s.lab == nil || !s.lab.Keyed(r) {
		wire.Refuse(w, http.StatusForbidden,
			"only the person who started the lab can switch the checks: open the page with the key")
		return
	}
	s.mu.Lock()
	wanted := s.checks
	s.mu.Unlock()
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wanted); err != nil {
		wire.Refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	s.checks = wanted
	s.mu.Unlock()
	s.pages.changed(wanted)
	w.WriteHeader(http.StatusNoContent)
}

// admit applies the checks of host, origin and scripts to a request. It answers a request that
// fails one, and returns false.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	on := s.state()
	switch {
	case on.Host && !s.ours(r.Host):
		s.refuse(w, r, http.StatusMisdirectedRequest, fmt.Sprintf("host %q is not ours", r.Host))
	case on.Origin && foreignOrigin(r) != "":
		s.refuse(w, r, http.StatusForbidden, foreignOrigin(r))
	case on.Script && asScript(r):
		s.refuse(w, r, http.StatusBadRequest, "this server answers nothing as a script")
	default:
		if asScript(r) {
			// else browsers refuse the script
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		return true
	}
	return false
}

// asScript reports whether the answer is to be a script that calls a function: JSONP. Pages of
// every origin may load scripts, with the visitor's cookies.
func asScript(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has("callback") || q.Has("j")
}

// foreignOrigin returns what is wrong with the origin of the page that sends a request, or "".
// Browsers name the origin with a WebSocket's handshake, a POST and a fetch to another origin. A
// script tag sends no Origin, but Sec-Fetch-Site, to addresses that the browser trusts.
func foreignOrigin(r *http.Request) string {
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			return fmt.Sprintf("origin %q is not that of this server", origin)
		}
		return ""
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "cross-site", "same-site":
		return "a page of another origin sent it: Sec-Fetch-Site is " + site
	}
	return ""
}

// ours reports whether a Host header is one of this server's. A page of an attacker whose name
// resolves to this machine sends the attacker's name.
func (s *Server) ours(host string) bool {
	if s.lab == nil {
		return isLoopback(host)
	}
	return s.lab.Allow(host)
}

// retryAfter returns a wait as the header takes it: whole seconds, rounded up.
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}
