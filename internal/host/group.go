package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"realtimelab/internal/tasks"
)

// CloseTime bounds the time to close servers when the lab ends.
const CloseTime = 4 * time.Second

// ErrClosing is returned by Group.Start after Group.Close.
var ErrClosing = errors.New("the lab is closing")

// A Closer is a server of the lab. Closers are comparable.
type Closer interface{ Close(context.Context) error }

// A Group holds servers that end together. The zero value is ready. Its methods may be called from
// any goroutine.
type Group struct {
	changes tasks.Group // starts and stops under way

	mu      sync.Mutex // guards servers
	servers map[Closer]struct{}
}

// Start calls start and holds the server that it returns until Stop or Close. After Close it
// returns ErrClosing and does not call start.
func (g *Group) Start(start func() (Closer, error)) error {
	if !g.changes.Enter() {
		return ErrClosing
	}
	defer g.changes.Leave()
	server, err := start()
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.servers == nil {
		g.servers = map[Closer]struct{}{}
	}
	g.servers[server] = struct{}{}
	return nil
}

// Stop closes a server within CloseTime and waits for its end. It returns nil for a server that
// the group does not hold, such as one that was stopped before.
func (g *Group) Stop(server Closer) error {
	g.mu.Lock()
	_, held := g.servers[server]
	delete(g.servers, server)
	g.mu.Unlock()
	if !held {
		return nil
	}
	if g.changes.Enter() {
		defer g.changes.Leave()
	}
	ctx, cancel := context.WithTimeout(context.Background(), CloseTime)
	defer cancel()
	return server.Close(ctx)
}

// Close refuses later starts, waits for those under way, and closes all servers at the same time.
// It waits for their end.
func (g *Group) Close() error {
	g.changes.Refuse()
	_ = g.changes.Wait(context.Background()) // a context without an end
	g.mu.Lock()
	var all []Closer
	for server := range g.servers {
		all = append(all, server)
	}
	g.mu.Unlock()
	errs := make(chan error)
	for _, server := range all {
		go func() { errs <- g.Stop(server) }()
	}
	var err error
	for range all {
		err = errors.Join(err, <-errs)
	}
	return err
}
