package sioredis

import (
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/redis/go-redis/v9"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// confirmed is told by the link's receiver that Redis sends us a channel.
func (a *adapter) confirmed(s *redis.Subscription) {
	if !a.unconfirmed[s.Channel] {
		return // said before, or again after a reconnection
	}
	delete(a.unconfirmed, s.Channel)
	if len(a.unconfirmed) == 0 {
		close(a.joined)
	}
}

// receive runs on the link's receiver. Responses are seen to at once: whoever
// waits for them may be what serve is busy with.
func (a *adapter) receive(m *redis.Message) {
	if m.Pattern == "" && m.Channel != a.channels.request {
		a.receiveResponse(m)
		return
	}
	select {
	case a.work <- m:
	case <-a.closed:
	}
}

func (a *adapter) receiveResponse(m *redis.Message) {
	r, err := parseResponse([]byte(m.Payload))
	if err != nil {
		a.refused(err)
		return
	}
	if take := a.expects(r.ID); take != nil {
		take(r)
	}
}

// refused logs what another server has sent and nobody can read.
func (a *adapter) refused(err error) {
	a.config.Log.Warn("sioredis: message refused", "namespace", a.namespace.Name(), "err", err)
}

// serve does what the other servers ask, in order, until Close.
func (a *adapter) serve() {
	for {
		select {
		case m := <-a.work:
			if m.Pattern != "" {
				a.broadcastHere(m)
			} else {
				a.answer(m)
			}
		case <-a.closed:
			return
		}
	}
}

// serveEvents runs the handlers of server-side events. They may block; what
// serve does goes on.
func (a *adapter) serveEvents() {
	for {
		select {
		case handle := <-a.events:
			handle()
		case <-a.closed:
			return
		}
	}
}

func (a *adapter) broadcastHere(m *redis.Message) {
	if room, one := a.channels.room(m.Channel); one && !a.local.Knows(room) {
		return
	}
	b, err := parseMessage([]byte(m.Payload), a.uid)
	switch {
	case err != nil:
		a.refused(err)
	case b.uid != a.uid && b.packet.Namespace == a.namespace.Name():
		a.local.Broadcast(b.packet, b.opts.selection(), b.opts.flags())
	}
}

// answer does what a request asks. Our own come back too, and are ignored:
// what they say is done already.
func (a *adapter) answer(m *redis.Message) {
	r, err := parseRequest([]byte(m.Payload))
	if err != nil {
		a.refused(err)
		return
	}
	if r.UID == a.uid {
		return
	}
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

// move changes the sockets of a selection, or the one that is named.
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
	event := siopacket.Packet{Type: siopacket.Event, Namespace: a.namespace.Name(), Data: r.Data, Attachments: r.attachments}
	var answered atomic.Bool
	answer := func(args ...any) {
		if r.ID == "" || answered.Swap(true) {
			return
		}
		data, attachments, err := siopacket.MarshalArgs(args...)
		if err != nil {
			a.config.Log.Error("sioredis: no answer", "namespace", a.namespace.Name(), "err", err)
			return
		}
		out := response{Kind: serverSideEmit}
		out.Data, out.attachments = firstOf(sio.NewArgs(siopacket.Packet{Data: data}.Args(), attachments))
		a.respond(r, out)
	}
	select {
	case a.events <- func() { a.namespace.HandleServerSide(event, answer) }:
	default:
		a.config.Log.Warn("sioredis: server-side event dropped, its handlers are too slow", "namespace", a.namespace.Name())
	}
}

// askHere asks the clients of this server, and passes on what they answer.
func (a *adapter) askHere(r request) {
	flags := r.Opts.flags()
	if flags.Timeout == 0 {
		flags.Timeout = a.config.AnswerTimeout
	}
	var forget func()
	asked := make(chan struct{})
	expiry := time.AfterFunc(flags.Timeout, func() { <-asked; forget() })
	var unheard atomic.Int64 // once all are asked; before, less than that
	heard := func(n int) {
		if unheard.Add(int64(n)) == 0 {
			expiry.Stop()
		}
	}
	ids, f := a.local.Ask(r.packet, r.Opts.selection(), flags, func(answer sio.Answer, err error) {
		if err == nil {
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

// firstOf is the one value that an answer may have between servers, with the
// attachments, nil for none.
func firstOf(args sio.Args) (siopacket.Value, [][]byte) {
	if args.Len() == 0 {
		return nil, nil
	}
	return args.Values()[0], args.Attachments()
}

// respond sends a response to the server that has asked.
func (a *adapter) respond(to request, r response) {
	r.ID = to.ID
	channel := a.channels.response
	if a.config.SpecificResponses && to.UID != "" {
		channel = a.channels.responseTo(to.UID)
	}
	a.publish(channel, func([]byte) ([]byte, error) { return r.encode() })
}

// idsIn lists the sockets in any of the rooms, or all.
func (a *adapter) idsIn(rooms names) jsontext.Value {
	ids := []string{}
	for _, info := range a.infos(sio.Selection{Rooms: rooms}) {
		ids = append(ids, info.ID)
	}
	return listOf(ids)
}

// rooms lists those of this server, the sockets' ids among them.
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
