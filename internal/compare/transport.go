package compare

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/lesson"
)

// message is what every lane carries for a text, in both directions: a message as
// the feed of the lessons makes it. A server with a feed replaces the id and the
// time; number's order makes the ids the same.
func message(text string, clients int) []byte {
	m := feed.Message{ID: 1, From: "lab", Text: text, At: feed.Time{Time: time.Now().Truncate(time.Millisecond)}}
	if n, ok := number(text); ok {
		m.ID = idOf(n, clients)
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings, a number and a time: nothing that JSON cannot say
	}
	return data
}

// idOf is the id of a message in a feed that has the hellos, the warm-up, and then
// the messages of the schedule.
func idOf(number, clients int) int64 {
	switch {
	case number >= 0:
		return int64(greeters(clients) + 2 + number)
	case number == warmUp:
		return int64(greeters(clients) + 1)
	}
	return int64(-1 - number) // hello(0) is -2
}

// A peer is a client of a lane that sends texts as messages.
type peer struct {
	client  lesson.Client
	clients int // of the comparison, for the messages' ids
	cancel  context.CancelFunc
}

func (p *peer) send(ctx context.Context, text string) error {
	return p.client.Send(ctx, message(text, p.clients))
}

func (p *peer) close() {
	p.client.Close()
	p.cancel()
}

// dialPeer connects a client that sends what a browser would. ctx bounds the dialing; the client
// runs until close.
func (t *turn) dialPeer(ctx context.Context, dial lesson.Dial, url string, hear func(text string)) (*peer, error) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, cancel)()
	client, err := dial(running, lesson.Dialing{URL: url, Interval: t.Interval, Header: browserHeader(url), Upgrade: upgradeHeader(url), Hear: hear})
	if err != nil {
		cancel()
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	return &peer{client, t.Clients, cancel}, nil
}
