// Package onetimeticket lets a browser's WebSocket in with a ticket.
package onetimeticket

import (
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
	t.mu.Lock()
	defer t.mu.Unlock()
	// TODO: anyone gets a ticket, anyone can guess it, and nothing ever removes it.
	id := fmt.Sprint(len(t.open) + 1)
	t.open[id] = ticket{t.Session(r), t.Now()}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]string{"ticket": id})
}

// Admit decides on GET /ws?ticket=…, before the handshake is answered. It returns the user, and
// whether the ticket is valid. It logs each decision.
func (t *Tickets) Admit(r *http.Request) (user string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok = t.open[r.URL.Query().Get("ticket")]
	user = r.URL.Query().Get("user") // TODO: any client can claim this.
	t.Log(fmt.Sprintf("%s %s user=%s ok=%v", r.Method, r.URL, user, ok))
	return user, ok
}
