package httpserver

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Hosts is the set of hosts that a server answers to: this machine's loopback names and addresses,
// the address that it listens on, and further names. A server that listens on all addresses answers
// to each address of this machine.
//
// In a DNS rebinding attack, a page on evil.example makes its own name resolve to 127.0.0.1 and
// then reads from a server on this machine as if from its own. The browser still sends "Host:
// evil.example", and the attacker cannot make it send one of our names. Allow checks the name only,
// because port forwarding changes the port. The zero value answers to loopback only.
type Hosts struct {
	listens netip.Addr // zero if unknown
	names   []string
}

// NewHosts returns the hosts of a server that listens on the given address, plus further names,
// such as the host of --addr. A name may be an IP address.
func NewHosts(listens net.Addr, names ...string) Hosts {
	h := Hosts{}
	if tcp, ok := listens.(*net.TCPAddr); ok {
		h.listens = tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	for _, name := range names {
		h.names = append(h.names, hostname(name))
	}
	return h
}

// Allow reports whether the value of a Host header, with a port or without, names one of the hosts.
func (h Hosts) Allow(host string) bool {
	name := hostname(host)
	if name == "localhost" || slices.Contains(h.names, name) {
		return true
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return addr.IsLoopback() || addr == h.listens || h.listens.IsUnspecified() && local(addr)
}

// local reports whether one of this machine's interfaces currently has that address. It asks each
// time, because a laptop's address changes with its network.
func local(addr netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		ip, ok := a.(*net.IPNet)
		if !ok {
			return false
		}
		one, ok := netip.AddrFromSlice(ip.IP)
		return ok && one.Unmap() == addr
	})
}

// hostname returns a host without its port, brackets and trailing dot, in lower case.
func hostname(host string) string {
	name := (&url.URL{Host: host}).Hostname()
	if strings.Count(host, ":") > 1 && !strings.Contains(host, "]") {
		name = host // a bare IPv6 address
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// sameOrigin reports whether the request comes from one of the server's own pages, from a person
// who follows a link or types the address, or from a program other than a browser. Browsers send
// the page's origin, and scripts cannot change it.
//
// Browsers send Origin with WebSocket handshakes, POSTs and cross-origin fetches. They send
// Sec-Fetch-Site with every request, but only to addresses that they trust, such as 127.0.0.1.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	}
	// Another page's link or frame may load the answer but cannot read it, and frame-ancestors
	// decides which page may show it.
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		(r.Method == http.MethodGet || r.Method == http.MethodHead)
}
