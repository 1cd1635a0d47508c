// Command server carries messages by long polling.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	address := "127.0.0.1:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	fmt.Println("http://" + address)
	fmt.Println(http.ListenAndServe(address, Handler()))
}

// Handler returns the server.
func Handler() http.Handler {
	log := &Log{changed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", log.post)
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) {
		after, err := cursor(r.URL.Query().Get("after"))
		wait, bad := time.ParseDuration(r.URL.Query().Get("wait"))
		if err != nil || bad != nil {
			http.Error(w, "after must be a number from 0, wait a time such as 25s",
				http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), min(wait, time.Minute))
		defer cancel()
		answer(w, http.StatusOK, log.hold(ctx, after))
	})
	return mux
}

// hold returns the messages newer than the cursor as soon as there is one, or none when ctx ends.
func (l *Log) hold(ctx context.Context, after int) []Message {
	for {
		news, changed := l.since(after)
		if len(news) > 0 {
			return news
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return news
		}
	}
}

// A Message is one entry of the log.
type Message struct {
	ID   int    `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

// A Log holds the messages in the order of their ids.
type Log struct {
	mu       sync.Mutex
	messages []Message
	changed  chan struct{} // closed at the next message
}

func (l *Log) publish(m Message) Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.ID = len(l.messages) + 1
	l.messages = append(l.messages, m)
	close(l.changed)
	l.changed = make(chan struct{})
	return m
}

// since returns the messages newer than the cursor and a channel that is closed at the next one, in
// one step.
func (l *Log) since(after int) ([]Message, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Message{}, l.messages[min(after, len(l.messages)):]...), l.changed
}

func (l *Log) post(w http.ResponseWriter, r *http.Request) {
	var m Message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
		return
	}
	answer(w, http.StatusCreated, l.publish(m))
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only if the client is gone
}

// cursor reads a cursor, 0 if it is missing.
func cursor(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	after, err := strconv.Atoi(text)
	if err == nil && after < 0 {
		err = errors.New("negative")
	}
	return after, err
}
