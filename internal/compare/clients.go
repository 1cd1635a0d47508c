package compare

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"realtimelab/internal/lesson"
)

// clients are the clients of a turn.
type clients struct {
	config Config
	lane   lesson.Lane
	server *server
	tally  *tally

	networks  networks // nil without a simulated network
	peers     []*peer  // nil where it is not connected yet
	publisher *peer    // sends in place of the first client, see Config.besides
	hears     bool     // the publisher receives the messages too
}

const (
	warmUpTimeout = 30 * time.Second // plus Config.timeout
	// clients that connect at a time over a simulated network
	together = 64
	// between two messages to a lossy lane, with the round trip
	againPace = 100 * time.Millisecond
)

// connect opens the clients, evenly over a polling interval if there is one. The greeters send a
// hello and wait until they receive it. connect returns when every client and the publisher have
// received the warm-up that follows, so that none of these messages is still on its way.
func (c *clients) connect(ctx context.Context, seed uint64) (err error) {
	timeout := warmUpTimeout + 3*c.config.Interval + c.config.timeout()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout,
		fmt.Errorf("not every client heard the first message within %s", timeout))
	defer cancel()
	if c.config.simulated() {
		_, target, _ := strings.Cut(c.server.url, "://")
		if c.networks, err = simulate(c.config.Net, c.config.Clients, target, c.lane.UDP,
			seed); err != nil {
			return err
		}
	}
	if err := c.dialAll(ctx); err != nil || c.config.workload().Asks {
		return err
	}
	if c.config.besides() {
		dial := c.lane.Dial
		c.hears = !c.lane.Posts || c.config.workload().Bytes
		if !c.hears {
			dial = c.lane.Sender() // sends as Dial's client does, but receives nothing
		}
		if c.publisher, err = c.dialBesides(ctx, dial, c.tally.hearAside); err != nil {
			return err
		}
	}
	return c.warmUp(ctx)
}

// dialAll connects one client after the other, or several at a time where each has
// a network of its own to wait for.
func (c *clients) dialAll(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(1)
	if c.config.simulated() {
		all.SetLimit(together)
	}
	for i := range c.config.Clients {
		if c.lane.Polls && !c.config.workload().Asks && i > 0 {
			if err := sleep(ctx, c.config.Interval/time.Duration(c.config.Clients)); err != nil {
				break
			}
		}
		all.Go(func() error { return c.dialOne(ctx, i) })
	}
	return all.Wait()
}

// dialOne connects a client, whose subscription outlives ctx; close ends it.
func (c *clients) dialOne(ctx context.Context, i int) (err error) {
	asks, dial, url := c.config.workload().Asks, c.config.workload().way(c.lane).Dial, c.server.url
	if c.networks != nil {
		scheme, _, _ := strings.Cut(c.server.url, "://")
		url = scheme + "://" + c.networks[i].Addr().String()
	}
	c.tally.dial(i)
	if c.peers[i], err = c.dial(ctx, dial, url, fmt.Sprint("room-", c.config.room(i)),
		func(text string) {
			c.tally.hear(i, text)
		}); err != nil {
		return err
	}
	if !asks && i >= greeters(c.config.Clients) {
		return nil
	}
	if err := c.peers[i].send(ctx, label{hello, i}); err != nil {
		return err
	}
	if asks {
		c.tally.holds(func() bool { c.tally.greet(time.Now(), i); return true })
	}
	return nil
}

// dialBesides opens a sender beside the clients: no network delays it, no cut ends it, and its
// traffic is counted separately. A workload of bytes has a dial of its own.
func (c *clients) dialBesides(ctx context.Context, dial lesson.Dial, hear func(text string)) (*peer,
	error) {
	if w := c.config.workload(); w.Bytes {
		dial = w.way(c.lane).Dial
	}
	return c.dial(ctx, dial, c.server.direct, "", hear)
}

// dial connects a peer that sends the same requests as a browser. ctx bounds the dialing; the
// client runs until close.
func (c *clients) dial(ctx context.Context, dial lesson.Dial, url, room string,
	hear func(text string)) (*peer, error) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(ctx, cancel)()
	client, err := dial(running, lesson.Dialing{
		URL: url, Room: room, Interval: c.config.Interval, NoJitter: c.config.workload().NoJitter,
		Header: browserHeader(url), Upgrade: upgradeHeader(url),
		TLS: c.server.trust, HTTP2: c.lane.HTTP2 && strings.HasPrefix(url, "https:"), Hear: hear,
	})
	if err != nil {
		cancel()
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	return &peer{client, c.config.Load, c.tally.shots, c.tally.mark, cancel}, nil
}

func (c *clients) warmUp(ctx context.Context) error {
	greeted := func() bool { return c.tally.greeted == greeters(c.config.Clients) }
	if err := c.awaitSent(ctx, greeted, func() error { return c.greetAgain(ctx) }); err != nil {
		return err
	}
	warm := func() error { // by the first client of each room
		for i := range c.config.Clients {
			if i > 0 && c.config.room(i) == c.config.room(i-1) {
				continue
			}
			if err := c.sender(i).send(ctx, label{kind: warmUp}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := warm(); err != nil {
		return err
	}
	return c.awaitSent(ctx, func() bool {
		return c.tally.warmed == c.config.Clients && (!c.hears || c.tally.warmAside)
	}, warm)
}

// greetAgain sends the hellos again that their senders have not received.
func (c *clients) greetAgain(ctx context.Context) error {
	for i := range greeters(c.config.Clients) {
		if c.tally.holds(func() bool { return c.tally.first[i] == 0 }) {
			if err := c.peers[i].send(ctx, label{hello, i}); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitSent is like await, but repeats send over a lane that may lose messages, and to a user's
// server, which need not keep messages for clients whose streams open later.
func (c *clients) awaitSent(ctx context.Context, condition func() bool, send func() error) error {
	if !c.lane.Lossy && !c.server.external {
		return c.tally.await(ctx, condition)
	}
	for !c.tally.holds(condition) {
		if err := sleep(ctx, c.config.Net.RTT+c.config.Net.Jitter+againPace); err != nil {
			return err
		}
		if c.tally.holds(condition) {
			return nil
		}
		if err := send(); err != nil {
			return err
		}
	}
	return nil
}

// sender returns the peer that sends for a client.
func (c *clients) sender(client int) *peer {
	if c.publisher != nil {
		return c.publisher
	}
	return c.peers[client]
}

// close disconnects all clients, and ends their networks.
func (c *clients) close() {
	var all sync.WaitGroup
	for _, p := range append(c.peers, c.publisher) {
		if p != nil {
			all.Go(p.close)
		}
	}
	all.Wait()
	c.networks.close()
}
