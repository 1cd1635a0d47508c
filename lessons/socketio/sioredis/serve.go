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

// confirmed records that Redis sends us a channel. The link's receiver calls it.
func (a *adapter) confirmed(s *redis.Subscription) {
	if !a.unconfirmed[s.Channel] {
		return // said before, or again after a reconnection
	}
	delete(a.unconfirmed, s.Channel)
	if len(a.unconfirmed) == 0 {
		close(a.joined)
		a.link.subscribed.Store(true)
	}
}

// receive runs on the link's receiver. Responses are seen to at once: whoever waits for them may be
// what serve is busy with.
func (a *adapter) receive(m *redis.Message) {
	if m.Pattern == "" && m.Channel != a.channels.request {
		a.receiveResponse(m)
		return
	}
	select {
	case a.work <- m:
	case <-a.life.Done():
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

// refused logs a message of another server that cannot be read.
func (a *adapter) refused(err error) {
	a.log.Log(a.config.Log, slog.LevelWarn, "sioredis: message refused",
		"namespace", event.Printable(a.namespace.Name()), "err", event.Printable(err))
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
		case <-a.life.Done():
			return
		}
	}
}

// serveEvents runs the handlers of server-side events. They may block; what serve does goes on.
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

// answer does what a request asks. Our own come back too, and are ignored: what they say is done
// already.
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
	p := siopacket.Packet{Type: siopacket.Event, Namespace: a.namespace.Name(), Data: r.Data, Attachments: r.attachments}
	answer := event.NewAck(r.ID != "", func(data []byte, attachments [][]byte) {
		out := response{Kind: serverSideEmit}
		out.Data, out.attachments = firstOf(event.NewArgs(siopacket.Packet{Data: data}.Args(), attachments))
		a.respond(r, out)
	}, func(err error) {
		a.log.Log(a.config.Log, slog.LevelError, "sioredis: the answer cannot be written", "namespace", event.Printable(a.namespace.Name()), "err", event.Printable(err))
	})
	select {
	case a.events <- func() { a.local.HandleServerSide(p, answer) }:
	default:
		a.log.Log(a.config.Log, slog.LevelWarn, "sioredis: server-side event dropped, its handlers are too slow",
			"namespace", event.Printable(a.namespace.Name()))
	}
}

// askHere asks the clients of this server, and passes their answers on behind their number.
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
	var unheard atomic.Int64 // once all are asked; before, less than that
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

// firstOf is the one value that an answer may have between servers, with the attachments, nil for
// none.
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

// rooms lists the rooms of this server, the sockets' ids among them.
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
