package sioredis

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// confirmed records that Redis has confirmed a channel, or that the stream is being read.
func (a *adapter) confirmed(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.unconfirmed[name] {
		return // confirmed before, or a confirmation after a reconnection
	}
	delete(a.unconfirmed, name)
	if len(a.unconfirmed) == 0 {
		close(a.joined)
		a.link.subscribed.Store(true)
	}
}

// begin records that entries after this offset will arrive.
func (a *adapter) begin(at sio.Offset) {
	if a.shared {
		a.local.Skip(at)
	}
	a.confirmed(streamBegun)
}

// receive runs on a receiver of the link. It handles responses at once, because serve itself may be
// waiting for them.
func (a *adapter) receive(m *redis.Message) {
	if a.wire.urgent(m) {
		a.take(m)
		return
	}
	a.queue(m)
}

// receiveEntry runs on a reader of the link.
func (a *adapter) receiveEntry(e entry) { a.queue(e) }

func (a *adapter) queue(m any) {
	select {
	case a.work <- m:
	case <-a.life.Done():
	}
}

func (a *adapter) take(m *redis.Message) {
	v, err := a.wire.read(m)
	if err != nil {
		a.refused(err)
		return
	}
	switch v := v.(type) {
	case message:
		a.local.Broadcast(v.packet, v.opts.selection(), v.opts.flags())
	case request:
		a.answer(v)
	case response:
		a.receiveResponse(v)
	}
}

func (a *adapter) receiveResponse(r response) {
	if take := a.expects(r.ID); take != nil {
		take(r)
	}
}

// refused logs a message of another server that cannot be parsed.
func (a *adapter) refused(err error) {
	a.log.Log(a.config.Log, slog.LevelWarn, "sioredis: message refused",
		"namespace", event.Printable(a.namespace.Name()), "err", event.Printable(err))
}

// serve handles the messages of other servers, in order, until Close.
func (a *adapter) serve() {
	for {
		select {
		case m := <-a.work:
			switch m := m.(type) {
			case *redis.Message:
				a.take(m)
			case entry:
				a.takeEntry(m)
			}
		case <-a.life.Done():
			return
		}
	}
}

// serveEvents runs the handlers of server-side events. They may block without blocking serve.
func (a *adapter) serveEvents() {
	for {
		select {
		case handle := <-a.events:
			handle()
		case <-a.life.Done():
			return
		}
	}
}

// answer handles a request of another server.
func (a *adapter) answer(r request) {
	switch r.Kind {
	case listSockets:
		a.respond(r, response{Sockets: a.idsIn(r.Rooms)})
	case listRooms:
		a.respond(r, response{Rooms: a.rooms()})
	case remoteJoin, remoteLeave, remoteDisconn:
		a.move(r)
	case fetchSockets:
		a.respond(r, response{Sockets: a.describe(r.Opts.selection())})
	case serverSideEmit:
		a.handleEvent(r)
	case askClients:
		a.askHere(r)
	}
}

// move adds sockets to rooms, removes them, or disconnects them: a selection, or the one that the
// request names.
func (a *adapter) move(r request) {
	to, rooms := sio.Selection{Rooms: []string{r.SID}}, []string(r.Rooms)
	if r.Opts != nil {
		to = r.Opts.selection()
	} else {
		if a.namespace.Socket(r.SID) == nil {
			return
		}
		if room, err := nameOf(r.Room); err == nil {
			rooms = []string{room}
		}
		defer a.respond(r, response{})
	}
	switch r.Kind {
	case remoteJoin:
		a.local.Join(to, sio.Flags{}, rooms)
	case remoteLeave:
		a.local.Leave(to, sio.Flags{}, rooms)
	case remoteDisconn:
		a.local.Disconnect(to, sio.Flags{}, r.Close)
	}
}

func (a *adapter) handleEvent(r request) {
	p := siopacket.Packet{Type: siopacket.Event, Namespace: a.namespace.Name(), Data: r.Data,
		Attachments: r.attachments}
	answer := event.NewAck(r.ID != "", func(data []byte, attachments [][]byte) {
		out := response{Kind: serverSideEmit}
		out.Data, out.attachments = firstOf(event.NewArgs(siopacket.Packet{Data: data}.Args(),
			attachments))
		a.respond(r, out)
	}, func(err error) {
		a.log.Log(a.config.Log, slog.LevelError, "sioredis: the answer cannot be written",
			"namespace", event.Printable(a.namespace.Name()), "err", event.Printable(err))
	})
	select {
	case a.events <- func() { a.local.HandleServerSide(p, answer) }:
	default:
		a.log.Log(a.config.Log, slog.LevelWarn,
			"sioredis: server-side event dropped, its handlers are too slow",
			"namespace", event.Printable(a.namespace.Name()))
	}
}

// askHere emits a broadcast to the clients of this server. It responds first with their number,
// then with each acknowledgement.
func (a *adapter) askHere(r request) {
	flags := r.Opts.flags()
	if flags.Timeout == 0 {
		flags.Timeout = a.config.AnswerTimeout
	}
	var forget func()
	asked := make(chan struct{})
	counted := make(chan struct{})
	defer close(counted)
	expiry := time.AfterFunc(flags.Timeout, func() { <-asked; forget() })
	var unheard atomic.Int64 // acknowledgements still missing; too low until all are asked
	heard := func(n int) {
		if unheard.Add(int64(n)) == 0 {
			expiry.Stop()
		}
	}
	ids, f := a.local.Ask(r.packet, r.Opts.selection(), flags, func(answer sio.Answer, err error) {
		if err == nil { // from a client's reader, not from Ask itself
			<-counted
			out := response{Kind: clientAnswer}
			out.Answer, out.attachments = firstOf(answer.Args)
			a.respond(r, out)
		}
		heard(-1)
	})
	forget = f
	close(asked)
	heard(len(ids))
	count := len(ids)
	a.respond(r, response{Kind: clientCount, Count: &count})
}

// firstOf returns the first value, with the attachments: an answer between servers has at most one.
func firstOf(args sio.Args) (siopacket.Value, [][]byte) {
	if args.Len() == 0 {
		return nil, nil
	}
	return args.Values()[0], args.Attachments()
}

// respond sends a response to the server that asked.
func (a *adapter) respond(to request, r response) {
	r.ID = to.ID
	if j, err := a.wire.respond(to, r); !a.unsent(err) {
		a.link.put(j)
	}
}

// idsIn returns the ids of the sockets in any of the rooms, or of all if rooms is empty.
func (a *adapter) idsIn(rooms names) jsontext.Value {
	ids := []string{}
	for _, info := range a.infos(sio.Selection{Rooms: rooms}) {
		ids = append(ids, info.ID)
	}
	return listOf(ids)
}

// rooms returns the rooms of this server, including the sockets' ids.
func (a *adapter) rooms() jsontext.Value {
	seen := map[string]bool{}
	rooms := []string{}
	for _, info := range a.infos(sio.Selection{}) {
		for _, room := range info.Rooms {
			if !seen[room] {
				seen[room] = true
				rooms = append(rooms, room)
			}
		}
	}
	return listOf(rooms)
}

func listOf(names []string) jsontext.Value {
	text, _ := json.Marshal(names, lenient) // strings are always JSON
	return text
}
