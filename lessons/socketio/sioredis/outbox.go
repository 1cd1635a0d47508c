package sioredis

import (
	"sync"
	"time"
)

// jobKind is the Redis command of a job.
type jobKind int

const (
	publish  jobKind = iota // PUBLISH a message
	spublish                // SPUBLISH it
	add                     // XADD an entry
	keep                    // SET a value with an expiry
	listen                  // SUBSCRIBE and the like
	quit                    // UNSUBSCRIBE and the like
	settle                  // SSUBSCRIBE again where a Redis Cluster has moved channels
)

// job is one command to Redis.
type job struct {
	kind    jobKind
	channel string // or the stream, or the key
	message []byte // of publish, spublish and keep
	heard   bool   // this server is subscribed to the channel, so Redis counts a receiver

	entry  entry // of add
	maxLen int64

	expiry time.Duration // of keep

	subscriptions subscriptions // of listen and quit

	lost  func()          // called when the job is given up; may be nil
	taken func(id string) // called with the id of the entry; may be nil
}

// size returns roughly the memory that the job occupies.
func (j job) size() int { return 64 + len(j.channel) + len(j.message) + j.entry.size() }

// sends reports whether the job may be pipelined with its neighbours.
func (j job) sends() bool { return j.kind < listen }

// lasting reports whether Redis stores the job's data, so that a later retry is useful.
func (j job) lasting() bool { return j.kind == add || j.kind == keep }

// subscriptions holds channels, sharded channels and a pattern of channels.
type subscriptions struct {
	channels, sharded []string
	pattern           string // empty for none
}

// names returns all of them.
func (s subscriptions) names() []string {
	names := append(append([]string{}, s.channels...), s.sharded...)
	if s.pattern != "" {
		names = append(names, s.pattern)
	}
	return names
}

// outbox holds the jobs in their order. Messages are bounded in bytes.
type outbox struct {
	limit int
	wake  chan struct{} // has one element after a change

	mu     sync.Mutex
	jobs   []job
	bytes  int // of messages that are not sent yet
	closed bool
}

// put appends a job. It returns false if the outbox is full or closed.
func (o *outbox) put(j job) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.bytes+j.size() > o.limit {
		return false
	}
	o.bytes += j.size()
	o.push(j)
	return true
}

// order appends a job of kind listen, quit or settle, regardless of the limit.
func (o *outbox) order(j job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push(j)
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.push()
}

func (o *outbox) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

// push adds jobs and wakes the sender. The caller holds mu.
func (o *outbox) push(jobs ...job) {
	o.jobs = append(o.jobs, jobs...)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take blocks until there are jobs and returns them all. It returns none when the outbox is closed
// and empty.
func (o *outbox) take() []job {
	for {
		o.mu.Lock()
		jobs, closed := o.jobs, o.closed
		o.jobs = nil
		o.mu.Unlock()
		if len(jobs) > 0 || closed {
			return jobs
		}
		<-o.wake
	}
}

// sent frees the space of jobs that are done.
func (o *outbox) sent(messages []job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, j := range messages {
		o.bytes -= j.size()
	}
}
