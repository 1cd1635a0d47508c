package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"realtimelab/internal/livepage"
)

// state holds the teacher's choices.
type state struct {
	Sticky   string `json:"sticky"`   // notSticky, byCookie or byAddress
	Adapter  string `json:"adapter"`  // one of database.adapters
	Recovery bool   `json:"recovery"` // connection state recovery
	Redis    bool   `json:"redis"`    // Redis can be reached
	Crowd    int    `json:"crowd"`    // simulated clients
}

func (d *demo) stateNow() state {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// change is a request to change the demo for all. Missing fields leave it as it is.
type change struct {
	Sticky   *string `json:"sticky"`
	Adapter  *string `json:"adapter"`  // restarts all servers
	Recovery *bool   `json:"recovery"` // restarts all servers
	Redis    *bool   `json:"redis"`
	Crowd    *int    `json:"crowd"`
	Down     string  `json:"down"`  // the server that crashes
	Up       string  `json:"up"`    // the server that starts again
	Roll     bool    `json:"roll"`  // restart the servers, one after the other
	Count    bool    `json:"count"` // begin the account of the crowd again
}

// Reasons why a change is refused.
var (
	errBusy    = livepage.Busy("the servers are restarting: wait until they are up")
	errClosing = errors.New("the demo is closing")
)

// apply makes a change, or returns an error that says why it cannot. Slow changes continue after it
// has returned.
func (d *demo) apply(c change) error {
	switch {
	case c.Sticky != nil && !slices.Contains([]string{notSticky, byCookie, byAddress}, *c.Sticky):
		return fmt.Errorf("sticky %q: want %s, %s or %s", *c.Sticky, notSticky, byCookie, byAddress)
	case c.Adapter != nil && !slices.Contains(d.database.adapters(), *c.Adapter):
		return fmt.Errorf("adapter %q: want one of %s", *c.Adapter,
			strings.Join(d.database.adapters(), ", "))
	case c.Crowd != nil && (*c.Crowd < 0 || *c.Crowd > maxCrowd):
		return errCrowd
	}
	for _, name := range []string{c.Down, c.Up} {
		if name != "" && d.server(name) == nil {
			return fmt.Errorf("there is no server %q", name)
		}
	}
	if c.Sticky != nil {
		d.mu.Lock()
		d.state.Sticky = *c.Sticky
		d.mu.Unlock()
	}
	if c.Redis != nil {
		d.mu.Lock()
		d.state.Redis = *c.Redis
		d.mu.Unlock()
		d.database.setDown(!*c.Redis)
	}
	if c.Count {
		d.countAgain()
	}
	if c.Crowd != nil {
		if err := d.setCrowd(*c.Crowd); err != nil {
			return err
		}
	}
	switch {
	case c.Adapter != nil || c.Recovery != nil:
		return d.operate("restart", func(ctx context.Context) { d.reconfigure(ctx, c) })
	case c.Roll:
		return d.operate("roll", d.roll)
	case c.Down != "":
		return d.operate(c.Down, func(context.Context) { d.server(c.Down).crash() })
	case c.Up != "" && d.server(c.Up).status() == statusDown:
		return d.operate(c.Up, func(context.Context) { d.startOrSay(d.server(c.Up)) })
	}
	return nil
}

// operate runs f, unless another operation runs.
func (d *demo) operate(name string, f func(ctx context.Context)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy != "" {
		return errBusy
	}
	if !d.running.Enter() {
		return errClosing
	}
	d.busy = name
	go func() {
		defer d.running.Leave()
		f(d.ctx)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.busy = ""
	}()
	return nil
}

func (d *demo) startOrSay(s *server) {
	if err := s.start(); err != nil {
		d.log.Error("a server did not start", "server", s.name, "err", err)
	}
}

// shutdownTime bounds the graceful end of a server.
const shutdownTime = 5 * time.Second

// reconfigure restarts all servers at once, with another adapter or recovery. This is not a rolling
// restart, because servers with different adapters do not form a cluster.
func (d *demo) reconfigure(ctx context.Context, c change) {
	d.mu.Lock()
	if c.Adapter != nil {
		d.state.Adapter = *c.Adapter
	}
	if c.Recovery != nil {
		d.state.Recovery = *c.Recovery
	}
	d.mu.Unlock()
	var up []*server
	for _, s := range d.servers {
		if s.status() == statusUp {
			up = append(up, s)
		}
	}
	// All end before one starts: the first that is back would get the clients of the others.
	d.each(up, func(s *server) { d.end(ctx, s) })
	if ctx.Err() == nil {
		d.each(up, d.startOrSay)
	}
}

// each calls f for the servers at the same time, and waits.
func (d *demo) each(servers []*server, f func(*server)) {
	var all sync.WaitGroup
	for _, s := range servers {
		all.Go(func() { f(s) })
	}
	all.Wait()
}

// end ends a server gracefully.
func (d *demo) end(ctx context.Context, s *server) {
	bounded, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if err := s.stop(bounded); err != nil && ctx.Err() == nil {
		d.log.Warn("a server did not end in time", "server", s.name, "err", err)
	}
}

// restart ends a server gracefully and starts it again, unless ctx ends.
func (d *demo) restart(ctx context.Context, s *server) {
	d.end(ctx, s)
	if ctx.Err() == nil {
		d.startOrSay(s)
	}
}

// roll restarts the servers that are up, one after the other. The others take the clients
// meanwhile.
func (d *demo) roll(ctx context.Context) {
	for _, s := range d.servers {
		if !s.drain() { // the balancer sends it no new clients from now on
			continue
		}
		d.restart(ctx, s)
		select {
		case <-time.After(d.pace): // its clients settle
		case <-ctx.Done():
			return
		}
	}
}
