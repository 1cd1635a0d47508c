package sioredis

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// adapter is one namespace of one server in the cluster. It implements sio.Adapter: what is asked
// of it, it does with the sockets of this server at once, and tells the other servers.
type adapter struct {
	cluster   *Cluster
	config    Config
	link      *link
	namespace *sio.Namespace
	local     *sio.MemoryAdapter
	uid       string
	channels  channels
	log       event.LogLimit // of what other servers send

	unconfirmed map[string]bool // channels; owned by the link's receiver
	joined      chan struct{}   // closed when Redis has confirmed all

	work   chan *redis.Message // broadcasts and requests, to serve
	events chan func()         // server-side events, to serveEvents

	closing sync.Once
	life    context.Context // ends with Close
	end     context.CancelFunc

	mu      sync.Mutex
	pending map[string]func(response) // by request id
}

func newAdapter(c *Cluster, n *sio.Namespace, local *sio.MemoryAdapter) *adapter {
	uid := newID()
	a := &adapter{
		cluster: c, config: c.config, namespace: n, local: local,
		uid: uid, channels: newChannels(c.config.Key, n.Name(), uid),
		unconfirmed: map[string]bool{}, joined: make(chan struct{}),
		work: make(chan *redis.Message, 64), events: make(chan func(), 128),
		pending: map[string]func(response){},
	}
	a.life, a.end = context.WithCancel(context.Background())
	for _, name := range a.channels.all() {
		a.unconfirmed[name] = true
	}
	return a
}

// Close leaves the cluster. Calls that wait for other servers fail with ErrClosed. Queued messages
// are still sent, if Redis takes them within 2 s.
func (a *adapter) Close() {
	a.closing.Do(func() {
		a.end()
		a.cluster.leave(a)
	})
}

// Broadcast implements sio.Adapter.
func (a *adapter) Broadcast(p siopacket.Packet, to sio.Selection, flags sio.Flags) {
	if !flags.Local {
		m := message{uid: a.uid, packet: p, opts: *newOptions(to, flags)}
		a.publish(a.channels.broadcastTo(to.Rooms), m.append)
	}
	a.local.Broadcast(p, to, flags)
}

// Join implements sio.Adapter.
func (a *adapter) Join(to sio.Selection, flags sio.Flags, rooms []string) {
	a.local.Join(to, flags, rooms)
	a.tell(flags, request{Kind: remoteJoin, Opts: newOptions(to, flags), Rooms: rooms})
}

// Leave implements sio.Adapter.
func (a *adapter) Leave(to sio.Selection, flags sio.Flags, rooms []string) {
	a.local.Leave(to, flags, rooms)
	a.tell(flags, request{Kind: remoteLeave, Opts: newOptions(to, flags), Rooms: rooms})
}

// Disconnect implements sio.Adapter.
func (a *adapter) Disconnect(to sio.Selection, flags sio.Flags, all bool) {
	a.local.Disconnect(to, flags, all)
	a.tell(flags, request{Kind: remoteDisconn, Opts: newOptions(to, flags), Close: all})
}

// FetchSockets implements sio.Adapter.
func (a *adapter) FetchSockets(ctx context.Context, to sio.Selection, flags sio.Flags) ([]sio.SocketInfo, error) {
	infos, err := a.local.FetchSockets(ctx, to, flags)
	if flags.Local || err != nil {
		return infos, err
	}
	err = a.survey(ctx, request{Kind: fetchSockets, Opts: newOptions(to, flags)}, func(r response) error {
		remote, err := parseInfos(r.Sockets)
		if err == nil {
			infos = append(infos, remote...)
		}
		return err
	})
	return infos, err
}

// ServerSideEmit implements sio.Adapter. It may hold binary data, which the official adapter takes,
// though it cannot send it.
func (a *adapter) ServerSideEmit(p siopacket.Packet) {
	a.tell(sio.Flags{}, request{Kind: serverSideEmit, Data: p.Data, attachments: p.Attachments})
}

// ServerSideEmitWithAck implements sio.Adapter. An answer is one value, or none.
func (a *adapter) ServerSideEmitWithAck(ctx context.Context, p siopacket.Packet) (answers []sio.Args, err error) {
	r := request{Kind: serverSideEmit, Data: p.Data, attachments: p.Attachments}
	err = a.survey(ctx, r, func(r response) error {
		answers = append(answers, argsOf(r.Data, r.attachments))
		return nil
	})
	return answers, err
}

// argsOf has one value, or none where JavaScript had undefined.
func argsOf(value siopacket.Value, attachments [][]byte) sio.Args {
	if len(value) == 0 {
		return event.NewArgs(nil, nil)
	}
	return event.NewArgs([]siopacket.Value{value}, attachments)
}

// tell sends a request that wants no response, unless it is local.
func (a *adapter) tell(flags sio.Flags, r request) {
	if !flags.Local {
		a.ask(r)
	}
}

func (a *adapter) ask(r request) {
	r.UID = a.uid
	a.publish(a.channels.request, func([]byte) ([]byte, error) { return r.encode() })
}

func (a *adapter) publish(channel string, encode func([]byte) ([]byte, error)) {
	wire, err := encode(nil)
	if err != nil {
		a.config.Log.Error("sioredis: not sent to the other servers", "namespace", a.namespace.Name(), "err", err)
		return
	}
	a.link.publish(channel, wire)
}
