package site

import (
	"maps"
	"sync"
)

// A Directory lists the demos that one lab serves, so that a page links all of them. The
// zero value is empty. Several goroutines may use it at the same time.
type Directory struct {
	mu    sync.Mutex // guards demos
	demos map[string]running
}

// running is a demo that the lab serves now.
type running struct {
	port    int        // that clients connect to
	clients func() int // number of connected clients
}

// Add adds a demo, with the port that clients connect to and a function that counts them.
func (d *Directory) Add(demo string, port int, clients func() int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.demos == nil {
		d.demos = map[string]running{}
	}
	d.demos[demo] = running{port, clients}
}

// Remove forgets a demo, unless another one of that name was added since.
func (d *Directory) Remove(demo string, port int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.demos[demo].port == port {
		delete(d.demos, demo)
	}
}

// all returns the running demos by name.
func (d *Directory) all() map[string]running {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.demos)
}
