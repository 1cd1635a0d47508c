package choice

import "realtimelab/internal/lang"

// A Case is a task with the transport that fits it.
type Case struct {
	Name lang.Text
	Take *Take

	// Because says why. A figure stands in it as {REPORT LANE FIGURE}.
	Because lang.Text

	// Less lists what the answer stands on: pairs of figures, of which the first is the smaller
	// one.
	Less [][2]string

	// Path answers the questions of Tree, by the names of the answers.
	Path []string
}

// Cases lists the cases.
var Cases = []Case{
	{
		Name: lang.Text{EN: "build status", ZH: "构建状态"}, Take: takeSSE,
		Because: lang.Text{
			EN: "The page only listens, and nothing happens for minutes. An idle stream costs no " +
				"request; polling each second costs {idle short-polling idle} a minute.",
			ZH: "页面只接收，而且好几分钟没有动静。空闲的流不需要请求，每秒轮询一次，一分钟要 " +
				"{idle short-polling idle} 个。",
		},
		Less: [][2]string{{"idle sse idle", "idle short-polling idle"}},
		Path: []string{"soon", "clear", "never", "browser", "catch-up"},
	},
	{
		Name: lang.Text{EN: "chat", ZH: "聊天"}, Take: takeRooms,
		Because: lang.Text{
			EN: "Everyone writes. A message and its acknowledgement are {ack socketio-websocket " +
				"bytes} bytes, and {ack sse bytes} with a POST beside a stream. Rooms and " +
				"acknowledgements are ready-made.",
			ZH: "人人都写。一条消息加回执 {ack socketio-websocket bytes} 字节，流加 POST 要 {ack " +
				"sse bytes} 字节。房间和回执都是现成的。",
		},
		Less: [][2]string{{"ack socketio-websocket bytes", "ack sse bytes"},
			{"ack websocket bytes", "ack sse bytes"}},
		Path: []string{"soon", "clear", "often", "all", "ready", "history"},
	},
	{
		Name: lang.Text{EN: "ticker", ZH: "行情"}, Take: takeLatestBySSE,
		Because: lang.Text{
			EN: "One way, often, and only the latest value counts. Over 3G it arrives after {3g " +
				"sse latency} ms; long polling needs {3g long-polling latency} ms and {thousand " +
				"long-polling bytes} bytes.",
			ZH: "单向、频繁，只有最新值有用。3G 上 {3g sse latency} ms 到达；长轮询要 {3g " +
				"long-polling latency} ms 和 {thousand long-polling bytes} 字节。",
		},
		Less: [][2]string{{"3g sse latency", "3g long-polling latency"},
			{"thousand sse bytes", "thousand long-polling bytes"}},
		Path: []string{"soon", "clear", "never", "browser", "latest"},
	},
	{
		Name: lang.Text{EN: "game", ZH: "游戏"}, Take: takeDatagrams,
		Because: lang.Text{
			EN: "Positions both ways, many times a second: {ack websocket bytes} bytes there and " +
				"back, and no request. A datagram does not wait for a lost one before it.",
			ZH: "双向传位置，每秒很多次：一来一回 {ack websocket bytes} 字节，不需要请求。" +
				"前面的数据报丢失时，后面的不用等它。",
		},
		Less: [][2]string{{"ack websocket bytes", "ack long-polling bytes"},
			{"ack websocket cpu", "ack long-polling cpu"}},
		Path: []string{"soon", "clear", "often", "latest", "many"},
	},
	{
		Name: lang.Text{EN: "presence", ZH: "在线状态"}, Take: takeSocketIO,
		Because: lang.Text{
			EN: "The server must notice who leaves, so each client needs a heartbeat and a " +
				"connection. An idle one takes {idle socketio-websocket memory} KiB, and {idle " +
				"long-polling memory} with long polling.",
			ZH: "服务器要发现谁离开了，所以每个客户端都要有心跳和连接。空闲连接占 {idle " +
				"socketio-websocket memory} KiB，长轮询占 {idle long-polling memory} KiB。",
		},
		Less: [][2]string{{"idle socketio-websocket memory", "idle long-polling memory"}},
		Path: []string{"soon", "clear", "often", "all", "ready", "now"},
	},
	{
		Name: lang.Text{EN: "collaborative text", ZH: "协同编辑"}, Take: takeLog,
		Because: lang.Text{
			EN: "Each key is a small message both ways, in order, and none may be missing. The " +
				"WebSocket takes {ack websocket cpu} µs of the server for " +
				"each, a POST takes {ack sse cpu}.",
			ZH: "每次按键都是一条双向的小消息，要按顺序，一条也不能少。WebSocket 每条占用服务器 " +
				"CPU {ack websocket cpu} µs，POST 要 {ack sse cpu} µs。",
		},
		Less: [][2]string{{"ack websocket cpu", "ack sse cpu"},
			{"ack websocket bytes", "ack sse bytes"}},
		Path: []string{"soon", "clear", "often", "all", "own", "history"},
	},
	{
		Name: lang.Text{EN: "upload progress", ZH: "上传进度"}, Take: takeOwnResponse,
		Because: lang.Text{
			EN: "The page knows how much it has sent. The response of the same request can " +
				"report the server's work on the file: a line costs {thousand hanging bytes} " +
				"bytes, an event of SSE {thousand sse bytes}.",
			ZH: "发了多少，页面自己知道。服务器怎样处理文件，由同一个请求的响应来汇报：一行 " +
				"{thousand hanging bytes} 字节，SSE 的一个事件 {thousand sse bytes} 字节。",
		},
		Less: [][2]string{{"thousand hanging bytes", "thousand sse bytes"},
			{"3g hanging latency", "3g short-polling latency"}},
		Path: []string{"soon", "clear", "never", "request"},
	},
	{
		Name: lang.Text{EN: "IoT: commands and readings", ZH: "物联网：命令与读数"},
		Take: takeWebSocket,
		Because: lang.Text{
			EN: "Thousands of clients, small messages both ways. With 1,000 clients a message " +
				"takes {thousand websocket cpu} µs, and {thousand " +
				"long-polling cpu} µs with long polling.",
			ZH: "成千上万个客户端，双向的小消息。1,000 个客户端时，每条消息占用 CPU {thousand " +
				"websocket cpu} µs，长轮询要 {thousand long-polling cpu} µs。",
		},
		Less: [][2]string{{"thousand websocket cpu", "thousand long-polling cpu"},
			{"idle websocket memory", "idle long-polling memory"}},
		Path: []string{"soon", "clear", "often", "all", "own", "now"},
	},
	{
		Name: lang.Text{EN: "notifications", ZH: "通知"}, Take: takePush,
		Because: lang.Text{
			EN: "Rare and one way, and a missed one must come later: `Last-Event-ID` does that. " +
				"Polling each second is {idle short-polling idle} requests a minute for nothing.",
			ZH: "很少、单向，错过的以后要补上：`Last-Event-ID` 正好做这件事。每秒轮询一次，" +
				"一分钟白花 {idle short-polling idle} 个请求。",
		},
		Less: [][2]string{{"idle sse idle", "idle short-polling idle"}},
		Path: []string{"soon", "clear", "never", "browser", "closed"},
	},
	{
		Name: lang.Text{EN: "logs", ZH: "日志"}, Take: takeStreaming,
		Because: lang.Text{
			EN: "Lines in order, for programs, too: `curl` reads them. {thousand hanging bytes} " +
				"bytes a line, and {thousand long-polling bytes} with long " +
				"polling. Backpressure comes with `fetch`.",
			ZH: "按顺序的行，程序也要读：`curl` 就行。每行 {thousand hanging bytes} 字节，长轮询 " +
				"{thousand long-polling bytes} 字节。用 `fetch` 读取，还自带背压。",
		},
		Less: [][2]string{{"thousand hanging bytes", "thousand long-polling bytes"}},
		Path: []string{"soon", "clear", "never", "program"},
	},
	{
		Name: lang.Text{EN: "voting", ZH: "投票"}, Take: takePostAndSSE,
		Because: lang.Text{
			EN: "One vote each, and a status says that it counts. A thousand listeners take " +
				"{thousand sse cpu} µs a message, and {thousand " +
				"short-polling cpu} µs if they poll.",
			ZH: "每人一票，状态码就说明投票有效。一千个接收者时，每条消息占用 CPU {thousand " +
				"sse cpu} µs，轮询要 {thousand short-polling cpu} µs。",
		},
		Less: [][2]string{{"thousand sse cpu", "thousand short-polling cpu"}},
		Path: []string{"soon", "clear", "sometimes"},
	},
	{
		Name: lang.Text{EN: "location", ZH: "位置共享"}, Take: takeLatestByWebSocket,
		Because: lang.Text{
			EN: "A phone reports every few seconds over a bad network. {ack websocket bytes} " +
				"bytes there and back save the phone's battery; a POST is {ack sse " +
				"bytes}. Old positions are worthless.",
			ZH: "手机在差的网络上每隔几秒报一次位置。一来一回 {ack websocket bytes} 字节，省电；" +
				"POST 要 {ack sse bytes} 字节。旧位置没有用。",
		},
		Less: [][2]string{{"ack websocket bytes", "ack sse bytes"},
			{"3g websocket latency", "3g long-polling latency"}},
		Path: []string{"soon", "clear", "often", "latest", "few"},
	},
}
