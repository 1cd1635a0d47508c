package choice

import "realtimelab/internal/lang"

// The leaves of the tree. The cases share them.
var (
	takeShortPolling = &Take{shortPolling, lang.Text{EN: "short polling", ZH: "短轮询"}}

	takeLongPolling = &Take{longPolling, lang.Text{EN: "long polling", ZH: "长轮询"}}

	takeLongPollingAndPost = &Take{longPolling, lang.Text{
		EN: "long polling, and a POST to send",
		ZH: "长轮询，发送用 POST",
	}}

	takeStreaming = &Take{streaming, lang.Text{EN: "a streaming response", ZH: "流式响应"}}

	takeOwnResponse = &Take{streaming, lang.Text{
		EN: "the request's own streaming response",
		ZH: "用这个请求自己的流式响应",
	}}

	takeSSE = &Take{sse, lang.Text{EN: "SSE", ZH: "SSE"}}

	takeLatestBySSE = &Take{sse, lang.Text{EN: "SSE, and drop old values", ZH: "SSE，并丢弃旧值"}}

	takePush = &Take{sse, lang.Text{
		EN: "SSE; Web Push when the page is closed",
		ZH: "SSE；页面关闭时用 Web Push",
	}}

	takePostAndSSE = &Take{sse, lang.Text{
		EN: "a POST to send, SSE to receive",
		ZH: "发送用 POST，接收用 SSE",
	}}

	takeWebSocket = &Take{webSocket, lang.Text{EN: "WebSocket", ZH: "WebSocket"}}

	takeLatestByWebSocket = &Take{webSocket, lang.Text{
		EN: "WebSocket, and drop old values",
		ZH: "WebSocket，并丢弃旧值",
	}}

	takeDatagrams = &Take{webSocket, lang.Text{
		EN: "WebSocket; datagrams of WebTransport where UDP passes",
		ZH: "WebSocket；能走 UDP 时用 WebTransport 数据报",
	}}

	takeLog = &Take{webSocket, lang.Text{
		EN: "WebSocket, over a log of changes",
		ZH: "WebSocket，下面是变更日志",
	}}

	takeSocketIO = &Take{socketIO, lang.Text{EN: "Socket.IO", ZH: "Socket.IO"}}

	takeRooms = &Take{socketIO, lang.Text{
		EN: "Socket.IO, or a WebSocket and a log",
		ZH: "Socket.IO，或者 WebSocket 加日志",
	}}

	takeFallback = &Take{socketIO, lang.Text{
		EN: "Socket.IO, which stays on long polling here",
		ZH: "Socket.IO，在这里一直用长轮询",
	}}
)
