package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stalled is a terminal that takes nothing until it is resumed.
type stalled struct {
	resumed chan struct{}
	bytes.Buffer
}

func (s *stalled) Write(p []byte) (int, error) {
	<-s.resumed
	return s.Buffer.Write(p)
}

// TestSpoolIsBoundedInBytes: behind a stalled terminal, a megabyte waits, whatever the lines'
// sizes, and the reader learns how many lines are missing, and where.
func TestSpoolIsBoundedInBytes(t *testing.T) {
	for _, size := range []int{10, 1000, 700_000, 5 << 20} {
		synctest.Test(t, func(t *testing.T) {
			out := &stalled{resumed: make(chan struct{})}
			s := newSpool(out)
			s.Write([]byte("first\n"))
			synctest.Wait() // it is being written, and stalls
			line := append(bytes.Repeat([]byte("x"), size-1), '\n')
			n := 2*maxSpool/size + 10
			for range n {
				s.Write(line)
			}
			assert.LessOrEqual(t, len(s.queue.text), maxSpool)
			close(out.resumed)
			synctest.Wait()
			s.Write([]byte("last\n"))
			s.close()
			taken := min(n, maxSpool/size)
			want := fmt.Sprintf("lab: %d lines dropped here", n-taken)
			if n > taken {
				assert.Contains(t, out.String(), want)
			}
			assert.True(t, strings.HasPrefix(out.String(), "first\n"))
			assert.True(t, strings.HasSuffix(out.String(), "last\n"))
			assert.Equal(t, taken, strings.Count(out.String(), string(line)))
		})
	}
}

// TestLoggedValuesAreCut: what a client sends is a line of bounded length in the log, whatever its
// type.
func TestLoggedValuesAreCut(t *testing.T) {
	long := strings.Repeat("你", 1<<20)
	for name, value := range map[string]any{
		"text": long, "error": errors.New(long), "nested": map[string]any{"a": []any{long}},
		"bytes": []byte(long), "struct": struct{ A string }{long},
	} {
		var out bytes.Buffer
		newLog(&out).With("with", value).Info("said", "msg", value, slog.Group("in", "msg", value))
		assert.Less(t, out.Len(), 5000, name)
		assert.Contains(t, out.String(), " bytes)", name)
		assert.NotContains(t, out.String(), "�", name)
	}
	var out bytes.Buffer
	newLog(&out).Warn("said", "msg", "hi", "n", 7, "err", errors.New("no\x1b[31m"))
	assert.Contains(t, out.String(), `level=WARN msg=said msg=hi n=7 err="no\x1b[31m"`)
}

// TestTheLogOfAStalledTerminalIsSmall: 200 messages of a megabyte do not stay in memory.
func TestTheLogOfAStalledTerminalIsSmall(t *testing.T) {
	out := &stalled{resumed: make(chan struct{})}
	s := newSpool(out)
	log := newLog(s)
	long := strings.Repeat("x", 1<<20)
	for range 200 {
		log.Info("message", "msg", long)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	require.Less(t, m.HeapAlloc, uint64(64<<20))
	close(out.resumed)
	s.close()
}
