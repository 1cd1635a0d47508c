package feed

import (
	"fmt"
	"net"
	"net/http"
	"sync"
)

// Cuts lets a page break its own connections to see how its transport recovers. The page names them
// with ?client=NAME and cuts them with POST /cut?client=NAME. The zero value is ready for use.
type Cuts struct {
	mu    sync.Mutex
	conns map[string]map[*func()]struct{}
}

// Add registers a connection under the name in its request, if there is one. cut must abort the
// connection without blocking, and is called at most once. The caller calls remove when the
// connection has ended.
func (c *Cuts) Add(r *http.Request, cut func()) (remove func()) {
	name := r.URL.Query().Get("client")
	if name == "" {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conns == nil {
		c.conns = map[string]map[*func()]struct{}{}
	}
	if c.conns[name] == nil {
		c.conns[name] = map[*func()]struct{}{}
	}
	key := &cut
	c.conns[name][key] = struct{}{}
	return func() { c.remove(name, key) }
}

func (c *Cuts) remove(name string, key *func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns[name], key)
	if len(c.conns[name]) == 0 {
		delete(c.conns, name)
	}
}

// take removes the connections registered under name and returns them.
func (c *Cuts) take(name string) map[*func()]struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	conns := c.conns[name]
	delete(c.conns, name)
	return conns
}

// ServeCut handles POST /cut?client=NAME. It answers 200 with {"cut":2}, the number of connections
// cut.
func (c *Cuts) ServeCut(w http.ResponseWriter, r *http.Request) {
	if err := sameOrigin.Check(r); err != nil {
		Refuse(w, http.StatusForbidden, "pages of another origin may not cut here")
		return
	}
	name := r.URL.Query().Get("client")
	if name == "" {
		Refuse(w, http.StatusBadRequest, "client must say whose connections to cut")
		return
	}
	conns := c.take(name)
	for cut := range conns {
		(*cut)()
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(w, "{\"cut\":%d}\n", len(conns))
}

// Reset aborts a connection: the peer gets a TCP reset, and unsent data is discarded. It finds the
// TCP connection below wrappers that have a NetConn method.
func Reset(conn net.Conn) {
	for under := conn; under != nil; {
		if tcp, ok := under.(interface{ SetLinger(sec int) error }); ok {
			_ = tcp.SetLinger(0)
			break
		}
		wrapper, ok := under.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		under = wrapper.NetConn()
	}
	_ = conn.Close()
}
