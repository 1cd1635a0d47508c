package event

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/loglimit"
)

// A LogLimit bounds the log lines that one remote peer can cause: at most 10 in any 10 s. A line
// after a silence says how many were dropped. The zero value is ready, and its methods may be
// called from any goroutine.
type LogLimit struct{ limit loglimit.Limit }

// The bound of a LogLimit.
const (
	logWindow = 10 * time.Second
	logLines  = 10
)

// Log writes a line with the attributes, unless too many were written lately. Text that a peer can
// choose must be passed through Printable.
func (l *LogLimit) Log(log *slog.Logger, level slog.Level, message string, attributes ...any) {
	dropped, ok := l.limit.Allow(logLines, logWindow)
	if !ok {
		return
	}
	if dropped > 0 {
		attributes = append(attributes, "dropped", dropped)
	}
	log.Log(context.Background(), level, message, attributes...)
}

// Close reports the lines that were dropped and not reported yet. Call it when the peer is gone.
func (l *LogLimit) Close(log *slog.Logger, message string, attributes ...any) {
	if dropped := l.limit.TakeDropped(); dropped > 0 {
		log.Warn(message, append(attributes, "dropped", dropped)...)
	}
}

// maxPrintable bounds a text from a peer in a log line, in bytes.
const maxPrintable = 200

// Printable returns the text of v, which may contain what a peer has sent, fit for a log line and
// for a terminal: control characters and invalid UTF-8 are escaped as in a Go string, and no more
// than 200 bytes of it are kept.
func Printable(v any) string {
	text, ok := v.(string)
	if !ok {
		text = fmt.Sprint(v)
	}
	more := len(text) - maxPrintable
	if more > 0 {
		text = strings.ToValidUTF8(text[:maxPrintable], "")
	}
	if quoted := strconv.Quote(text); len(quoted) != len(text)+2 {
		text = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	}
	if more > 0 {
		text += fmt.Sprintf("… (bytes left out: %d)", more)
	}
	return text
}
