package sioredis

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/sio"
)

// reader is a link's position in a stream. The link's mu guards it.
type reader struct {
	stream string
	begun  bool       // last is set
	last   sio.Offset // all entries up to this one were passed on
	client *redis.Client
}

// read starts reading a stream if no other namespace has, and delivers new entries to a. The caller
// holds mu.
func (l *link) read(stream string, a *adapter) {
	r := l.readers[stream]
	if r == nil {
		r = &reader{stream: stream}
		l.readers[stream] = r
		l.working.Go(func() { l.readAll(r) })
	}
	if r.begun {
		a.begin(r.last)
	}
}

// stopReading interrupts the blocking reads.
func (l *link) stopReading() {
	var clients []*redis.Client
	l.mu.Lock()
	for _, r := range l.readers {
		if r.client != nil {
			clients = append(clients, r.client)
		}
	}
	l.mu.Unlock()
	for _, client := range clients {
		_ = client.Close()
	}
}

// readAll passes on a stream's entries until the link closes. After an error it continues after the
// last entry that it received.
func (l *link) readAll(r *reader) {
	failing := false
	for {
		err := l.readOnce(r, failing)
		select {
		case <-l.closing:
			return
		default:
		}
		switch {
		case err != nil && !failing:
			l.config.Log.Error("sioredis: the stream cannot be read", "stream",
				event.Printable(r.stream), "err", err)
		case err == nil && failing:
			l.config.Log.Info("sioredis: the stream is read again", "stream",
				event.Printable(r.stream))
		}
		if failing = err != nil; failing {
			select {
			case <-time.After(retryDelay):
			case <-l.closing:
				return
			}
		}
	}
}

// readOnce blocks until there are entries, and passes them on. At the start and after an error, it
// first looks for the end of the stream: after a failover, the stream may end before the last entry
// received.
func (l *link) readOnce(r *reader, afterError bool) error {
	ctx := context.Background()
	client, err := l.blocking(ctx, r, afterError)
	if err != nil {
		return err
	}
	l.mu.Lock()
	last, begun := r.last, r.begun
	l.mu.Unlock()
	if !begun || afterError {
		newest, err := client.XRevRangeN(ctx, r.stream, "+", "-", 1).Result()
		if err != nil {
			return err
		}
		var end sio.Offset
		if len(newest) > 0 {
			end, _ = sio.ParseOffset(newest[0].ID)
		}
		if !begun || len(newest) > 0 && end.Before(last) {
			last = end
		}
		if err := l.begin(ctx, r, last, client); err != nil {
			return err
		}
	}
	s := l.config.Streams
	read := &redis.XReadArgs{Streams: []string{r.stream, last.String()}, Count: int64(s.ReadCount),
		Block: s.Block}
	streams, err := client.XRead(ctx, read).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for _, stream := range streams {
		for _, m := range stream.Messages {
			l.pass(r, m)
		}
	}
	return nil
}

// begin sets the position of the reader. The first time, the namespaces that wait for the stream
// join. Every time, broadcasts that Redis has lost are released.
func (l *link) begin(ctx context.Context, r *reader, last sio.Offset, client *redis.Client) error {
	l.mu.Lock()
	first := !r.begun
	r.begun, r.last = true, last
	var all []*adapter
	for _, a := range l.streams {
		if l.config.Streams.stream(a.namespace.Name()) != r.stream {
			continue
		}
		all = append(all, a)
		if first {
			a.begin(last)
		}
	}
	l.mu.Unlock()
	for _, a := range all {
		if err := a.lose(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// pass delivers an entry to its namespace.
func (l *link) pass(r *reader, m redis.XMessage) {
	e, err := parseEntry(m)
	l.mu.Lock()
	a := l.streams[e.namespace]
	r.last = e.id
	l.mu.Unlock()
	switch {
	case err != nil:
		l.log.Log(l.config.Log, slog.LevelWarn, "sioredis: entry refused", "stream",
			event.Printable(r.stream), "id", event.Printable(m.ID), "err", err)
	case a != nil:
		a.receiveEntry(e)
	}
}

// blocking returns a client for this reader only, because a blocking read occupies its connection,
// and ends only when the client is closed.
func (l *link) blocking(ctx context.Context, r *reader, again bool) (*redis.Client, error) {
	l.mu.Lock()
	client := r.client
	l.mu.Unlock()
	if client != nil && !again {
		return client, nil
	}
	var options redis.Options
	switch c := l.config.Client.(type) {
	case *redis.Client:
		if client != nil {
			return client, nil // it reconnects by itself
		}
		options = *c.Options()
	case *redis.ClusterClient:
		if client != nil { // after an error, the stream may be at another node
			readSlots(ctx, c)
		}
		master, err := c.MasterForKey(ctx, r.stream)
		if err != nil {
			return nil, err
		}
		options = *master.Options()
	default:
		return nil, errNoStreams
	}
	options.PoolSize, options.MinIdleConns, options.MaxRetries = 1, 0, -1
	// it belongs to one client, as does the field that NewClient sets here:
	options.PushNotificationProcessor = nil
	options.MaintNotificationsConfig = &maintnotifications.Config{
		Mode: maintnotifications.ModeDisabled}
	if client != nil {
		_ = client.Close()
	}
	client = redis.NewClient(&options)
	l.mu.Lock()
	r.client = client
	l.mu.Unlock()
	select {
	case <-l.closing: // stopReading may not have seen it
		_ = client.Close()
	default:
	}
	return client, nil
}

var errNoStreams = errors.New(
	"sioredis: Config.Streams needs a *redis.Client or *redis.ClusterClient")
