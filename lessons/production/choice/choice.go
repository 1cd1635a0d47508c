// Package choice is the demo that leads to a transport, and the lesson's table: what sets the
// transports apart, and cases with the answer that the table supports. Each cell names its source.
// The tables in the lesson's text are made from this package, see internal/figures.
package choice

import (
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// Transports lists the columns of the table, by the names of their lanes.
var Transports = []string{shortPolling, longPolling, streaming, sse, webSocket, socketIO}

const (
	shortPolling = "short-polling"
	longPolling  = "long-polling"
	streaming    = "hanging"
	sse          = "sse"
	webSocket    = "websocket"
	socketIO     = "socketio-websocket"
)

// Titles are the heads of the columns.
var Titles = []lang.Text{
	{EN: "short polling", ZH: "短轮询"},
	{EN: "long polling", ZH: "长轮询"},
	{EN: "streaming", ZH: "流式响应"},
	{EN: "SSE", ZH: "SSE"},
	{EN: "WebSocket", ZH: "WebSocket"},
	{EN: "Socket.IO", ZH: "Socket.IO"},
}

// A Row compares the transports by one property. Either Figure is set, or Lane, or Cells.
type Row struct {
	Name lang.Text

	// Figure names a measured figure: the report in docs/figures, a space, and the figure.
	Figure string

	// Lane reads the property from a lane of the lab.
	Lane func(lesson.Lane) lang.Text
	Test string // that shows the property; see Cell

	// Cells has a text and its source for each of Transports.
	Cells []Cell
}

// A Cell is one property of one transport.
type Cell struct {
	Text lang.Text
	Test string // that shows it: the package's folder, a space, and the test's name
}

// same returns a row's cells from their texts, which one test shows.
func same(test string, texts ...lang.Text) (cells []Cell) {
	for _, text := range texts {
		cells = append(cells, Cell{text, test})
	}
	return cells
}

// Directions of a transport.
var (
	toPage   = lang.Text{EN: "to the page; back by POST", ZH: "到页面；发送用 POST"}
	bothWays = lang.Text{EN: "both ways", ZH: "双向"}
)

func direction(l lesson.Lane) lang.Text {
	if l.Posts {
		return toPage
	}
	return bothWays
}

func binary(l lesson.Lane) lang.Text {
	if l.Bytes.Base64 {
		return lang.Text{EN: "as text, a third larger", ZH: "当作文本，大三分之一"}
	}
	return lang.Text{EN: "yes", ZH: "可以"}
}

// Outcomes behind a proxy.
var (
	Works    = lang.Text{EN: "works", ZH: "可用"}
	Batched  = lang.Text{EN: "arrives late, in batches", ZH: "迟到，成批送达"}
	Refused  = lang.Text{EN: "handshake fails", ZH: "握手失败"}
	Fallback = lang.Text{EN: "falls back to polling", ZH: "退回轮询"}
)

// Uses of HTTP/2.
var (
	Shared = lang.Text{EN: "shares one connection", ZH: "共用一个连接"}
	Apart  = lang.Text{EN: "a connection of its own", ZH: "单独一个连接"}
)

// Causes of a reconnection.
var (
	nextRequest = lang.Text{EN: "the next request", ZH: "下一个请求"}
	yourCode    = lang.Text{EN: "your code", ZH: "你的代码"}
	browserDoes = lang.Text{EN: "the browser", ZH: "浏览器"}
	clientDoes  = lang.Text{EN: "its client; events with recovery on",
		ZH: "它的客户端；打开恢复才补事件"}
)

var browsers = lang.Text{EN: "Chromium, Firefox, WebKit", ZH: "Chromium、Firefox、WebKit"}

const (
	behindNginx = "internal/conformance/proxies TestTheChoice"
	http2       = "lessons/production/choice TestHTTP2"
	steps       = "internal/conformance/pages TestSteps"
)

// The rows.
var (
	Latency = &Row{
		Name:   lang.Text{EN: "latency over 3G, p50", ZH: "3G 上的延迟 p50"},
		Figure: "3g latency",
	}
	Bytes = &Row{
		Name: lang.Text{EN: "bytes a message, 10 clients, sending included",
			ZH: "每条消息的字节，10 个客户端，含发送"},
		Figure: "feed bytes",
	}
	Requests = &Row{
		Name: lang.Text{EN: "requests a message, 10 clients, sending included",
			ZH: "每条消息的请求数，10 个客户端，含发送"},
		Figure: "feed requests",
	}
	RoundTrip = &Row{
		Name:   lang.Text{EN: "bytes there and back", ZH: "一来一回的字节"},
		Figure: "ack bytes",
	}
	Direction = &Row{
		Name: lang.Text{EN: "direction", ZH: "方向"},
		Lane: direction, Test: "internal/compare TestAPostIsOneRequestAMessage",
	}
	Reconnects = &Row{Name: lang.Text{EN: "reconnects and resumes", ZH: "谁来重连和续传"},
		Cells: []Cell{
			{nextRequest, "lessons/longpoll TestShortChaos"},
			{nextRequest, "lessons/longpoll TestLongChaos"},
			{yourCode, "lessons/longconn TestStreamChaos"},
			{browserDoes, "internal/conformance/facts TestWhatEndsAnEventSource"},
			{yourCode, "lessons/websocket TestChaos"},
			{clientDoes, "lessons/socketio TestRecoveryOnTheWire"},
		}}
	Interruption = &Row{
		Name:   lang.Text{EN: "silence after a cut of 1 s, p50", ZH: "断开 1 秒后的中断 p50"},
		Figure: "feed recovery",
	}
	Buffering = &Row{
		Name:  lang.Text{EN: "behind a proxy that buffers", ZH: "在缓冲响应的代理后面"},
		Cells: same(behindNginx, Works, Works, Batched, Batched, Works, Works),
	}
	NoUpgrade = &Row{
		Name:  lang.Text{EN: "behind a proxy without Upgrade", ZH: "在去掉 Upgrade 的代理后面"},
		Cells: same(behindNginx, Works, Works, Works, Works, Refused, Fallback),
	}
	HTTP2 = &Row{
		Name:  lang.Text{EN: "to a server with HTTP/2", ZH: "连接支持 HTTP/2 的服务器"},
		Cells: same(http2, Shared, Shared, Shared, Shared, Apart, Apart),
	}
	Binary = &Row{
		Name: lang.Text{EN: "binary", ZH: "二进制"},
		Lane: binary, Test: "internal/compare TestBytesThatTravelAsTextCostMore",
	}
	Tested = &Row{
		Name:  lang.Text{EN: "tested in", ZH: "测试过的浏览器"},
		Cells: same(steps, browsers, browsers, browsers, browsers, browsers, browsers),
	}
	BusyCPU = &Row{
		Name: lang.Text{EN: "server CPU a message, 1,000 clients",
			ZH: "每条消息的服务器 CPU，1,000 个客户端"},
		Figure: "thousand cpu",
	}
	IdleMemory = &Row{
		Name:   lang.Text{EN: "server memory an idle client", ZH: "一个空闲客户端的服务器内存"},
		Figure: "idle memory",
	}
)

// Table lists the rows.
var Table = []*Row{
	Latency, Bytes, Requests, RoundTrip, Direction, Reconnects, Interruption, Buffering, NoUpgrade,
	HTTP2, Binary,
	Tested, BusyCPU, IdleMemory,
}

// Texts returns the row's cells as a reader sees them, in the order of Transports. The lanes of
// lessons have the properties that Lane reads.
func (r *Row) Texts(lessons []lesson.Lesson, figures Figures) []lang.Text {
	texts := make([]lang.Text, len(Transports))
	for i, transport := range Transports {
		switch {
		case r.Figure != "":
			texts[i] = lang.Same(figures.cell(r.Figure, transport))
		case r.Lane != nil:
			_, lane, _ := lesson.FindLane(lessons, transport)
			texts[i] = r.Lane(lane)
		default:
			texts[i] = r.Cells[i].Text
		}
	}
	return texts
}

// Source returns where the row's cell for a transport comes from: a file of figures, or a command
// that runs a test.
func (r *Row) Source(transport int) string {
	test := r.Test
	if r.Figure != "" {
		return "docs/figures/" + reportOf(r.Figure) + ".json"
	}
	if r.Cells != nil {
		test = r.Cells[transport].Test
	}
	return command(test)
}
