// Package relay copies TCP connections to a server, byte for byte.
package relay

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"realtimelab/internal/accept"
	"realtimelab/internal/loglimit"
	"realtimelab/internal/tasks"
)

// A Config configures a Relay.
type Config struct {
	// Listener accepts the clients' connections. Close closes it.
	Listener net.Listener

	// Dial connects to the server within DialTimeout. If it fails, the client's connection is
	// closed; Dial may write to it before.
	Dial func(ctx context.Context, client net.Conn) (net.Conn, error)

	Log *slog.Logger

	// Linger is how long a client may take to end its half once the server has ended its own;
	// 0 is 30 s. A client that never does would hold its connection forever.
	Linger time.Duration
}

// DialTimeout bounds a Dial.
const DialTimeout = 10 * time.Second

// A Relay copies bytes between its clients and a server, in both directions.
type Relay struct {
	config   Config
	ctx      context.Context
	cancel   context.CancelFunc
	warnings loglimit.Limit // about clients that cannot reach the server

	carrying tasks.Group // counts the open connections, and accept

	mu   sync.Mutex
	open map[net.Conn]struct{} // both sides
}

// warnEvery is the minimum time between two log lines about clients that cannot reach the server. A
// polling client would otherwise fill the log.
const warnEvery = 10 * time.Second

// To returns a Dial that connects to a HOST:PORT.
func To(addr string) func(ctx context.Context, client net.Conn) (net.Conn, error) {
	var d net.Dialer
	return func(ctx context.Context, _ net.Conn) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", addr)
	}
}

// Start copies connections until Close is called.
func Start(c Config) *Relay {
	ctx, cancel := context.WithCancel(context.Background())
	c.Listener = accept.Retry(c.Listener, c.Log)
	if c.Linger == 0 {
		c.Linger = 30 * time.Second
	}
	r := &Relay{config: c, ctx: ctx, cancel: cancel, open: map[net.Conn]struct{}{}}
	r.carrying.Go(r.accept)
	return r
}

// Close closes every connection and waits for the relay's goroutines to end.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.carrying.Refuse()
	r.mu.Unlock()
	r.Reset()
	r.cancel()
	err := r.config.Listener.Close()
	_ = r.carrying.Wait(context.Background()) // which never ends
	return err
}

// Reset closes every open connection. Clients may connect again at once.
func (r *Relay) Reset() {
	r.mu.Lock()
	open := slices.Collect(maps.Keys(r.open))
	r.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

func (r *Relay) accept() {
	for {
		c, err := r.config.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) && r.ctx.Err() == nil {
				r.config.Log.Error("no more connections are accepted", "err", err)
			}
			return
		}
		if !r.enter(c) {
			c.Close()
			return
		}
		go r.carry(c)
	}
}

// enter registers a connection to close. It returns false if the relay is closed.
func (r *Relay) enter(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.carrying.Enter() {
		return false
	}
	r.open[c] = struct{}{}
	return true
}

func (r *Relay) leave(c net.Conn) {
	r.mu.Lock()
	delete(r.open, c)
	r.mu.Unlock()
	c.Close()
	r.carrying.Leave()
}

func (r *Relay) carry(client net.Conn) {
	defer r.leave(client)
	ctx, cancel := context.WithTimeout(r.ctx, DialTimeout)
	server, err := r.config.Dial(ctx, client)
	cancel()
	if err != nil {
		r.warn(err)
		return
	}
	if !r.enter(server) {
		server.Close()
		return
	}
	defer r.leave(server)
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() {
		pass(client, server)
		client.SetReadDeadline(time.Now().Add(r.config.Linger))
	})
	both.Wait()
}

// pass copies one direction. At the end of the stream it closes only that direction; after an
// error, both.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err == nil && ok && half.CloseWrite() == nil {
		return
	}
	to.Close()
	from.Close()
}

// warn logs that a client cannot reach the server.
func (r *Relay) warn(err error) {
	unlogged, ok := r.warnings.Allow(1, warnEvery)
	if ok {
		r.config.Log.Warn("cannot reach the server", "clients", unlogged+1, "err", err)
	}
}
