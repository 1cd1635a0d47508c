package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"realtimelab/internal/loglimit"
)

// The bound of a logLimit: lines with one message in one window.
const (
	logWindow = 10 * time.Second
	logLines  = 50
)

// logLimit bounds the warnings with the same message. The servers bound the lines of each client,
// and a client that reconnects counts as a new one there. Errors are not bounded.
type logLimit struct {
	slog.Handler
	limits *logLimits
}

// logLimits is shared by a logger and those derived from it.
type logLimits struct {
	mu        sync.Mutex
	byMessage map[string]*loglimit.Limit // messages are constants of the program
}

func newLogLimit(h slog.Handler) slog.Handler {
	return logLimit{h, &logLimits{byMessage: map[string]*loglimit.Limit{}}}
}

func (l logLimit) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		return l.Handler.Handle(ctx, r)
	}
	dropped, ok := l.limits.of(r.Message).Allow(logLines, logWindow)
	if !ok {
		return nil
	}
	if dropped > 0 {
		r = r.Clone()
		r.Add("droppedBefore", dropped)
	}
	return l.Handler.Handle(ctx, r)
}

// of returns the limit of a message.
func (c *logLimits) of(message string) *loglimit.Limit {
	c.mu.Lock()
	defer c.mu.Unlock()
	limit := c.byMessage[message]
	if limit == nil {
		limit = &loglimit.Limit{}
		c.byMessage[message] = limit
	}
	return limit
}

func (l logLimit) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logLimit{l.Handler.WithAttrs(attrs), l.limits}
}

func (l logLimit) WithGroup(name string) slog.Handler {
	return logLimit{l.Handler.WithGroup(name), l.limits}
}
