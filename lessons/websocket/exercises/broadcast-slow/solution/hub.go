// Package broadcastslow sends to many clients and waits for none.
package broadcastslow

import "sync"

// TooSlow is the close code for a client that does not keep up (1013: try again later).
const TooSlow = 1013

// Client is one connection. Another goroutine writes what is in its queue.
type Client struct {
	Queue chan string
	Close func(code int) // ends the connection; it may take its time
}

// Hub knows the clients. NewHub makes one; it is safe for use by many goroutines.
type Hub struct {
	mu      sync.Mutex
	clients map[*Client]bool
}

// NewHub makes a hub without clients.
func NewHub() *Hub { return &Hub{clients: map[*Client]bool{}} }

// Join adds a client.
func (h *Hub) Join(c *Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[c] = true
}

// Len is the number of clients.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

// Broadcast queues the message for every client and drops clients that are too slow. It does not
// block.
func (h *Hub) Broadcast(m string) {
	for _, c := range h.queue(m) {
		c.Close(TooSlow) // without the lock: it may take its time
	}
}

// queue fills the queues, and takes out the clients that have no room.
func (h *Hub) queue(m string) (slow []*Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		select {
		case c.Queue <- m:
		default:
			delete(h.clients, c)
			slow = append(slow, c)
		}
	}
	return slow
}
