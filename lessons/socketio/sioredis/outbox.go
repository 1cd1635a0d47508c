package sioredis

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// job is one thing to tell Redis: a message to publish, or what to listen to.
type job struct {
	channel string
	message []byte

	subscribe, unsubscribe []string
	pattern, unpattern     string
}

// size is roughly the memory that a message holds.
func (j job) size() int { return 64 + len(j.channel) + len(j.message) }

// outbox holds the jobs in their order. Messages are bounded in bytes.
type outbox struct {
	limit int
	wake  chan struct{} // has one element if there is something new to look at

	mu     sync.Mutex
	jobs   []job
	bytes  int // of messages that are not sent yet
	closed bool
}

// publish reports false if the outbox is full. After close it does nothing.
func (o *outbox) publish(channel string, message []byte) bool {
	j := job{channel: channel, message: message}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if o.bytes+j.size() > o.limit {
		return false
	}
	o.bytes += j.size()
	o.push(j)
	return true
}

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

// push adds jobs and wakes the sender. The caller holds mu.
func (o *outbox) push(jobs ...job) {
	o.jobs = append(o.jobs, jobs...)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take waits for jobs, and returns all. It returns none when the outbox is closed and empty.
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

// sent makes room again.
func (o *outbox) sent(messages []job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, j := range messages {
		o.bytes -= j.size()
	}
}

// maxPipeline bounds the messages that are sent to Redis at once.
const maxPipeline = 256

// send does the jobs until the outbox is closed and empty. Messages that Redis does not take are
// lost; the first and the last of a row are logged.
func (l *link) send() {
	lost := 0
	for jobs := l.out.take(); len(jobs) > 0; jobs = l.out.take() {
		for len(jobs) > 0 {
			n := 0
			for n < min(len(jobs), maxPipeline) && jobs[n].channel != "" {
				n++
			}
			if n == 0 {
				l.listen(jobs[0])
				jobs = jobs[1:]
				continue
			}
			failed, err := l.publishAll(jobs[:n])
			lost = l.account(lost, failed, err)
			l.out.sent(jobs[:n])
			jobs = jobs[n:]
		}
	}
}

// publishAll returns how many of the messages were lost: Redis did not take them, or had no
// subscriber for them. This server subscribes to all that it publishes except responses, so a
// message without any subscriber falls into a time when the subscriptions were lost, as at a
// failover.
func (l *link) publishAll(messages []job) (lost int, err error) {
	ctx := context.Background() // the client's own timeouts bound it
	published := make([]*redis.IntCmd, 0, len(messages))
	_, err = l.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, m := range messages {
			published = append(published, p.Publish(ctx, m.channel, m.message))
		}
		return nil
	})
	for i, reply := range published {
		switch subscribers, failed := reply.Result(); {
		case failed != nil:
			lost++
		case subscribers == 0 && l.subscribed.Load() && !strings.Contains(messages[i].channel, "-response#"):
			lost++
			err = errNoSubscriber
		}
	}
	return lost, err
}

var errNoSubscriber = errors.New("sioredis: Redis has taken messages that no server of the cluster is subscribed to")

// account returns how many messages are lost in a row, with n more.
func (l *link) account(lost, n int, err error) int {
	switch {
	case err != nil && lost == 0:
		l.config.Log.Error("sioredis: the other servers do not get what is sent", "err", err)
		return n
	case err != nil:
		return lost + n
	case lost > 0:
		l.config.Log.Info("sioredis: Redis takes messages again", "lost", lost)
	}
	return 0
}

// listen changes what Redis sends us. The client remembers it, and says it again whenever it
// connects; so an error needs nothing done.
func (l *link) listen(j job) {
	ctx := context.Background()
	if j.pattern != "" {
		_ = l.sub.PSubscribe(ctx, j.pattern)
	}
	if len(j.subscribe) > 0 {
		_ = l.sub.Subscribe(ctx, j.subscribe...)
	}
	if j.unpattern != "" {
		_ = l.sub.PUnsubscribe(ctx, j.unpattern)
	}
	if len(j.unsubscribe) > 0 {
		_ = l.sub.Unsubscribe(ctx, j.unsubscribe...)
	}
}
