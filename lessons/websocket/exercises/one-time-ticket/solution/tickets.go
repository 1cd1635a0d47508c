// Package onetimeticket lets a browser's WebSocket in with a ticket.
package onetimeticket

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Lifetime is the time in which a ticket must be used.
const Lifetime = 30 * time.Second

// Config connects Tickets to its server. All of it is correct as it is.
type Config struct {
	// Session returns the user whose session cookie the request carries, or "" without a valid one.
	Session func(r *http.Request) string

	// Now returns the time.
	Now func() time.Time

	// Log writes a line to a file that support staff and backups can read.
	Log func(line string)
}

// Tickets issues and redeems tickets. NewTickets makes one; it is safe for concurrent use.
type Tickets struct {
	Config
	mu   sync.Mutex
	open map[string]ticket
}

type ticket struct {
	user   string
	issued time.Time
}

// NewTickets returns Tickets without any.
func NewTickets(c Config) *Tickets { return &Tickets{Config: c, open: map[string]ticket{}} }

// Open returns the number of tickets in memory.
func (t *Tickets) Open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// Issue answers POST /ticket with {"ticket":"…"}. The page then calls
//
//	new WebSocket("wss://lab.example/ws?ticket=" + ticket)
func (t *Tickets) Issue(w http.ResponseWriter, r *http.Request) {
	user := t.Session(r)
	if user == "" {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	id := rand.Text() // 128 random bits in letters and digits
	t.mu.Lock()
	now := t.Now()
	for old, ticket := range t.open {
		if now.Sub(ticket.issued) >= Lifetime {
			delete(t.open, old)
		}
	}
	t.open[id] = ticket{user, now}
	t.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]string{"ticket": id})
}

// Admit decides on GET /ws?ticket=…, before the handshake is answered. It returns the user, and
// whether the ticket is valid. It logs each decision.
func (t *Tickets) Admit(r *http.Request) (user string, ok bool) {
	id := r.URL.Query().Get("ticket")
	t.mu.Lock()
	found, ok := t.open[id]
	delete(t.open, id) // in the same step: a second handshake finds nothing
	t.mu.Unlock()
	if ok = ok && t.Now().Sub(found.issued) < Lifetime; ok {
		user = found.user
	}
	t.Log(fmt.Sprintf("%s %s user=%q ok=%v", r.Method, r.URL.Path, user, ok))
	return user, ok
}
