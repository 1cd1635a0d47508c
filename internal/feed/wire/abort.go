package wire

import (
	"fmt"
	"net/http"
	"sync"
)

// Aborts lets a page abort its own connections to see how its transport recovers. The page names
// them with ?client=NAME and aborts them with POST /cut?client=NAME. The zero value is ready for
// use.
type Aborts struct {
	mu    sync.Mutex
	conns map[string]map[*func()]struct{}
}

// Add registers a connection under the name in its request, if there is one. abort must not
// block, and is called at most once. The caller calls remove when the connection has ended.
func (a *Aborts) Add(r *http.Request, abort func()) (remove func()) {
	name := r.URL.Query().Get("client")
	if name == "" {
		return func() {}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conns == nil {
		a.conns = map[string]map[*func()]struct{}{}
	}
	if a.conns[name] == nil {
		a.conns[name] = map[*func()]struct{}{}
	}
	key := &abort
	a.conns[name][key] = struct{}{}
	return func() { a.remove(name, key) }
}

func (a *Aborts) remove(name string, key *func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.conns[name], key)
	if len(a.conns[name]) == 0 {
		delete(a.conns, name)
	}
}

// take removes the connections registered under name and returns them.
func (a *Aborts) take(name string) map[*func()]struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	conns := a.conns[name]
	delete(a.conns, name)
	return conns
}

// ServeHTTP handles POST /cut?client=NAME. It answers 200 with {"cut":2}, the number of
// connections aborted.
func (a *Aborts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := sameOrigin.Check(r); err != nil {
		Refuse(w, http.StatusForbidden, "pages of another origin may not cut here")
		return
	}
	name := r.URL.Query().Get("client")
	if name == "" {
		Refuse(w, http.StatusBadRequest, "client must say whose connections to cut")
		return
	}
	conns := a.take(name)
	for abort := range conns {
		(*abort)()
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(w, "{\"cut\":%d}\n", len(conns))
}
