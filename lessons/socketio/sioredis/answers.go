package sioredis

import (
	"context"
	"slices"
	"sync"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// BroadcastWithAck implements sio.Adapter. Each server says how many clients it
// has asked, and then passes on what they answer: of an answer of another
// server's client, its first value is known, and not whose it is.
func (a *adapter) BroadcastWithAck(ctx context.Context, p siopacket.Packet, to sio.Selection, flags sio.Flags) ([]sio.Answer, error) {
	if flags.Local {
		return a.local.BroadcastWithAck(ctx, p, to, flags)
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, a.config.AnswerTimeout, sio.ErrTimeout)
		defer cancel()
	}
	g := &gathering{heard: map[string]error{}, done: make(chan struct{})}
	asked, forgetClients := a.local.Ask(p, to, flags, g.local)
	defer forgetClients()

	others, err := a.others(ctx)
	if others > 0 {
		id, forget := a.expect(g.remote)
		defer forget()
		flags.Timeout = remaining(ctx)
		a.ask(request{ID: id, Kind: askClients, Opts: newOptions(to, flags), packet: p})
	}
	g.expect(asked, others, err)
	select {
	case <-g.done:
		return g.result(nil)
	case <-ctx.Done():
		return g.result(context.Cause(ctx))
	case <-a.closed:
		return g.result(ErrClosed)
	}
}

// remaining is how long the other servers are to wait for their clients.
func remaining(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return max(time.Until(deadline), time.Millisecond)
}

// gathering collects the answers to one broadcast from this server's clients
// and those of the others.
type gathering struct {
	mu      sync.Mutex
	answers []sio.Answer
	heard   map[string]error // by this server's sockets: nil for an answer

	servers, clients, replies int // others heard; their clients asked, and heard

	sealed  bool     // what follows is known
	asked   []string // this server's sockets
	others  int      // servers
	unasked error    // why there may be more servers than others

	done     chan struct{}
	complete bool // done is closed
}

// local takes an answer of a client of this server.
func (g *gathering) local(answer sio.Answer, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.heard[answer.Socket] = err; err == nil {
		g.answers = append(g.answers, answer)
	}
	g.finish()
}

// remote takes a response of another server.
func (g *gathering) remote(r response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.Kind == clientCount && r.Count != nil && *r.Count >= 0:
		g.servers++
		g.clients += *r.Count
	case r.Kind == clientAnswer:
		g.replies++
		g.answers = append(g.answers, sio.Answer{Args: argsOf(r.Answer, r.attachments)})
	}
	g.finish()
}

// expect says who was asked, once; err, why nobody else was.
func (g *gathering) expect(asked []string, others int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked, g.others, g.unasked, g.sealed = asked, others, err, true
	g.finish()
}

// finish ends the wait if it is over. The caller holds mu.
func (g *gathering) finish() {
	if g.sealed && !g.complete && len(g.heard) == len(g.asked) && g.servers >= g.others && g.replies >= g.clients {
		g.complete = true
		close(g.done)
	}
}

// result is what has come so far. cause is why the wait has ended before all
// had, if it has.
func (g *gathering) result(cause error) ([]sio.Answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	missing := &sio.MissingAnswers{Err: sio.ErrDisconnected}
	for _, socket := range g.asked {
		if err, heard := g.heard[socket]; !heard || err != nil {
			missing.Sockets = append(missing.Sockets, socket)
		}
	}
	missing.Sockets = append(missing.Sockets, make([]string, max(0, g.clients-g.replies))...)
	silent := g.others - g.servers
	switch {
	case g.unasked != nil:
		missing.Err = g.unasked
	case cause != nil && silent > 0:
		missing.Err = &MissingServers{g.servers, g.others, cause}
	case cause != nil:
		missing.Err = cause
	}
	answers := slices.Clip(g.answers)
	if len(missing.Sockets) == 0 && g.unasked == nil && silent <= 0 {
		return answers, nil
	}
	return answers, missing
}
