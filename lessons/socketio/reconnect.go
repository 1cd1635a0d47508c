package socketio

import (
	"context"
	"sync"
	"time"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

// maxAway is short, so that a class sees a recovery fail, too.
const maxAway = 15 * time.Second

func startReconnect(env lesson.Env) (*lesson.Instance, error) {
	config := serverConfig(env)
	config.Recovery = &sio.Recovery{MaxDisconnection: maxAway}
	io := sio.NewServer(config)
	stop := reconnect(io, time.Second)
	return &lesson.Instance{Handler: withAborts(io), Clients: io.Len,
		Close: func(ctx context.Context) error {
			stop()
			return io.Close(ctx)
		}}, nil
}

// reconnect counts aloud until it is stopped. A client that was away for less
// than maxAway has its id and its rooms again, and hears what it has missed.
func reconnect(io *sio.Server, every time.Duration) (stop func()) {
	io.OnConnection(func(s *sio.Socket) {
		if !s.Recovered() { // new here, or away too long
			s.Join("listeners")
			s.Emit("welcome")
		}
	})

	return repeat(every, func(n int) {
		io.Volatile().Emit("glance", n) // dropped for a client that cannot take it at once
		io.To("listeners").Emit("tick", n)
	})
}

// repeat calls f with 1, 2, 3 … until it is stopped. stop waits for the last
// call.
func repeat(every time.Duration, f func(n int)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				f(n)
			}
		}
	})
	return func() { cancel(); running.Wait() }
}
