package sioredis

import (
	"context"
	"maps"
	"slices"
	"sync"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// adapter is one namespace of one server in the cluster. It implements sio.Adapter: it applies each
// call to the sockets of this server at once, and sends it to the other servers.
type adapter struct {
	cluster   *Cluster
	config    Config
	link      *link
	namespace *sio.Namespace
	local     *sio.MemoryAdapter
	uid       string
	wire      wire
	shared    bool           // the stream keeps packets for clients that are away
	log       event.LogLimit // for messages of other servers

	joined chan struct{} // closed when Redis has confirmed all of unconfirmed

	work   chan any    // *redis.Message or entry: broadcasts and requests, to serve
	events chan func() // server-side events, to serveEvents

	closing sync.Once
	life    context.Context // ends with Close
	end     context.CancelFunc

	holding sync.Mutex // makes Hold, the append to waiting and the enqueue one step

	mu          sync.Mutex
	unconfirmed map[string]bool           // channels, and streamBegun
	pending     map[string]func(response) // by request id
	waiting     []waiting                 // in the order in which the stream brings them
	followed    map[string]bool           // channels of rooms that this server follows
}

// streamBegun stands for the stream among unconfirmed channels.
const streamBegun = "\x00stream"

func newAdapter(c *Cluster, n *sio.Namespace, local *sio.MemoryAdapter) *adapter {
	uid := newID()
	a := &adapter{
		cluster: c, config: c.config, namespace: n, local: local,
		uid: uid, wire: newWire(c.config, n.Name(), uid, local.Knows),
		unconfirmed: map[string]bool{}, joined: make(chan struct{}),
		work: make(chan any, 64), events: make(chan func(), 128),
		pending: map[string]func(response){}, followed: map[string]bool{},
	}
	a.life, a.end = context.WithCancel(context.Background())
	for _, name := range a.wire.start().names() {
		a.unconfirmed[name] = true
	}
	if c.config.Streams != nil {
		a.unconfirmed[streamBegun] = true
		a.shared = local.ShareRecovery(newStore(a))
	}
	return a
}

// followRooms subscribes to the channels of the rooms that have members on this server, if the wire
// has a channel for each room.
func (a *adapter) followRooms() {
	w, ok := a.wire.(shardedWire)
	if !ok || w.mode == StaticMode {
		return
	}
	a.namespace.OnRoom(func(e sio.RoomEvent) {
		if a.life.Err() != nil {
			return // this server has left the cluster
		}
		channel, own := w.room(e.Room)
		on := e.Kind == sio.RoomCreated
		if !own || !on && e.Kind != sio.RoomDeleted {
			return
		}
		a.mu.Lock()
		if on {
			a.followed[channel] = true
		} else {
			delete(a.followed, channel)
		}
		a.mu.Unlock()
		a.link.follow(a, channel, on)
	})
}

// roomChannels returns the channels of the rooms that this server follows.
func (a *adapter) roomChannels() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Keys(a.followed))
}

// Close leaves the cluster. Calls that wait for other servers fail with ErrClosed. It sends the
// queued messages, and waits at most 2 s for Redis to take them.
func (a *adapter) Close() {
	a.closing.Do(func() {
		a.end()
		a.cluster.leave(a)
	})
}

// Broadcast implements sio.Adapter.
func (a *adapter) Broadcast(p siopacket.Packet, to sio.Selection, flags sio.Flags) {
	if flags.Local {
		a.local.Broadcast(p, to, flags)
		return
	}
	j, err := a.wire.broadcast(message{uid: a.uid, packet: p, opts: *newOptions(to, flags)})
	switch {
	case a.unsent(err):
	case a.shared && !flags.Volatile:
		a.hold(j, waiting{packet: p, to: to, flags: flags})
		return
	default:
		a.link.put(j)
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
func (a *adapter) FetchSockets(ctx context.Context, to sio.Selection,
	flags sio.Flags) ([]sio.SocketInfo, error) {
	infos, err := a.local.FetchSockets(ctx, to, flags)
	if flags.Local || err != nil {
		return infos, err
	}
	err = a.survey(ctx, request{Kind: fetchSockets, Opts: newOptions(to, flags)},
		func(r response) error {
			remote, err := parseInfos(r.Sockets, r.attachments)
			if err == nil {
				infos = append(infos, remote...)
			}
			return err
		})
	return infos, err
}

// ServerSideEmit implements sio.Adapter. The event may contain binary data: the official adapter
// can receive it, but not send it.
func (a *adapter) ServerSideEmit(p siopacket.Packet) {
	a.tell(sio.Flags{}, request{Kind: serverSideEmit, Data: p.Data, attachments: p.Attachments})
}

// ServerSideEmitWithAck implements sio.Adapter. An answer is one value, or none.
func (a *adapter) ServerSideEmitWithAck(ctx context.Context,
	p siopacket.Packet) (answers []sio.Args, err error) {
	r := request{Kind: serverSideEmit, Data: p.Data, attachments: p.Attachments}
	err = a.survey(ctx, r, func(r response) error {
		answers = append(answers, argsOf(r.Data, r.attachments))
		return nil
	})
	return answers, err
}

// argsOf returns one value, or none if JavaScript sent undefined.
func argsOf(value siopacket.Value, attachments [][]byte) sio.Args {
	if len(value) == 0 {
		return event.NewArgs(nil, nil)
	}
	return event.NewArgs([]siopacket.Value{value}, attachments)
}

// tell sends a request without a response, unless the flags say Local.
func (a *adapter) tell(flags sio.Flags, r request) {
	if !flags.Local {
		a.ask(r)
	}
}

func (a *adapter) ask(r request) {
	r.UID = a.uid
	if j, err := a.wire.request(r); !a.unsent(err) {
		a.link.put(j)
	}
}

// unsent logs the error of a message that cannot be encoded.
func (a *adapter) unsent(err error) bool {
	if err != nil {
		a.config.Log.Error("sioredis: not sent to the other servers", "namespace",
			a.namespace.Name(), "err", err)
	}
	return err != nil
}
