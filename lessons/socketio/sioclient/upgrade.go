package sioclient

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// An upgrade moves a session from polling to a WebSocket, which is probed while polling continues:
//
//	client → server  2probe   on the WebSocket
//	server → client  3probe   on the WebSocket
//	server → client  6        noop, ends the poll that is held
//	client → server  5        on the WebSocket, which carries the session from here on
//
// On a WebTransport stream, the packet 0{"sid":"…"} comes before the probe.

// webTransportLead is the delay after which the upgrades other than WebTransport are tried.
const webTransportLead = 200 * time.Millisecond

// probe tries the upgrades. It uses the first that answers; if none does, polling continues.
func (e *engine) probe() {
	ctx, cancel := context.WithTimeout(e.ctx, e.endpoint.config.Timeout)
	defer cancel()
	var probes sync.WaitGroup
	for _, name := range e.upgrades {
		probes.Go(func() {
			if name != WebTransport && slices.Contains(e.upgrades, WebTransport) {
				select {
				case <-time.After(webTransportLead):
				case <-ctx.Done():
					return
				}
			}
			t, err := e.probeOver(ctx, name)
			if err != nil {
				faster := errors.Is(ctx.Err(), context.Canceled) // another transport was
				if !faster && !e.ending() {
					e.tasks.Go(func() { e.onUpgradeError(name, err) })
				}
				return
			}
			e.mu.Lock()
			first := ctx.Err() == nil && !e.closed && e.closing == ""
			if first {
				e.probed = t
				cancel()
			}
			e.mu.Unlock()
			if !first {
				t.abort()
			}
		})
	}
	probes.Wait()
}

// probeOver opens a transport and sends a probe over it.
func (e *engine) probeOver(ctx context.Context, name string) (transport, error) {
	t, err := dial(ctx, e.endpoint, name, e.sid)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, t.abort)
	defer stop()
	var answer []eiopacket.Packet
	if _, err = t.write([]eiopacket.Packet{{Type: eiopacket.Ping,
		Data: []byte("probe")}}); err == nil {
		answer, err = t.read()
	}
	if err == nil && (answer[0].Type != eiopacket.Pong || string(answer[0].Data) != "probe") {
		err = errNoProbe
	}
	if err != nil {
		t.abort()
		return nil, err
	}
	return t, nil
}

var errNoProbe = errors.New("the server did not answer the probe")

// upgrade returns the transport to read from: the new one once it is probed. The reader calls it
// between two polls, when no GET is open, and it holds writing, so no POST is open. After the
// upgrade packet, the server accepts nothing over polling: a later close uses the new transport. A
// POST that the server never answers holds writing until readWithin's timeout aborts it.
func (e *engine) upgrade() transport {
	e.mu.Lock()
	before, probed := e.transport, e.probed
	e.mu.Unlock()
	if probed == nil {
		return before
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	upgraded := false
	if !e.ending() {
		_, err := probed.write([]eiopacket.Packet{{Type: eiopacket.Upgrade}})
		upgraded = err == nil
	}
	e.mu.Lock()
	e.probed = nil
	if upgraded {
		e.transport = probed
	}
	e.mu.Unlock()
	if !upgraded {
		probed.abort()
		return before
	}
	before.abort()
	e.tasks.Go(func() { e.onUpgrade(probed.name()) })
	return probed
}

// ending reports whether the session has ended or is about to end. The failure of a probe is then
// not reported, because the server closes probed transports too.
func (e *engine) ending() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed || e.closing != "" || e.writeErr != nil
}
