// Package idempotentpublish publishes a message once, however often its request is repeated.
package idempotentpublish

import (
	"encoding/json"
	"net/http"
	"sync"
)

// Remembered is the number of keys to remember: the latest ones.
const Remembered = 1000

// Message is one entry of the log.
type Message struct {
	ID   int64  `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

// Log is the message log. It is correct as it is.
type Log interface {
	// Append stores the message, gives it an ID, and sends it to all readers.
	Append(from, text string) Message
}

// Publisher answers POST /messages. NewPublisher makes one; it is safe for concurrent use.
type Publisher struct {
	log Log

	mu    sync.Mutex
	sent  map[clientKey]Message
	order []clientKey // the oldest first
}

// clientKey is a key with its sender: two clients may choose the same one.
type clientKey struct{ from, key string }

// NewPublisher returns a Publisher that appends to log.
func NewPublisher(log Log) *Publisher { return &Publisher{log: log, sent: map[clientKey]Message{}} }

// ServeHTTP publishes the message in the body. The header Idempotency-Key holds the client's key.
func (p *Publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	var m Message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.From == "" || m.Text == "" {
		http.Error(w, "from and text are needed", http.StatusBadRequest)
		return
	}
	if key == "" {
		http.Error(w, "Idempotency-Key is needed", http.StatusBadRequest)
		return
	}
	sent := p.publish(clientKey{m.From, key}, m)
	if sent.Text != m.Text {
		http.Error(w, "Idempotency-Key has been used for another message",
			http.StatusUnprocessableEntity)
		return
	}
	answer(w, http.StatusCreated, sent)
}

// publish appends the message unless its key is known, and returns the message of this key.
func (p *Publisher) publish(key clientKey, m Message) Message {
	p.mu.Lock()
	defer p.mu.Unlock() // after Append: a repetition at the same time waits for its result
	if sent, known := p.sent[key]; known {
		return sent
	}
	if len(p.order) == Remembered {
		delete(p.sent, p.order[0])
		p.order = p.order[1:]
	}
	sent := p.log.Append(m.From, m.Text)
	p.sent[key] = sent
	p.order = append(p.order, key)
	return sent
}

// answer writes the message as JSON. An error means that the client is gone.
func answer(w http.ResponseWriter, status int, m Message) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(m)
}
