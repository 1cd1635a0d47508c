package tui

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// served is a demo of the configured lab on a listener of its own.
func served(t *testing.T) (*stage, *probe) {
	c := configured()
	c.Start = func(l lesson.Lesson, d lesson.Demo, log io.Writer) (Served, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		running, err := host.Start(host.Config{Lesson: l, Demo: d, Listener: listener, Web: plainPage(d), Log: slog.New(slog.NewTextHandler(log, nil))})
		return Served{Running: running, URL: "http://" + listener.Addr().String()}, err
	}
	s := newStage(c)
	p, err := s.start(c.Lessons[0], c.Lessons[0].Demos[0])
	require.NoError(t, err)
	return s, p
}

// TestABusyWireLeavesTheScreenResponsive has 10,000 requests in flight, each of
// which makes several rows.
func TestABusyWireLeavesTheScreenResponsive(t *testing.T) {
	s, p := served(t)
	defer func() { assert.NoError(t, s.close()) }()
	p.sample(noon, true) // it watches from now on
	const requests = 10000
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	go io.WriteString(conn, strings.Repeat("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n", requests))
	answers := bufio.NewReader(conn)
	for range requests {
		res, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		io.Copy(io.Discard, res.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, p.Running.Xray().Sync(ctx))

	d := newDesk(t, lang.English, 80, 24)
	d.press("v")
	d.demos[0].state, d.demos[0].probe = running, p
	first := p.sample(noon, true)
	assert.LessOrEqual(t, len(first.rows), sampleRows)
	assert.Greater(t, first.dropped, uint64(requests))
	d.Update(first)
	assert.Contains(t, d.View(), "rows too fast to show")
	assert.Contains(t, d.View(), "404")
	second := p.sample(noon, true)
	assert.Empty(t, second.rows, "nothing is left over that would have to be caught up with")
	d.press("up", "enter")
	assert.NotNil(t, d.demos[0].screen.anatomy)
}

func TestADemoThatIsNotLookedAtDoesNotPayForItsRows(t *testing.T) {
	s, p := served(t)
	defer func() { assert.NoError(t, s.close()) }()
	res, err := http.Get(p.URL + "/none")
	require.NoError(t, err)
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	assert.Empty(t, p.sample(noon, false).rows)
	assert.Nil(t, p.watcher)
	p.sample(noon, true)
	assert.NotNil(t, p.watcher)
	p.sample(noon, false)
	assert.Nil(t, p.watcher)
}

func TestTheStageStopsWhatServes(t *testing.T) {
	s, p := served(t)
	require.NoError(t, s.close())
	_, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	assert.Error(t, err)
	assert.NoError(t, s.stop(p), "it has ended")
	assert.Zero(t, p.sample(noon, true).clients)
}

func TestTheLogKeepsItsLastLines(t *testing.T) {
	var l logRing
	for range logLines + 5 {
		io.WriteString(&l, "a\x1b\n")
	}
	lines, n := l.since(0)
	assert.Len(t, lines, logLines)
	assert.Equal(t, `a\x1b`, lines[0])
	lines, _ = l.since(n - 1)
	assert.Len(t, lines, 1)
}
