package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/tap"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// maxConnections are listed; older ones that have ended make room.
const maxConnections = 500

// connection describes one connection of the demo, as far as the rows show it.
type connection struct {
	id      uint64
	client  string // the name that the client gave in its request, else its address
	since   time.Time
	last    time.Time
	in, out int64
	layers  map[xray.Layer]bool
	ended   bool
	reset   bool
}

// transport returns the name of what the connection carries.
func (c *connection) transport() string {
	for _, t := range []struct {
		layers []xray.Layer
		name   string
	}{
		{[]xray.Layer{xray.EIO, xray.WS}, "Socket.IO, WebSocket"},
		{[]xray.Layer{xray.EIO}, "Socket.IO, polling"},
		{[]xray.Layer{xray.WS}, "WebSocket"},
		{[]xray.Layer{xray.SSE}, "SSE"},
		{[]xray.Layer{xray.H2}, "HTTP/2"},
		{[]xray.Layer{xray.HTTP}, "HTTP"},
		{[]xray.Layer{xray.TLS}, "TLS"},
	} {
		if !slices.ContainsFunc(t.layers, func(l xray.Layer) bool { return !c.layers[l] }) {
			return t.name
		}
	}
	return "TCP"
}

// add takes a row of the connection.
func (c *connection) add(row *xray.Row) {
	c.last = row.Time
	c.layers[row.Layer] = true
	if row.Client != "" {
		c.client = row.Client
	}
	if row.Layer != xray.TCP {
		return
	}
	if row.Dir == tap.In {
		c.in = max(c.in, row.Offset+int64(row.Size))
	} else {
		c.out = max(c.out, row.Offset+int64(row.Size))
	}
	c.ended = c.ended || strings.Contains(row.Summary.EN, " closed after ")
	c.reset = c.reset || strings.HasSuffix(row.Summary.EN, "(RST)")
}

// connectionList is a list of the connections, the newest first.
type connectionList struct {
	*ui
	all    []*connection
	filter *prompt
	cursor cursor
	top    int // lines above the connections in the last view
}

func newConnectionList(u *ui) *connectionList {
	l := &connectionList{ui: u}
	l.filter = newPrompt(func() { l.cursor.at = 0 })
	return l
}

// add takes rows that came.
func (l *connectionList) add(rows []*xray.Row) {
	for _, row := range rows {
		l.of(row).add(row)
	}
	for i := len(l.all) - 1; i >= 0 && len(l.all) > maxConnections; i-- {
		if l.all[i].ended || i >= 2*maxConnections {
			l.all = slices.Delete(l.all, i, i+1)
		}
	}
}

// of returns the connection of a row.
func (l *connectionList) of(row *xray.Row) *connection {
	for _, c := range l.all {
		if c.id == row.Conn {
			return c
		}
	}
	c := &connection{id: row.Conn, since: row.Time, layers: map[xray.Layer]bool{}}
	if peer := row.Peer(); peer != nil {
		c.since = peer.Opened
		if peer.Remote != nil {
			c.client = peer.Remote.String()
		}
	}
	l.all = slices.Insert(l.all, 0, c)
	return c
}

func (l *connectionList) shown() (all []*connection) {
	for _, c := range l.all {
		if matches(fmt.Sprintf("#%d %s %s %s", c.id, c.client, c.transport(), l.state(c)),
			l.filter.value()) {
			all = append(all, c)
		}
	}
	return all
}

func (l *connectionList) count() int { return len(l.shown()) }

// commands returns the keys of the list. follow shows the rows of one connection.
func (l *connectionList) commands(follow func(id uint64)) []command {
	var all []command
	if shown := l.shown(); l.cursor.at < len(shown) {
		all = append(all, actOpen.then(func() {
			follow(shown[l.cursor.at].id)
		}).as("follow it", "跟踪它"))
	}
	all = append(all, l.filter.filters(func(by int) { l.cursor.move(by, l.count()) })...)
	return append(all, l.cursor.commands(l.count)...)
}

// mouse moves the selection. It returns the connection that was clicked, nil if none was.
func (l *connectionList) mouse(m tea.MouseMsg) *connection {
	shown := l.shown()
	i := l.cursor.mouse(m, l.top, len(shown))
	if i < 0 {
		return nil
	}
	l.cursor.at = i
	return shown[i]
}

// state says whether a connection is open, and how it ended.
func (l *connectionList) state(c *connection) string {
	switch {
	case c.reset:
		return l.say("reset", "已重置")
	case c.ended:
		return l.say("closed", "已关闭")
	}
	return l.say("open", "打开")
}

func (l *connectionList) status() string {
	parts := []string{l.filter.view(), soft.Render(l.more(l.cursor.hidden(l.count())))}
	return strings.TrimSpace(strings.Join(parts, "  "))
}

func (l *connectionList) view(width, height int) string {
	shown := l.shown()
	if len(shown) == 0 {
		text := l.say("No client has connected yet.", "还没有客户端连接。")
		if len(l.all) > 0 {
			text = l.say("No connection passes the filter. esc clears it.",
				"没有符合筛选条件的连接。按 esc 清除。")
		}
		return "\n " + soft.Render(text)
	}
	var b strings.Builder
	l.top = 0
	if height >= headedList {
		l.top = 1
		b.WriteString(cut("  "+soft.Render(l.columns(width, l.say("conn", "连接"),
			l.say("who", "来自"), l.say("since", "开始"), l.say("transport", "传输"),
			l.say("→ bytes", "→ 字节"), l.say("← bytes", "← 字节"), l.say("state", "状态"))),
			width) + "\n")
	}
	from, to := l.cursor.span(len(shown), height-l.top)
	for i := from; i < to; i++ {
		c := shown[i]
		text := l.columns(width, fmt.Sprintf("#%d", c.id), terminal.Clean(c.client),
			c.since.Format("15:04:05"), c.transport(), size(c.in), size(c.out), l.state(c))
		if i == l.cursor.at {
			b.WriteString(chosen.Render(fit("▸ "+text, width)) + "\n")
			continue
		}
		b.WriteString(cut("  "+text, width) + "\n")
	}
	return b.String()
}

// Widths from which a connection has its bytes, and the time of its beginning.
const (
	countedConnection = 80
	timedConnection   = 92
)

// columns sets a line of the list.
func (l *connectionList) columns(width int,
	conn, who, since, transport, in, out, state string) string {
	if width < countedConnection {
		return fit(conn, 6) + fit(state, 8) + fit(transport, 21) + who
	}
	if width < timedConnection {
		since = ""
	} else {
		since = fit(since, 10)
	}
	return fit(conn, 6) + fit(who, 22) + since + fit(transport, 21) + fit(in, 11) + fit(out,
		11) + state
}
