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
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
)

// served is a demo of the configured lab on a listener of its own.
func served(t *testing.T, line Line) (*background, *monitor) {
	c := configured()
	c.Start = func(l lesson.Lesson, d lesson.Demo, line Line, log io.Writer) (Served, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		running, err := host.Start(host.Config{Lesson: l, Demo: d, Listener: listener,
			Web: plainPage(d), Net: line.Net, Proxy: line.Proxy,
			Log: slog.New(slog.NewTextHandler(log, nil))})
		return Served{Running: running, URL: "http://" + listener.Addr().String()}, err
	}
	b := newBackground(c)
	m, err := b.start(func(log io.Writer) (Served, error) {
		return c.Start(c.Lessons[0], c.Lessons[0].Demos[0], line, log)
	})
	require.NoError(t, err)
	return b, m
}

// TestABusyWireLeavesTheScreenResponsive has 10,000 requests in flight, each of
// which makes several rows.
func TestABusyWireLeavesTheScreenResponsive(t *testing.T) {
	s, p := served(t, Line{})
	defer func() { assert.NoError(t, s.close()) }()
	p.sample(noon, true) // it watches from now on
	const requests = 10000
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	go io.WriteString(conn, strings.Repeat("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n",
		requests))
	answers := bufio.NewReader(conn)
	for range requests {
		res, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		io.Copy(io.Discard, res.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, p.Running.Xray().Sync(ctx))

	d := newFixture(t, lang.English, 80, 24)
	d.show(0)
	d.demos[0].state, d.demos[0].monitor = running, p
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
	s, p := served(t, Line{})
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

func TestTheEndStopsWhatServes(t *testing.T) {
	s, p := served(t, Line{})
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

func TestTheLineOfADemoIsShownAndChanged(t *testing.T) {
	link, err := netsim.Parse("wifi")
	require.NoError(t, err)
	b, m := served(t, Line{Net: link, Proxy: &middlebox.Kinds{}})
	defer func() { assert.NoError(t, b.close()) }()
	s := m.sample(noon, false)
	assert.Equal(t, link, s.line.Net)
	assert.Equal(t, "none", s.line.Proxy.String())
	other, err := netsim.Parse("3g")
	require.NoError(t, err)
	assert.True(t, m.change(Line{Net: other, Proxy: &middlebox.Kinds{Buffering: true}}),
		"both stand there: no restart")
	s = m.sample(noon, false)
	assert.Equal(t, other, s.line.Net)
	assert.Equal(t, "buffering", s.line.Proxy.String())
	assert.False(t, m.change(Line{Net: other}), "a proxy is taken away by a restart")
	assert.True(t, m.line().Proxy.Buffering, "nothing was changed")
}
