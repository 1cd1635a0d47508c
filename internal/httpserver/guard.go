package httpserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// sealed is the policy of responses that are not pages. A browser that shows one as a page runs
// nothing in it.
const sealed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secured adds security headers to every response. A page's handler replaces the policy with its
// own; see Policy.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", sealed)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// guard refuses requests for other hosts, and from other origins unless anyOrigin is set. It passes
// the paths in ownChecks.
func (h Hosts) guard(next http.Handler, anyOrigin bool, ownChecks []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.Contains(ownChecks, r.URL.Path):
			next.ServeHTTP(w, r)
		// only HTTP/1.0 may omit it, and browsers always send one
		case r.Host != "" && !h.Allow(r.Host):
			refuse(w, http.StatusMisdirectedRequest,
				fmt.Sprintf(
					"This server does not answer to the host %q. Open an "+
						"address that the lab printed, "+
						"or name the host when you start the lab: --allow-host NAME.",
					hostname(r.Host)))
		case !anyOrigin && !sameOrigin(r):
			refuse(w, http.StatusForbidden,
				"Pages of another origin may not use this server. Open its own page: "+Scheme(r)+
					"://"+r.Host+"/")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// refuse answers in plain text and closes the connection.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

// A Policy is the Content-Security-Policy of a page that loads from its own server only. The ports
// belong to other servers of the lab on the same host as the page.
type Policy struct {
	Frames   []int // ports whose pages this page may frame, besides pages of its own
	FramedBy []int // ports whose pages may frame this page; none by default

	FramesItself bool // pages of the same origin may frame this page, too

	// Uses lists ports whose servers the page may send requests to, connect to and load scripts
	// from. Those servers decide whether they answer.
	Uses []int

	// BothNames includes the ports under this machine's other loopback name: localhost for
	// 127.0.0.1, and the reverse. To a browser the two are different sites.
	BothNames bool
}

// Page serves pages and the files they load under the policy. Browsers revalidate a cached copy
// before they use it.
func (p Policy) Page(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", p.header(Scheme(r), r.Host))
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

func (p Policy) header(scheme, host string) string {
	parts := []string{"default-src 'self'", "img-src 'self' data:", "base-uri 'none'",
		"form-action 'none'"}
	connect := "connect-src 'self'"
	if host != "" && !isIPv6(host) {
		// older browsers do not include WebSockets in 'self'
		connect += " " + strings.Replace(scheme, "http", "ws", 1) + "://" + host
	}
	if len(p.Uses) > 0 {
		connect += " " + p.origins(scheme, host, p.Uses) + " " +
			p.origins(strings.Replace(scheme, "http", "ws", 1), host, p.Uses)
		parts = append(parts, "script-src 'self' "+p.origins(scheme, host, p.Uses))
	}
	parts = append(parts, connect)
	if len(p.Frames) > 0 {
		parts = append(parts, "frame-src 'self' "+p.origins(scheme, host, p.Frames))
	}
	var ancestors []string
	if p.FramesItself {
		ancestors = append(ancestors, "'self'")
	}
	if len(p.FramedBy) > 0 {
		ancestors = append(ancestors, p.origins(scheme, host, p.FramedBy))
	}
	if len(ancestors) == 0 {
		ancestors = []string{"'none'"}
	}
	return strings.Join(append(parts, "frame-ancestors "+strings.Join(ancestors, " ")), "; ")
}

// isIPv6 reports whether a host is an IPv6 address, which a policy cannot express.
func isIPv6(host string) bool { return strings.Contains(hostname(host), ":") }

// origins lists the ports on that host, or on any host if a policy cannot name it.
func (p Policy) origins(scheme, host string, ports []int) string {
	names := []string{hostname(host)}
	switch {
	case names[0] == "" || isIPv6(host):
		names[0] = "*"
	case p.BothNames && names[0] == "127.0.0.1":
		names = append(names, "localhost")
	case p.BothNames && names[0] == "localhost":
		names = append(names, "127.0.0.1")
	}
	var all []string
	for _, name := range names {
		for _, port := range ports {
			all = append(all, fmt.Sprintf("%s://%s:%d", scheme, name, port))
		}
	}
	return strings.Join(all, " ")
}
