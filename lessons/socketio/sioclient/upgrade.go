package sioclient

import (
	"context"

	"realtimelab/lessons/socketio/eiopacket"
)

// An upgrade takes a session from polling to a WebSocket, which is tried beside it:
//
//	client → server  2probe   on the WebSocket
//	server → client  3probe   on the WebSocket
//	server → client  6        noop, ends the poll that is held
//	client → server  5        on the WebSocket, which carries the session from here on

// probe opens the WebSocket and asks whether it works. If not, polling goes on.
func (e *engine) probe() {
	ctx, cancel := context.WithTimeout(e.ctx, e.endpoint.config.Timeout)
	defer cancel()
	ws, err := dialWebSocket(ctx, e.endpoint, e.sid)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, ws.abort)
	var answer []eiopacket.Packet
	if _, err = ws.write([]eiopacket.Packet{{Type: eiopacket.Ping, Data: []byte("probe")}}); err == nil {
		answer, err = ws.read()
	}
	stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil || answer[0].Type != eiopacket.Pong || string(answer[0].Data) != "probe" || e.closed || e.closing != "" {
		ws.abort()
		return
	}
	e.probed = ws
}

// upgrade returns the transport to read from: the WebSocket once it is probed. The reader calls it
// between two polls, so no answer is under way; holding writing, no POST is. Once the upgrade packet
// is out, the server takes nothing more over polling: a close that comes now goes over the WebSocket.
// A POST that the server never answers holds writing until readWithin's timeout aborts it.
func (e *engine) upgrade() transport {
	e.mu.Lock()
	polling, ws := e.transport, e.probed
	e.mu.Unlock()
	if ws == nil {
		return polling
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	e.mu.Lock()
	ending := e.closing != "" || e.writeErr != nil
	e.mu.Unlock()
	upgraded := false
	if !ending {
		_, err := ws.write([]eiopacket.Packet{{Type: eiopacket.Upgrade}})
		upgraded = err == nil
	}
	e.mu.Lock()
	e.probed = nil
	if upgraded {
		e.transport = ws
	}
	e.mu.Unlock()
	if !upgraded {
		ws.abort()
		return polling
	}
	polling.abort()
	return ws
}
