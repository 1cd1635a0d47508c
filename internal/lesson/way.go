package lesson

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// A Way carries messages that the lane's demo cannot carry. It has its own server beside the demo,
// and clients.
type Way struct {
	Start func(Env) (*Instance, error) // nil means that of Lane.Dial
	Dial  Dial                         // nil means that the lane cannot carry them

	// PerRoom means that the server comes from the function PerRoom.
	PerRoom bool

	// Base64 means that bytes travel as text.
	Base64 bool
}

// BytesInText returns the Way of clients that send bytes as base64 in the text of their messages.
func BytesInText(dial Dial) Way {
	return Way{Base64: true, Dial: func(ctx context.Context, d Dialing) (Client, error) {
		hear := d.Hear
		d.Hear = func(text string) {
			if data, err := base64.StdEncoding.DecodeString(text); err == nil {
				hear(string(data))
			}
		}
		c, err := dial(ctx, d)
		if err != nil {
			return nil, err
		}
		return textClient{c}, nil
	}}
}

type textClient struct{ Client }

// Send sends bytes.
func (c textClient) Send(ctx context.Context, data []byte) error {
	message, err := json.Marshal(map[string]string{"from": "lab",
		"text": base64.StdEncoding.EncodeToString(data)})
	if err != nil {
		return err
	}
	return c.Client.Send(ctx, message)
}

// RoomsByPath returns the Way of a demo without rooms: each room is a path of its own at the
// server.
func RoomsByPath(dial Dial) Way {
	return Way{PerRoom: true, Dial: func(ctx context.Context, d Dialing) (Client, error) {
		d.URL += "/rooms/" + url.PathEscape(d.Room)
		return dial(ctx, d)
	}}
}

// PerRoom returns the start of a server with an instance of its own for each room, at /rooms/NAME.
func PerRoom(start func(Env) (*Instance, error)) func(Env) (*Instance, error) {
	return func(env Env) (*Instance, error) {
		r := &rooms{env: env, start: start, open: map[string]*Instance{}}
		return &Instance{Handler: r, Clients: r.clients, Close: r.close}, nil
	}
}

// maxRooms bounds the rooms of one server.
const maxRooms = 1000

// rooms is a server with an instance of a demo for each room.
type rooms struct {
	env   Env
	start func(Env) (*Instance, error)

	mu     sync.Mutex // guards what follows
	open   map[string]*Instance
	closed bool
}

func (r *rooms) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	rest, found := strings.CutPrefix(req.URL.Path, "/rooms/")
	name, _, _ := strings.Cut(rest, "/")
	if !found || name == "" {
		http.NotFound(w, req)
		return
	}
	room := r.room(name)
	if room == nil {
		http.Error(w, "no more rooms", http.StatusServiceUnavailable)
		return
	}
	http.StripPrefix("/rooms/"+name, room.Handler).ServeHTTP(w, req)
}

// room returns the instance of a room. It starts one for a new room. It returns nil if there may be
// no more rooms.
func (r *rooms) room(name string) *Instance {
	r.mu.Lock()
	room := r.open[name]
	r.mu.Unlock()
	if room != nil {
		return room
	}
	started, err := r.start(r.env)
	if err != nil {
		r.env.Log.Warn("room not opened", "room", name, "err", err)
		return nil
	}
	r.mu.Lock()
	room = r.open[name] // another request may have been faster
	if room == nil && !r.closed && len(r.open) < maxRooms {
		room, r.open[name] = started, started
	}
	r.mu.Unlock()
	if room != started {
		_ = started.Close(context.Background()) // it has no clients
	}
	return room
}

// all returns the open rooms.
func (r *rooms) all(closing bool) []*Instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = r.closed || closing
	var all []*Instance
	for _, room := range r.open {
		all = append(all, room)
	}
	return all
}

func (r *rooms) clients() (sum int) {
	for _, room := range r.all(false) {
		sum += room.Clients()
	}
	return sum
}

// close closes all rooms at once.
func (r *rooms) close(ctx context.Context) error {
	all := r.all(true)
	errs := make(chan error, len(all))
	for _, room := range all {
		go func() { errs <- room.Close(ctx) }()
	}
	var first error
	for range all {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
