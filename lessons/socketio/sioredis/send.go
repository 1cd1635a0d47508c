package sioredis

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxPipeline is the maximum number of commands in one pipeline.
const maxPipeline = 256

// send does the jobs until the outbox is closed and empty.
func (l *link) send() {
	for jobs := l.out.take(); len(jobs) > 0; jobs = l.out.take() {
		for len(jobs) > 0 {
			n := 0
			for n < min(len(jobs), maxPipeline) && jobs[n].sends() {
				n++
			}
			if n == 0 {
				l.listen(jobs[0])
				jobs = jobs[1:]
				continue
			}
			l.sendAll(jobs[:n])
			l.out.sent(jobs[:n])
			jobs = jobs[n:]
		}
	}
}

// sendAll sends a batch of jobs. A published message that Redis does not take is lost. Stored data
// is sent again, in the same order and without duplicates, until Redis has been unreachable for
// RequestTimeout.
func (l *link) sendAll(batch []job) {
	for {
		failed, err := l.attempt(batch)
		var again []job
		for _, j := range failed {
			if j.lasting() && passes(err) {
				again = append(again, j)
			} else {
				l.giveUp(j)
			}
		}
		l.account(err)
		if len(again) == 0 {
			return
		}
		for {
			if time.Since(l.down) > l.config.RequestTimeout || l.out.isClosed() {
				for _, j := range again {
					l.giveUp(j)
				}
				return
			}
			time.Sleep(retryDelay)
			if batch, err = l.notTaken(again); err == nil {
				break
			}
		}
		if len(batch) == 0 {
			l.account(nil)
			return
		}
	}
}

const retryDelay = 50 * time.Millisecond

func (l *link) giveUp(j job) {
	l.lost++
	if j.lost != nil {
		j.lost()
	}
}

// attempt sends jobs, and returns the failed ones with the error of the last. A failed job may have
// been done if only the reply was lost. A message counts as failed, too, if no server received it
// although this server is subscribed to its channel: then the subscriptions were lost, as in a
// failover.
func (l *link) attempt(batch []job) (failed []job, err error) {
	ctx := context.Background() // the client's own timeouts bound it
	replies := make([]redis.Cmder, 0, len(batch))
	_, _ = l.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, j := range batch {
			replies = append(replies, tell(ctx, p, j))
		}
		return nil
	})
	for i, reply := range replies {
		j := batch[i]
		if e := reply.Err(); e != nil {
			failed, err = append(failed, j), e
			continue
		}
		switch reply := reply.(type) {
		case *redis.IntCmd:
			if j.heard && reply.Val() == 0 && l.subscribed.Load() {
				failed, err = append(failed, j), errNoSubscriber
			}
		case *redis.StringCmd:
			l.acked[j.channel] = reply.Val()
			if j.taken != nil {
				j.taken(reply.Val())
			}
		}
	}
	return failed, err
}

var errNoSubscriber = errors.New(
	"sioredis: Redis has taken messages that no server of the cluster is subscribed to")

// tell adds the command of a job to a pipeline.
func tell(ctx context.Context, p redis.Pipeliner, j job) redis.Cmder {
	switch j.kind {
	case add:
		return p.XAdd(ctx, &redis.XAddArgs{Stream: j.channel, MaxLen: j.maxLen, Approx: true,
			Values: j.entry.fields()})
	case keep:
		return p.Set(ctx, j.channel, j.message, j.expiry)
	case spublish:
		return p.SPublish(ctx, j.channel, j.message)
	}
	return p.Publish(ctx, j.channel, j.message)
}

// passes reports whether an error is temporary: a network error, or a Redis that is not ready yet.
func passes(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true
	}
	for _, prefix := range []string{"LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN",
		"MOVED", "ASK"} {
		if strings.HasPrefix(reply.Error(), prefix) {
			return true
		}
	}
	return false
}

// notTaken returns the jobs that Redis has not done. Redis may have added entries whose replies
// were lost: notTaken looks for them after the last confirmed entry of each stream, in the order of
// the jobs.
func (l *link) notTaken(jobs []job) (left []job, err error) {
	unsure := map[string][]int{} // by stream, in order
	for i, j := range jobs {
		if j.kind == add {
			unsure[j.channel] = append(unsure[j.channel], i)
		}
	}
	taken := map[int]bool{}
	for stream, indices := range unsure {
		const page = 500
		for more := true; more && len(indices) > 0; {
			from := "-"
			if last := l.acked[stream]; last != "" {
				from = "(" + last
			}
			entries, err := l.config.Client.XRangeN(context.Background(), stream, from, "+",
				page).Result()
			if err != nil {
				return nil, err
			}
			for _, m := range entries {
				e, err := parseEntry(m)
				if err == nil && len(indices) > 0 && jobs[indices[0]].entry.same(e) {
					if taken[indices[0]] = true; jobs[indices[0]].taken != nil {
						jobs[indices[0]].taken(m.ID)
					}
					indices = indices[1:]
				}
				l.acked[stream] = m.ID
			}
			more = len(entries) == page
		}
	}
	for i, j := range jobs {
		if !taken[i] {
			left = append(left, j)
		}
	}
	return left, nil
}

// account logs the beginning and the end of an outage.
func (l *link) account(err error) {
	switch {
	case err != nil && l.down.IsZero():
		l.down = time.Now()
		l.config.Log.Error("sioredis: the other servers do not get what is sent", "err", err)
	case err == nil && !l.down.IsZero():
		l.config.Log.Info("sioredis: Redis takes messages again", "lost", l.lost)
		l.down, l.lost = time.Time{}, 0
	}
}

// listen subscribes or unsubscribes. It ignores errors, because the client subscribes again
// whenever it reconnects. In a Redis Cluster, shards does that.
func (l *link) listen(j job) {
	ctx := context.Background()
	s := j.subscriptions
	switch j.kind {
	case settle:
		l.shards.settle(ctx)
		return
	case quit:
		if s.pattern != "" {
			_ = l.sub.PUnsubscribe(ctx, s.pattern)
		}
		if len(s.channels) > 0 {
			_ = l.sub.Unsubscribe(ctx, s.channels...)
		}
		for _, channel := range s.sharded {
			l.shards.quit(ctx, channel)
		}
		return
	}
	if s.pattern != "" {
		_ = l.sub.PSubscribe(ctx, s.pattern)
	}
	if len(s.channels) > 0 {
		_ = l.sub.Subscribe(ctx, s.channels...)
	}
	for _, channel := range s.sharded {
		l.shards.listen(ctx, channel)
	}
}
