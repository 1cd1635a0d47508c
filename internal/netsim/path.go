package netsim

import (
	"math/rand/v2"
	"time"
)

// Limits of the queue before the bottleneck: the bytes that it sends in queueTime, but at least
// queueFloor bytes. A packet that finds the queue full is lost.
const (
	queueTime  = 250 * time.Millisecond
	queueFloor = 32 * mtu
)

// path is one direction of a link. It does no I/O, and the caller passes the time. The same seed
// and the same packets at the same times give the same results.
type path struct {
	link     Link
	random   *rand.Rand
	blackout bool
	free     time.Duration // when the bottleneck will have sent everything queued
	last     time.Duration // when the newest packet arrives
}

func newPath(l Link, seed, stream uint64) *path {
	return &path{link: l, random: rand.New(rand.NewPCG(seed, stream))}
}

// send takes a packet of the given size in bytes. Times passed to it must not decrease. It returns
// when the packet arrives, which is not before earlier packets do, or false if the packet is lost.
func (p *path) send(now time.Duration, size int) (arrives time.Duration, ok bool) {
	// Both are drawn for each packet, so that a change of the link does not affect other packets'
	// results.
	lost, swing := p.random.Float64() < p.link.Loss, p.random.Float64()-0.5
	if lost || p.blackout {
		return 0, false
	}
	sent := now
	if p.link.Rate > 0 {
		begin := max(now, p.free)
		if waiting := (begin - now).Seconds() * p.link.Rate / 8; waiting > max(queueFloor,
			queueTime.Seconds()*p.link.Rate/8) {
			return 0, false
		}
		sent = begin + time.Duration(float64(size)*8/p.link.Rate*float64(time.Second))
		p.free = sent
	}
	delay := p.link.RTT/2 + time.Duration(swing*float64(p.link.Jitter))
	p.last = max(p.last, sent+delay)
	return p.last, true
}
