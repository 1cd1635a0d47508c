package httpserver

import (
	"fmt"
	"net/http"
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

// guard refuses requests for other hosts or from other origins.
func (h Hosts) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host != "" && !h.Allow(r.Host): // only HTTP/1.0 may omit it, and browsers always send one
			refuse(w, http.StatusMisdirectedRequest, fmt.Sprintf("This server does not answer to the host %q. Open an address that the lab printed, "+
				"or name the host when you start the lab: --allow-host NAME.", hostname(r.Host)))
		case !sameOrigin(r):
			refuse(w, http.StatusForbidden, "Pages of another origin may not use this server. Open its own page: "+Scheme(r)+"://"+r.Host+"/")
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
	Frames   []int // ports whose pages this page may frame
	FramedBy []int // ports whose pages may frame this page; none by default

	FramesItself bool // pages of the same origin may frame this page, too
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
	parts := []string{"default-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'"}
	connect := "connect-src 'self'"
	if host != "" && !isIPv6(host) {
		connect += " " + strings.Replace(scheme, "http", "ws", 1) + "://" + host // older browsers do not include WebSockets in 'self'
	}
	parts = append(parts, connect)
	if len(p.Frames) > 0 {
		parts = append(parts, "frame-src "+origins(scheme, host, p.Frames))
	}
	var ancestors []string
	if p.FramesItself {
		ancestors = append(ancestors, "'self'")
	}
	if len(p.FramedBy) > 0 {
		ancestors = append(ancestors, origins(scheme, host, p.FramedBy))
	}
	if len(ancestors) == 0 {
		ancestors = []string{"'none'"}
	}
	return strings.Join(append(parts, "frame-ancestors "+strings.Join(ancestors, " ")), "; ")
}

// isIPv6 reports whether a host is an IPv6 address, which a policy cannot express.
func isIPv6(host string) bool { return strings.Contains(hostname(host), ":") }

// origins lists the ports on that host, or on any host if a policy cannot name it.
func origins(scheme, host string, ports []int) string {
	name := hostname(host)
	if name == "" || isIPv6(host) {
		name = "*"
	}
	all := make([]string, len(ports))
	for i, port := range ports {
		all[i] = fmt.Sprintf("%s://%s:%d", scheme, name, port)
	}
	return strings.Join(all, " ")
}
