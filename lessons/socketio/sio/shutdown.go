package sio

import (
	"context"
	"maps"
	"slices"
)

// Shutdown ends the server in order:
//
//   - New handshakes get status 503 and Retry-After, and no socket joins a namespace.
//   - Running handlers finish, and so do the handlers of queued events. Later events are dropped
//     without an acknowledgement, including events that the server has not read because a handler
//     delays the reading (see Socket.On). A client with the option retries sends them again to the
//     next server. EmitWithAck in a handler still gets its answer.
//   - When all handlers have returned, each client receives its queue: acknowledgements, events,
//     and the close. Its sockets end with ServerShuttingDown.
//   - The namespaces leave the cluster.
//
// A client sees "transport close" over every transport, and reconnects by itself. Shutdown waits
// for handlers, but not for goroutines that they have started. If there are such goroutines, call
// Engine().RefuseSessions first, answer "try again" to new work, wait for the goroutines with a
// sync.WaitGroup, and then call Shutdown. A function that runs as long as its socket, such as a
// loop in OnConnection, needs its own goroutine; otherwise Shutdown waits for it until ctx ends. If
// ctx ends first, the remaining sessions end at once as by Close, and Shutdown returns ctx's error.
//
// Call it before the http.Server's own Shutdown, so that polling clients can fetch the rest of
// their queues. The Shutdown of an http.Server waits for held polls, and ignores WebSockets. A
// handler must not call Shutdown, which would wait for that handler. Shutdown and Close may be
// called again.
func (s *Server) Shutdown(ctx context.Context) error {
	s.engine.RefuseSessions()
	s.draining.Store(true)
	s.mu.Lock()
	clients := slices.Collect(maps.Keys(s.clients))
	s.mu.Unlock()
	var running []<-chan struct{}
	for _, c := range clients {
		for _, socket := range c.all() {
			running = append(running, socket.inbox.Drain())
		}
	}
	for _, returned := range running {
		select {
		case <-returned:
		case <-ctx.Done():
		}
	}
	err := s.engine.Shutdown(ctx)
	if closing := s.Close(ctx); err == nil {
		err = closing
	}
	return err
}
