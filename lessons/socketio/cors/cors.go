// Package cors answers for HTTP what the Fetch Standard asks of a server that lets pages of other
// origins read its answers.
package cors

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Policy lets pages of other origins read the answers to HTTP requests: the Fetch Standard's
// section "CORS protocol", with the choices of the package cors that the official server uses. The
// zero value lets every origin in, without credentials. It does not govern WebSockets, which
// browsers open to any origin: see engineio.Config.AllowRequest.
//
// An origin may read the answers if Origins, Patterns or Allow lets it in. The answer names the
// origin of the request; if Origins has a single entry and there is nothing else, it names that
// entry.
type Policy struct {
	// Origins are such as "https://example.com"; "*" stands for all.
	Origins []string

	// Patterns let in the origins that one of them matches. A match anywhere counts: write ^ and $.
	Patterns []*regexp.Regexp

	// Allow, if set, reports whether the origin may. Several goroutines may call it at once.
	Allow func(origin string, r *http.Request) bool

	// Credentials allows cookies and the like. Browsers refuse them together with "*".
	Credentials bool

	// Methods of a preflight's answer. Default GET, HEAD, PUT, PATCH, POST, DELETE.
	Methods []string

	// AllowedHeaders of a preflight's answer. Default: those it asks for.
	AllowedHeaders []string

	// ExposedHeaders may be read by the page.
	ExposedHeaders []string

	// MaxAge is how long a browser may keep a preflight's answer, in whole seconds. Default: the
	// answer does not say. Negative: not at all.
	MaxAge time.Duration

	// PreflightContinue passes a preflight on to the protocol, which refuses it.
	PreflightContinue bool

	// PreflightStatus is the status of a preflight's answer. Default 204.
	PreflightStatus int
}

var corsMethods = []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}

// Handle sets the headers of the answer. It reports whether that is the whole answer and has been
// written: of a preflight, which is any OPTIONS request. A nil Policy does nothing.
func (c *Policy) Handle(w http.ResponseWriter, r *http.Request) (done bool) {
	if c == nil {
		return false
	}
	h := w.Header()
	if !c.setOrigin(h, r) {
		return false
	}
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	setList(h, "Access-Control-Expose-Headers", c.ExposedHeaders)
	if r.Method != http.MethodOptions {
		return false
	}
	c.setPreflight(h, r)
	if c.PreflightContinue {
		return false
	}
	status := c.PreflightStatus
	if status == 0 {
		status = http.StatusNoContent
	}
	if status != http.StatusNoContent {
		h.Set("Content-Length", "0")
	}
	w.WriteHeader(status)
	return true
}

// setOrigin reports false when Allow alone decides and says no: then the request is treated as if
// there were no CORS.
func (c *Policy) setOrigin(h http.Header, r *http.Request) bool {
	const key = "Access-Control-Allow-Origin"
	listed := len(c.Origins) + len(c.Patterns)
	switch {
	case slices.Contains(c.Origins, "*") || listed == 0 && c.Allow == nil:
		h.Set(key, "*")
		return true
	case len(c.Origins) == 1 && listed == 1 && c.Allow == nil:
		h.Set(key, c.Origins[0])
		vary(h, "Origin")
		return true
	}
	vary(h, "Origin")
	origin := r.Header.Get("Origin")
	if !c.allows(origin, r) {
		return listed > 0
	}
	if origin != "" {
		h.Set(key, origin)
	}
	return true
}

func (c *Policy) allows(origin string, r *http.Request) bool {
	matches := func(p *regexp.Regexp) bool { return p.MatchString(origin) }
	return slices.Contains(c.Origins, origin) || slices.ContainsFunc(c.Patterns, matches) ||
		c.Allow != nil && c.Allow(origin, r)
}

func (c *Policy) setPreflight(h http.Header, r *http.Request) {
	methods := c.Methods
	if methods == nil {
		methods = corsMethods
	}
	setList(h, "Access-Control-Allow-Methods", methods)
	allowed := c.AllowedHeaders
	if allowed == nil {
		vary(h, "Access-Control-Request-Headers")
		allowed = r.Header.Values("Access-Control-Request-Headers")
	}
	setList(h, "Access-Control-Allow-Headers", allowed)
	if c.MaxAge != 0 {
		h.Set("Access-Control-Max-Age", strconv.FormatInt(max(0, int64(c.MaxAge/time.Second)), 10))
	}
}

func setList(h http.Header, key string, values []string) {
	if len(values) > 0 {
		h.Set(key, strings.Join(values, ","))
	}
}

// vary adds a field to Vary, unless it is there.
func vary(h http.Header, field string) {
	fields := strings.Join(h.Values("Vary"), ", ")
	for name := range strings.SplitSeq(fields, ",") {
		if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, field) {
			return
		}
	}
	if fields != "" {
		field = fields + ", " + field
	}
	h.Set("Vary", field)
}
