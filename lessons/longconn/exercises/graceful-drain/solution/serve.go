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

	draining chan struct{} // closed by drain
	drain    func()        // tells all requests that the server ends
}

// NewRoom returns a room without messages.
func NewRoom() *Room {
	draining := make(chan struct{})
	return &Room{
		changed:  make(chan struct{}),
		draining: draining,
		drain:    sync.OnceFunc(func() { close(draining) }),
	}
}

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
		case <-r.draining:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "the server restarts", http.StatusServiceUnavailable)
			return
		case <-req.Context().Done():
			return
		}
	}
}

func (r *Room) stream(w http.ResponseWriter, req *http.Request, after int) {
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		last := r.isDraining() // asked before since: what was published until then is in news
		news, changed := r.since(after)
		for _, text := range news {
			after++
			_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", after, text)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		if last {
			return
		}
		select {
		case <-changed:
		case <-r.draining:
		case <-req.Context().Done():
			return
		}
	}
}

func (r *Room) isDraining() bool {
	select {
	case <-r.draining:
		return true
	default:
		return false
	}
}

// Serve answers requests on l until ctx ends. Then it drains the server, for the time grace at
// most. It returns nil when all requests have ended.
func Serve(ctx context.Context, l net.Listener, room *Room, grace time.Duration) error {
	server := &http.Server{Handler: room}
	server.RegisterOnShutdown(room.drain)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.Background(), grace) // ctx has ended already
	defer cancel()
	err := server.Shutdown(limited)
	if err != nil {
		_ = server.Close() // the rest is cut off
	}
	<-ended // Serve returns at the beginning of Shutdown
	return err
}
