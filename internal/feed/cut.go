package feed

import (
	"fmt"
	"net/http"
	"sync"
)

// Cuts breaks connections on purpose: a page names its own with ?client=NAME and
// asks for them to be cut with POST /cut?client=NAME, to see what its transport
// makes of it. The zero value is ready.
type Cuts struct {
	mu    sync.Mutex
	conns map[string]map[*func()]struct{}
}

// Add registers a connection under the name its request gives, if it gives one.
// cut ends the connection without a goodbye; it is called at most once, and must
// not block. The caller calls remove when the connection has ended.
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

// take forgets the connections under name and returns them.
func (c *Cuts) take(name string) map[*func()]struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	conns := c.conns[name]
	delete(c.conns, name)
	return conns
}

// ServeCut is POST /cut?client=NAME: 200 and {"cut":2}, the number of connections cut.
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
