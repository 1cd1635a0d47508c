package load

import (
	"context"
	"net/url"
	"slices"
	"time"

	"realtimelab/lessons/socketio/eiopacket"
)

// openUpgraded connects a client over polling and upgrades it to WebSocket. If the upgrade fails,
// the client stays on polling, as browsers do. A slow client does not: it reads slowly from a
// socket only.
func (p *socketIO) openUpgraded(ctx context.Context, c *client) error {
	w, o, queue, err := p.session(ctx, c)
	if err != nil {
		return err
	}
	upgraded, err := p.upgradeSession(ctx, c, o, queue)
	if upgraded || ctx.Err() != nil || c.slow {
		w.cancel()
		return err
	}
	p.tally.failed(phaseUpgrade, err)
	return p.poll(c, w, queue)
}

// upgradeSession upgrades a session, in half of the time that its client has to connect. No request
// waits at the server meanwhile, so what it sends comes over the WebSocket. It reports whether the
// session has left polling.
func (p *socketIO) upgradeSession(ctx context.Context, c *client, o opening,
	queue [][]byte) (upgraded bool, err error) {
	if !slices.Contains(o.Upgrades, "websocket") {
		return false, failf(CauseNoOffer, "the handshake offers the upgrades %q",
			"握手提供的升级是 %q", o.Upgrades)
	}
	try := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		try, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	err = p.overWebSocket(try, c, "&sid="+url.QueryEscape(o.SID), queue,
		func(read func() ([]byte, error), send func([]byte) error) error {
			if err := send([]byte("2probe")); err != nil {
				return err
			}
			answer, err := read()
			if err != nil {
				return err
			}
			if string(answer) != "3probe" {
				return failf(CauseProtocol, "the answer to the upgrade's probe is %.60q",
					"对升级探测的响应是 %.60q", answer)
			}
			upgraded = true
			return send([]byte{byte(eiopacket.Upgrade)})
		})
	if err != nil && try.Err() != nil {
		err = &failure{CauseTimeout, err}
	}
	return upgraded, err
}

// pollingAnswers reports whether Socket.IO works over polling, after an attempt over WebSocket
// failed.
func (r *run) pollingAnswers(ctx context.Context, failed error) bool {
	known := []Cause{CauseStatus, CauseProtocol, CauseClosed, CauseReset}
	if r.config.As != SocketIO || r.config.EIO != 4 || ctx.Err() != nil ||
		!slices.Contains(known, causeOf(failed)) {
		return false
	}
	err := r.protocol.open(ctx, r.add(func(c *client) { c.polls = true }))
	return err == nil || causeOf(err) == CauseRejected
}
