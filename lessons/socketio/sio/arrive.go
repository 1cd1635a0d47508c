package sio

// arrive adds a recovered socket to the held broadcasts, because it was disconnected when Hold
// selected their sockets. If this server is behind the socket's earlier server in the cluster's
// order, the socket is marked as ahead, until Deliver has delivered all packets from before the
// socket joined its newest room. The caller holds mu.
func (a *MemoryAdapter) arrive(s *Socket) {
	for _, h := range a.held {
		if s.rooms.had(h.to, s.id, never) {
			h.sockets = append(h.sockets, s)
		}
	}
	if newest := s.rooms.newest(); a.shares() && a.history.last.Before(newest) {
		if a.ahead == nil {
			a.ahead = map[*Socket]Offset{}
		}
		a.ahead[s] = newest
	}
}

// sendPast sends a packet to the sockets that are ahead, if they were in its rooms at its offset.
// Like a replay, it ignores the rooms that a socket is in now. It returns a function that sends to
// all other sockets. The caller holds mu.
func (a *MemoryAdapter) sendPast(to Selection, at Offset,
	send func(*Socket)) (sendNow func(*Socket)) {
	for s, newest := range a.ahead {
		if newest.Before(at) {
			delete(a.ahead, s)
		} else if s.rooms.had(to, s.id, at) {
			send(s)
		}
	}
	if len(a.ahead) == 0 {
		return send
	}
	return func(s *Socket) {
		if _, ahead := a.ahead[s]; !ahead {
			send(s)
		}
	}
}
