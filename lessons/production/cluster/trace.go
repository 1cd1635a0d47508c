package cluster

import (
	"context"
	"crypto/rand"
	"net"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
)

// A trace is the way of one broadcast through the cluster.
type trace struct {
	ID        string `json:"id"`
	Server    string `json:"server"`    // that has taken it from its client
	Room      int    `json:"room"`      // clients of all servers at that moment
	Published string `json:"published"` // the command that Redis has taken; "" for none
	Channel   string `json:"channel"`   // or the stream
	// servers to which Redis has passed it; -1 if Redis does not say
	Listeners int            `json:"listeners"`
	Failed    bool           `json:"failed"`    // Redis was not reached
	Delivered map[string]int `json:"delivered"` // clients that were sent it, by server
}

// maxTraces bounds the traces in memory.
const maxTraces = 8

// traces follows broadcasts: it asks the servers what they send to clients, and go-redis what it
// sends to Redis.
type traces struct {
	mu  sync.Mutex // guards what follows
	all []trace    // the newest last
}

// begin makes a trace for a message that a server has taken, and returns its id.
func (t *traces) begin(server string, room int) (id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = "m" + rand.Text()[:10]
	t.all = append(t.all, trace{ID: id, Server: server, Room: room, Delivered: map[string]int{}})
	t.all = t.all[max(len(t.all)-maxTraces, 0):]
	return id
}

// change changes the trace with that id, if it is in memory.
func (t *traces) change(id string, by func(*trace)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.all {
		if t.all[i].ID == id {
			by(&t.all[i])
		}
	}
}

// delivered counts a client to which a server sends the message in args.
func (t *traces) delivered(args sio.Args, server string) {
	var m message
	if args.Len() == 0 || args.Decode(0, &m) != nil {
		return
	}
	t.change(m.ID, func(trace *trace) { trace.Delivered[server]++ })
}

// named returns the id of the trace whose message is in the arguments of a command, or "".
func (t *traces) named(args []any) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, arg := range args {
		text, isText := arg.(string)
		if data, isData := arg.([]byte); isData {
			text, isText = string(data), true
		}
		if !isText {
			continue
		}
		for _, trace := range t.all {
			if strings.Contains(text, trace.ID) {
				return trace.ID
			}
		}
	}
	return ""
}

// last returns the newest trace, or nil.
func (t *traces) last() *trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) == 0 {
		return nil
	}
	newest := t.all[len(t.all)-1]
	delivered := map[string]int{}
	for name, n := range newest.Delivered {
		delivered[name] = n
	}
	newest.Delivered = delivered
	return &newest
}

// watchPublish is a hook of go-redis that notes what a server sends to Redis.
type watchPublish struct {
	traces *traces
	server string
}

// DialHook implements redis.Hook.
func (w watchPublish) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return next(ctx, network, addr)
	}
}

// ProcessHook implements redis.Hook.
func (w watchPublish) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		w.note(cmd)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (w watchPublish) ProcessPipelineHook(
	next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			w.note(cmd)
		}
		return err
	}
}

// note notes a command that publishes the message of a trace.
func (w watchPublish) note(cmd redis.Cmder) {
	name := strings.ToUpper(cmd.Name())
	if name != "PUBLISH" && name != "SPUBLISH" && name != "XADD" {
		return
	}
	id := w.traces.named(cmd.Args())
	if id == "" {
		return
	}
	channel, _ := cmd.Args()[1].(string)
	w.traces.change(id, func(t *trace) {
		t.Published, t.Channel, t.Failed, t.Listeners = name, channel, cmd.Err() != nil, -1
		if n, counts := cmd.(*redis.IntCmd); counts && cmd.Err() == nil {
			t.Listeners = int(n.Val())
		}
	})
}
