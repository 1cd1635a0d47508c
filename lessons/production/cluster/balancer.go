package cluster

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// The ways to choose a server.
const (
	notSticky = "off"     // the next one, for each request
	byCookie  = "cookie"  // the one that the balancer's cookie names
	byAddress = "address" // the one that the client's address leads to
)

// balancer passes requests on to the servers. Every request of an Engine.IO session must reach the
// server that has the session, so the balancer is sticky.
type balancer struct {
	demo   *demo
	cookie string // name of the cookie
	proxy  *httputil.ReverseProxy
	turn   atomic.Int64

	mu   sync.Mutex // guards what follows
	seen map[string][]passed
}

// passed is a request of a page's client, and where it went.
type passed struct {
	N         int64  `json:"n"` // counts the balancer's requests
	Method    string `json:"method"`
	Transport string `json:"transport"`
	Session   bool   `json:"session"` // it names a session
	Server    string `json:"server"`
	Status    int    `json:"status"`
}

// newBalancer returns a balancer for the page at that port. Browsers share cookies between ports,
// so the cookie's name includes the port.
func newBalancer(d *demo, port int) *balancer {
	b := &balancer{demo: d, cookie: "lab-server-" + strconv.Itoa(port), seen: map[string][]passed{}}
	b.proxy = &httputil.ReverseProxy{
		Transport:      &http.Transport{DisableCompression: true},
		Rewrite:        b.rewrite,
		ModifyResponse: b.answered,
		ErrorHandler:   b.failed,
	}
	return b
}

func (b *balancer) close() { b.proxy.Transport.(*http.Transport).CloseIdleConnections() }

// ServeHTTP passes a request on to the server that choose returns.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	b.pass(w, r, address)
}

// trustedFront is the balancer behind another proxy, which names the client's address.
type trustedFront struct{ *balancer }

func (f *trustedFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.pass(w, r, r.Header.Get("X-Forwarded-For"))
}

type choiceKey struct{}

// choice is the server of one request.
type choice struct {
	server  *server
	process *process
}

func (b *balancer) pass(w http.ResponseWriter, r *http.Request, address string) {
	s := b.choose(r, address)
	var c choice
	if s != nil {
		c = choice{s, s.now()}
	}
	if c.process == nil {
		b.note(r, "", http.StatusServiceUnavailable)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "No server is up.", http.StatusServiceUnavailable)
		return
	}
	b.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), choiceKey{}, c)))
}

// choose returns the server for a request, or nil if none is up. A server that drains keeps its
// sessions and gets no new ones.
func (b *balancer) choose(r *http.Request, address string) *server {
	up := b.demo.up()
	next := func() *server {
		if len(up) == 0 || b.demo.starting() > len(up) {
			return nil // the first server that is up would get all clients
		}
		return up[int(b.turn.Add(1)-1)%len(up)]
	}
	switch b.demo.stateNow().Sticky {
	case byCookie:
		cookie, err := r.Cookie(b.cookie)
		if err != nil {
			return next()
		}
		s := b.demo.server(cookie.Value)
		if s == nil || !s.serves(r) {
			return next()
		}
		return s
	case byAddress:
		return nearest(b.demo.servers, address, r)
	}
	return next()
}

// starting returns the number of servers that start.
func (d *demo) starting() (n int) {
	for _, s := range d.servers {
		if s.status() == statusStarting {
			n++
		}
	}
	return n
}

// serves reports whether the server may get the request: it is up, or has the request's session.
func (s *server) serves(r *http.Request) bool {
	is := s.status()
	return is == statusUp || is == statusDraining && r.URL.Query().Get("sid") != ""
}

// nearest returns the server whose hash with the address is the highest. When one goes, only the
// addresses that led to it lead elsewhere.
func nearest(servers []*server, address string, r *http.Request) (best *server) {
	var highest uint64
	for _, s := range servers {
		h := fnv.New64a()
		_, _ = fmt.Fprintf(h, "%s %s", address, s.name) // a hash takes everything
		sum := mix(h.Sum64())
		if s.serves(r) && (best == nil || sum > highest) {
			best, highest = s, sum
		}
	}
	return best
}

// mix spreads the low bits of a hash, in which similar texts differ, over all bits.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

// rewrite sends the request to the chosen server. It keeps the Host header, which the server
// compares with the page's origin.
func (b *balancer) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(r.In.Context().Value(choiceKey{}).(choice).process.url)
	r.Out.Host = r.In.Host
	r.SetXForwarded()
}

// answered sets the cookie that leads the client back to this server.
func (b *balancer) answered(res *http.Response) error {
	r := res.Request
	s := r.Context().Value(choiceKey{}).(choice).server
	b.note(r, s.name, res.StatusCode)
	if b.demo.stateNow().Sticky != byCookie {
		return nil
	}
	if had, err := r.Cookie(b.cookie); err == nil && had.Value == s.name {
		return nil
	}
	cookie := http.Cookie{
		Name: b.cookie, Value: s.name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.Header.Get("X-Forwarded-Proto") == "https",
	}
	res.Header.Add("Set-Cookie", cookie.String())
	return nil
}

// failed answers a request whose server went away.
func (b *balancer) failed(w http.ResponseWriter, r *http.Request, err error) {
	s := r.Context().Value(choiceKey{}).(choice).server
	if r.Context().Err() == nil {
		b.note(r, s.name, http.StatusBadGateway)
	}
	http.Error(w, "The server "+s.name+" did not answer.", http.StatusBadGateway)
}

const (
	maxSeen   = 12  // requests of a client
	maxPages  = 300 // whose requests are kept
	maxClient = 64  // bytes of a client's name
)

// note keeps a request for the page whose client has made it.
func (b *balancer) note(r *http.Request, server string, status int) {
	q := r.URL.Query()
	client := q.Get("client")
	if client == "" || len(client) > maxClient || !strings.HasPrefix(r.URL.Path, "/socket.io/") {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all, watched := b.seen[client]
	if !watched {
		return
	}
	p := passed{Method: r.Method, Transport: q.Get("transport"), Session: q.Get("sid") != "",
		Server: server, Status: status, N: 1}
	if len(all) > 0 {
		p.N = all[len(all)-1].N + 1
	}
	all = append(all, p)
	b.seen[client] = all[max(len(all)-maxSeen, 0):]
}

// watch keeps the requests of a client until the function that it returns is called.
func (b *balancer) watch(client string) (forget func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, watched := b.seen[client]; watched || client == "" || len(client) > maxClient ||
		len(b.seen) >= maxPages {
		return func() {}
	}
	b.seen[client] = []passed{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.seen, client)
	}
}

// requests returns the last requests of a client, oldest first.
func (b *balancer) requests(client string) []passed {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]passed{}, b.seen[client]...)
}
