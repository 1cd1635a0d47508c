package netsim

import (
	"math/rand/v2"
	"time"
)

// Bounds of the queue before the bottleneck: as much as takes queueTime to send,
// and queueFloor bytes where that is less. What comes to a full queue is lost.
const (
	queueTime  = 250 * time.Millisecond
	queueFloor = 32 * mtu
)

// path is one direction of a link: pure, its clock is what the caller says. The
// same seed and the same packets at the same times have the same fates.
type path struct {
	link   Link
	random *rand.Rand
	cut    bool
	free   time.Duration // when the bottleneck has sent all that it has
	last   time.Duration // when the newest packet arrives
}

func newPath(l Link, seed, stream uint64) *path {
	return &path{link: l, random: rand.New(rand.NewPCG(seed, stream))}
}

// send takes a packet of that size in bytes, at a time that does not fall. It
// returns when the packet arrives, not before those sent before it; false if it
// never does.
func (p *path) send(now time.Duration, size int) (arrives time.Duration, ok bool) {
	// Both are drawn for each packet, so that a change of the link leaves the others' fates alone.
	lost, swing := p.random.Float64() < p.link.Loss, p.random.Float64()-0.5
	if lost || p.cut {
		return 0, false
	}
	sent := now
	if p.link.Rate > 0 {
		begin := max(now, p.free)
		if waiting := (begin - now).Seconds() * p.link.Rate / 8; waiting > max(queueFloor, queueTime.Seconds()*p.link.Rate/8) {
			return 0, false
		}
		sent = begin + time.Duration(float64(size)*8/p.link.Rate*float64(time.Second))
		p.free = sent
	}
	delay := p.link.RTT/2 + time.Duration(swing*float64(p.link.Jitter))
	p.last = max(p.last, sent+delay)
	return p.last, true
}
