package cluster

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// A status says what a server does.
type status string

const (
	statusDown     status = "down"
	statusStarting status = "starting"
	statusUp       status = "up"
	statusDraining status = "draining" // takes no new clients, and ends soon
)

// server is one Socket.IO server of the cluster.
type server struct {
	demo    *demo
	name    string
	unknown atomic.Int64 // requests for sessions that it does not have

	mu      sync.Mutex // guards what follows
	is      status     // "" means statusDown
	process *process   // nil while it is down or starting
}

// process is one life of a server. In production it is a process of its own.
type process struct {
	io     *sio.Server
	inside lesson.Inside
	url    *url.URL      // of inside
	db     *redis.Client // nil without an adapter
}

// maxAway is how long a client may be away and still be recovered.
const maxAway = time.Minute

// start starts the server with the adapter and the recovery of the demo's state. It returns when
// the server has joined the cluster, or cannot reach Redis.
func (s *server) start() error {
	s.set(statusStarting, nil)
	r, err := s.launch(s.demo.stateNow())
	if err != nil {
		s.set(statusDown, nil)
		return err
	}
	s.set(statusUp, r)
	return nil
}

// launch makes a process of the server.
func (s *server) launch(now state) (*process, error) {
	config := sio.Config{Log: s.demo.log, Engine: engineio.Config{
		// A client of a classroom that loses its network is noticed within seconds.
		PingInterval: 5 * time.Second, PingTimeout: 5 * time.Second,
		OnConnectionError: func(e engineio.ConnectionError) {
			if e.Code == sessionUnknown {
				s.unknown.Add(1)
			}
		},
	}}
	if now.Recovery {
		config.Recovery = &sio.Recovery{MaxDisconnection: maxAway}
	}
	r := &process{}
	if now.Adapter != noAdapter {
		r.db = s.demo.database.client()
		r.db.AddHook(watchPublish{&s.demo.traces, s.name})
		config.Adapter = adapter(now.Adapter, r.db)
	}
	r.io = sio.NewServer(config)
	s.handle(r.io)
	var err error
	if r.inside, err = s.demo.lab.ServeInside(r.io); err != nil {
		return nil, errors.Join(err, r.io.Close(context.Background()), r.closeDB())
	}
	r.url = &url.URL{Scheme: "http", Host: r.inside.Addr()}
	return r, nil
}

// sessionUnknown is Engine.IO's code for a session that the server does not have.
const sessionUnknown = 1

// sayEvery is the minimum time between two messages of one client.
const sayEvery = 100 * time.Millisecond

// handle adds the handlers. Through the adapter, io.Emit reaches the clients of all servers.
func (s *server) handle(io *sio.Server) {
	io.OnConnection(func(socket *sio.Socket) {
		socket.Emit("server", s.name)

		var last time.Time // of this client's messages
		socket.On("say", func(text string, ack sio.Ack) {
			if time.Since(last) < sayEvery {
				ack("too fast")
				return
			}
			last = time.Now()
			id := s.demo.traces.begin(s.name, s.demo.clients())
			io.Emit("message", message{ID: id, Server: s.name, Text: clip(text)})
			ack(id)
		})

		socket.OnAnyOutgoing(func(name string, args sio.Args) {
			if name == "message" {
				s.demo.traces.delivered(args, s.name)
			}
		})
	})
}

// message is a client's message as all clients receive it.
type message struct {
	ID     string `json:"id"`
	Server string `json:"server"` // that took it from the client
	Text   string `json:"text"`
}

// maxText bounds a message, in characters.
const maxText = 200

func clip(text string) string {
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText])
	}
	return text
}

// drain lets the balancer send new clients elsewhere. It reports false if the server is not up.
func (s *server) drain() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is != statusUp {
		return false
	}
	s.is = statusDraining
	return true
}

// stop ends the server gracefully: handlers finish, clients take what is queued for them and then
// hear the end, and the server leaves the cluster. It waits until ctx ends.
func (s *server) stop(ctx context.Context) error {
	s.mu.Lock()
	r := s.process
	if r != nil {
		s.is = statusDraining
	}
	s.mu.Unlock()
	if r == nil {
		return nil
	}
	err := r.io.Shutdown(ctx)
	err = errors.Join(err, r.inside.Close(ctx), r.closeDB())
	s.set(statusDown, nil)
	return err
}

// crash ends the server as a power cut does: nothing more reaches Redis or a client.
func (s *server) crash() {
	s.mu.Lock()
	r := s.process
	s.mu.Unlock()
	if r == nil {
		return
	}
	s.set(statusDown, nil)
	_ = r.closeDB()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.inside.Close(now) // its error is that of now
	ending, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.io.Close(ending) // without Redis, leaving the cluster fails
}

func (p *process) closeDB() error {
	if p.db == nil {
		return nil
	}
	return p.db.Close()
}

func (s *server) set(is status, r *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is, s.process = is, r
}

func (s *server) status() status {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is == "" {
		return statusDown
	}
	return s.is
}

// now returns the server's process, or nil while it is down.
func (s *server) now() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

func (s *server) clients() int {
	if r := s.now(); r != nil {
		return r.io.Len()
	}
	return 0
}

// emit sends an event to all clients of the cluster, through this server.
func (s *server) emit(name string, args ...any) {
	if r := s.now(); r != nil {
		_ = r.io.Emit(name, args...) // which fails only for arguments that cannot be written
	}
}
