package main

import (
	"context"
	"fmt"
	"log"

	"github.com/redis/go-redis/v9"
	gvisor "gvisor.dev/gvisor/pkg/log"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// Some libraries log without being given a logger: net/http, quic-go and others with the standard
// logger, go-redis and gVisor on standard error. logLibraries sends all of them to the standard
// logger, and wholeTerminal keeps its lines off a screen.
func logLibraries() {
	redis.SetLogger(redisLog{})
	gvisor.SetTarget(gvisor.GoogleEmitter{Writer: &gvisor.Writer{Next: standardLog{}}})
}

// redisLog logs for go-redis.
type redisLog struct{}

// Printf logs one line.
func (redisLog) Printf(_ context.Context, format string, args ...any) {
	log.Printf("redis: "+format, args...)
}

// standardLog writes where the standard logger writes.
type standardLog struct{}

// Write writes complete lines.
func (standardLog) Write(p []byte) (int, error) { return log.Writer().Write(p) }

// wholeTerminal runs a program that fills the terminal. It holds back what libraries log
// meanwhile, and writes it afterwards.
func wholeTerminal(language lang.Lang, run func() error) error {
	held := newHeldLog()
	before := log.Writer()
	log.SetOutput(held)
	defer func() {
		log.SetOutput(before)
		terminal.NewWriter(before).Write(held.take(language))
	}()
	return run()
}

// maxHeld bounds the bytes that a heldLog keeps.
const maxHeld = 64 << 10

// heldLog keeps lines until they can be written.
type heldLog struct{ queue lineQueue }

func newHeldLog() *heldLog { return &heldLog{lineQueue{most: maxHeld}} }

// Write keeps one line, or counts it if too many are kept already.
func (h *heldLog) Write(p []byte) (int, error) {
	h.queue.put(p)
	return len(p), nil
}

// take returns the lines, and how many are missing.
func (h *heldLog) take(language lang.Lang) []byte {
	lines, dropped := h.queue.take()
	if dropped > 0 {
		lines = fmt.Appendf(lines, language.Say("lab: %s of the log dropped\n",
			"lab: 丢弃了 %d 行日志\n"), lang.Counted(dropped, "more line"))
	}
	return lines
}
