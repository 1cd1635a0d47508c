package sio

import (
	"context"
	"maps"
	"slices"
)

// Shutdown ends the server without cutting off what it has begun:
//
//   - New handshakes get status 503 and Retry-After, and no socket joins a namespace.
//   - Running handlers finish, and so do handlers of events that the server has read and that wait
//     behind them. Later events are dropped without an acknowledgement, and so are those that still
//     lie in the connection because a handler delays the reading (see Socket.On): a client with the
//     option retries sends them again when it has connected to another server. EmitWithAck in a
//     handler still gets its answer.
//   - When all handlers have returned, each client takes what is queued for it: acknowledgements,
//     events, and its own end. Its sockets end with ServerShuttingDown.
//   - The namespaces leave the cluster.
//
// A client sees "transport close" over every transport, and connects again on its own. Shutdown
// waits for handlers, but not for goroutines that they have started: count these with a
// sync.WaitGroup and answer "try again" once your program has begun to end, then wait, then call
// Shutdown. Engine().RefuseSessions refuses new clients from the first moment on. A
// function that runs as long as its socket, such as a loop in OnConnection, needs a goroutine of its
// own, or Shutdown waits for it until ctx ends. When ctx ends first, all sessions that are left end
// at once as by Close, and Shutdown returns ctx's error.
//
// Call it before the http.Server's own Shutdown, so that clients that poll can fetch what is left. An
// http.Server on its own waits for held polls, and does not know of WebSockets. A handler must not
// call Shutdown, which would wait for that handler. Shutdown and Close may be called again.
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
