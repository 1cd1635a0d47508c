package engineio

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CORS lets pages of other origins talk to the server: the Fetch Standard's
// section "CORS protocol", with the choices of the cors package that the
// official server uses. The zero value lets every origin in, without
// credentials.
//
// Who may is said by Origins, Patterns and Allow: one of them is enough. An
// origin let in by one of several is sent back as it came; a single entry in
// Origins is sent whatever the request's origin, and "*" stands for all.
type CORS struct {
	Origins  []string // "https://example.com", or "*"
	Patterns []*regexp.Regexp
	Allow    func(origin string, r *http.Request) bool

	// Credentials allows cookies and the like. Browsers refuse them together
	// with "*": name the origins, or let Allow say yes.
	Credentials bool

	// Methods of a preflight's answer. Default GET, HEAD, PUT, PATCH, POST,
	// DELETE.
	Methods []string

	// AllowedHeaders of a preflight's answer. Default: those it asks for.
	AllowedHeaders []string

	// ExposedHeaders may be read by the page.
	ExposedHeaders []string

	// MaxAge is how long a browser may keep a preflight's answer, in whole
	// seconds. Default: not said. Negative: not at all.
	MaxAge time.Duration

	// PreflightContinue leaves the answer to a preflight to the caller.
	PreflightContinue bool

	// PreflightStatus is the status of a preflight's answer. Default 204.
	PreflightStatus int
}

var corsMethods = []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}

// Handle sets the headers of the answer. It reports whether that is the whole
// answer and has been written: of a preflight, which is any OPTIONS request. A
// nil CORS does nothing.
func (c *CORS) Handle(w http.ResponseWriter, r *http.Request) (done bool) {
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
	setDefault(&status, http.StatusNoContent)
	if status != http.StatusNoContent {
		h.Set("Content-Length", "0")
	}
	w.WriteHeader(status)
	return true
}

// setOrigin reports false when Allow alone decides and says no: then the
// request is treated as if there were no CORS.
func (c *CORS) setOrigin(h http.Header, r *http.Request) bool {
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

func (c *CORS) allows(origin string, r *http.Request) bool {
	matches := func(p *regexp.Regexp) bool { return p.MatchString(origin) }
	return slices.Contains(c.Origins, origin) || slices.ContainsFunc(c.Patterns, matches) ||
		c.Allow != nil && c.Allow(origin, r)
}

func (c *CORS) setPreflight(h http.Header, r *http.Request) {
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
