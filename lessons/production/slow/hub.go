package slow

import (
	"context"
	"slices"
	"sync"
	"time"
)

// mostBehind bounds how far the broadcast falls behind its schedule. Messages that would be later
// are skipped.
const mostBehind = 10 * time.Second

// catchUp is the pause between two messages that are late, in which the clients' goroutines write.
const catchUp = 2 * time.Millisecond

// A hub broadcasts to its clients, by one policy at a time.
type hub struct {
	changed chan struct{} // capacity 1: run reads the settings again

	mu      sync.Mutex // guards what follows
	policy  Policy
	rate    float64 // messages a second
	paused  bool
	clients []*client // in the order of their arrival
	closed  bool
	last    int64     // number of the newest message
	skipped int64     // messages that were never sent because the loop was late
	due     time.Time // of the next message; zero while paused
}

func newHub() *hub {
	return &hub{changed: make(chan struct{}, 1), policy: Disconnect, rate: 25, paused: true}
}

// run is the broadcast loop. A message counts from the moment when it was due: if the loop is late,
// so are the messages.
func (h *hub) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.changed:
		case <-time.After(max(h.wait(), catchUp)):
		}
		if ctx.Err() != nil {
			return
		}
		if m, send, clients, ok := h.next(); ok {
			send(clients, m)
		}
	}
}

// wait returns the time until the next message is due.
func (h *hub) wait() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.paused {
		return time.Hour
	}
	return time.Until(h.due)
}

// next returns the message that is due now, its recipients and the function that sends it. It
// returns false if no message is due.
func (h *hub) next() (m message, send func([]*client, message), to []*client, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.paused || time.Until(h.due) > 0 {
		return m, nil, nil, false
	}
	interval := time.Duration(float64(time.Second) / h.rate)
	if late := time.Since(h.due) - mostBehind; late > 0 {
		missed := int64(late/interval) + 1
		h.skipped += missed
		h.last += missed
		h.due = h.due.Add(time.Duration(missed) * interval)
	}
	h.last++
	m, err := newMessage(h.last, h.due)
	h.due = h.due.Add(interval)
	return m, policies[h.policy], slices.Clone(h.clients), err == nil
}

// set changes the policy and the rate. With a new policy the queues are emptied and the writes
// under way get its limit, so that its effect is seen alone.
func (h *hub) set(policy Policy, rate float64) {
	h.mu.Lock()
	var emptied []*client
	if policy != h.policy {
		emptied = slices.Clone(h.clients)
	}
	h.policy, h.rate, h.due = policy, rate, time.Now()
	h.mu.Unlock()
	for _, c := range emptied {
		c.queue.clear()
		if c.deadline != nil {
			_ = c.deadline(time.Now().Add(h.writeLimit()))
		}
	}
	h.wake()
}

// settings returns the policy and the rate.
func (h *hub) settings() (Policy, float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.policy, h.rate
}

// writeLimit returns how long a write that begins now may take.
func (h *hub) writeLimit() time.Duration {
	if policy, _ := h.settings(); policy == Grow {
		return growTime
	}
	return writeTime
}

// pause stops the broadcast, or resumes it.
func (h *hub) pause(paused bool) {
	h.mu.Lock()
	if h.paused && !paused {
		h.due = time.Now()
	}
	h.paused = paused
	h.mu.Unlock()
	h.wake()
}

func (h *hub) wake() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// join adds a client. It returns false if the hub is closed or has as many clients as allowed.
func (h *hub) join(c *client, most int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.clients) >= most {
		return false
	}
	h.clients = append(h.clients, c)
	return true
}

func (h *hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients = slices.DeleteFunc(h.clients, func(one *client) bool { return one == c })
}

// joined returns the clients.
func (h *hub) joined() []*client {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.clients)
}

// close refuses further clients and ends the connections of all.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	clients := slices.Clone(h.clients)
	h.mu.Unlock()
	for _, c := range clients {
		c.end(errGoingAway)
	}
}

// progress returns the number of the newest message, how many were skipped, and how late the loop
// is.
func (h *hub) progress() (last, skipped int64, late time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.paused {
		late = max(time.Since(h.due), 0)
	}
	return h.last, h.skipped, late
}
