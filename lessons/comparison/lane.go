package comparison

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"realtimelab/internal/feed"
	"realtimelab/internal/lesson"
)

// servedLane is one lane of the page: its served demo, and a sender that bypasses the meter and the
// network.
type servedLane struct {
	lesson.Served
	lesson.Lane

	recovering *servedLane // the same with connection state recovery; may be nil

	sender  lesson.Client
	queue   chan string
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// queued is the capacity of a lane's queue; messages beyond it are dropped.
const queued = 256

// openLane serves a lane and starts its sender. ctx bounds the opening.
func openLane(ctx context.Context, way lesson.Lane, env lesson.Env) (*servedLane, error) {
	l, err := serveLane(ctx, way, way.Start, env)
	if err != nil || way.Recover == nil {
		return l, err
	}
	if l.recovering, err = serveLane(ctx, way, way.Recover, env); err != nil {
		return nil, errors.Join(err, l.close(context.Background()))
	}
	return l, nil
}

func serveLane(ctx context.Context, way lesson.Lane,
	start func(lesson.Env) (*lesson.Instance, error), env lesson.Env) (*servedLane, error) {
	served, err := env.Lab.Serve(start)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	sender, err := way.Sender()(running,
		lesson.Dialing{URL: served.Direct(), Hear: func(string) {}})
	stop()
	if err != nil {
		cancel()
		return nil, errors.Join(err, served.Close(context.Background()))
	}
	l := &servedLane{Served: served, Lane: way, sender: sender, queue: make(chan string, queued),
		cancel: cancel}
	l.running.Go(func() { l.send(running, env.Log) })
	return l, nil
}

// send passes the messages to the lane's server, in order.
func (l *servedLane) send(ctx context.Context, log *slog.Logger) {
	for {
		select {
		case text := <-l.queue:
			if err := l.sender.Send(ctx, message(text)); err != nil && ctx.Err() == nil {
				log.Warn("message not sent", "lane", l.Name, "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// message returns the text as a message of a feed. A server with a feed replaces the id and the
// time.
func message(text string) []byte {
	data, err := json.Marshal(feed.Message{ID: 1, From: "lab", Text: text,
		At: feed.Time{Time: time.Now()}})
	if err != nil {
		panic(err) // strings, a number and a time: nothing that JSON cannot say
	}
	return data
}

// enqueue queues a message. It returns false if the queue is full.
func (l *servedLane) enqueue(text string) bool {
	select {
	case l.queue <- text:
		return true
	default:
		return false
	}
}

// close notifies the clients and ends everything that openLane has started.
func (l *servedLane) close(ctx context.Context) error {
	l.cancel()
	l.sender.Close()
	err := l.Served.Close(ctx)
	l.running.Wait()
	if l.recovering != nil {
		err = errors.Join(err, l.recovering.close(ctx))
	}
	return err
}
