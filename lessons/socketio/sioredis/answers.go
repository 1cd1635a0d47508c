package sioredis

import (
	"context"
	"time"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/siopacket"
)

// BroadcastWithAck implements sio.Adapter. Each server reports how many clients it has asked, and
// then forwards their acknowledgements. From another server, only the first value of an
// acknowledgement arrives, without the client's id.
func (a *adapter) BroadcastWithAck(ctx context.Context, p siopacket.Packet, to sio.Selection,
	flags sio.Flags) ([]sio.Answer, error) {
	if flags.Local {
		return a.local.BroadcastWithAck(ctx, p, to, flags)
	}
	timeout := a.config.AnswerTimeout
	if deadline, bounded := ctx.Deadline(); bounded {
		timeout = time.Until(deadline)
	}
	ctx, cancel := a.within(ctx, timeout)
	defer cancel()
	collected := sio.NewAnswers()
	asked, forgetClients := a.local.Ask(p, to, flags, collected.Take)
	defer forgetClients()

	others, uncounted := a.others(ctx)
	if others > 0 {
		id, forget := a.expect(func(r response) {
			switch {
			case r.Kind == clientCount && r.Count != nil && *r.Count >= 0:
				collected.TakeRemote(*r.Count)
			case r.Kind == clientAnswer:
				collected.TakeRemote(0, sio.Answer{Args: argsOf(r.Answer, r.attachments)})
			}
		})
		defer forget()
		deadline, _ := ctx.Deadline() // tells the other servers how long to wait
		flags.Timeout = max(time.Until(deadline), time.Millisecond)
		a.ask(request{ID: id, Kind: askClients, Opts: newOptions(to, flags), packet: p})
	}
	collected.Expect(asked, others)
	answers, missing, silent := collected.Wait(ctx)
	switch {
	case uncounted != nil && missing == nil:
		missing = &sio.MissingAnswersError{Err: uncounted} // other servers may have clients
	case uncounted != nil:
		missing.Err = uncounted
	case silent > 0:
		missing.Err = &MissingServersError{others - silent, others, missing.Err}
	}
	if missing == nil {
		return answers, nil
	}
	return answers, missing
}
