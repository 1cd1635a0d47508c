package choice

import "realtimelab/internal/lang"

// Tree is the first question.
var Tree = &Question{
	Text: lang.Text{
		EN: "May a message be a minute late, or is there no server that can keep connections open?",
		ZH: "消息晚一分钟也行吗？或者没有能保持连接的服务器？",
	},
	Answers: []Answer{
		{
			Name: "soon", Text: lang.Text{EN: "No: it must arrive within a second",
				ZH: "不行：一秒之内要到"},
			Why: lang.Text{
				EN: "A poll each second finds a message late: half of them take more than {3g " +
					"short-polling latency} ms over 3G. A held request takes " +
					"{3g long-polling latency} ms.",
				ZH: "每秒轮询一次，消息会晚到：在 3G 上，一半的消息要 {3g short-polling latency} " +
					"ms 以上。请求挂起时是 {3g long-polling latency} ms。",
			},
			Rules: []Rule{{Row: Latency, Below: 500}},
			Read:  Section{"longpoll", "short-polling"},
			Try: Step{"short-polling", "late", lang.Text{
				EN: "The other window sends. Its message waits for your next request.",
				ZH: "另一个窗口发送，它的消息要等你的下一个请求。",
			}},
			Next: proxyQuestion,
		},
		{
			Name: "late", Text: lang.Text{EN: "Yes: a file on a plain web host is enough",
				ZH: "可以：普通网站主机上的一个文件就够了"},
			Why: lang.Text{
				EN: "Each response ends, so every host can send it and every proxy forwards it. " +
					"If one response brings several messages, short polling also costs fewer " +
					"bytes: {feed short-polling bytes} a message, and {feed " +
					"long-polling bytes} with long polling.",
				ZH: "每个响应都会结束，所以任何主机都能发，任何代理都会转发。" +
					"一个响应带来几条消息时，短轮询的字节也更少：每条 {feed short-polling bytes} " +
					"字节，长轮询 {feed long-polling bytes} 字节。",
			},
			Rules: []Rule{
				{Row: Buffering, Is: []lang.Text{Works}}, {Row: NoUpgrade, Is: []lang.Text{Works}},
				{Row: Reconnects, Is: []lang.Text{nextRequest}}, {Row: Bytes, Least: true},
			},
			Read: Section{"longpoll", "when-to-use-it"},
			Try: Step{"short-polling", "empty", lang.Text{
				EN: "Count the bytes that an empty response costs.",
				ZH: "数一数一个空响应要花多少字节。",
			}},
			Take: takeShortPolling,
		},
	},
}

var proxyQuestion = &Question{
	Text: lang.Text{
		EN: "Are there proxies on the way that you cannot change? What do they do?",
		ZH: "路上有你改不了的代理吗？它们会做什么？",
	},
	Answers: []Answer{
		{
			Name: "clear", Text: lang.Text{EN: "No: they are mine, or they only tunnel TLS",
				ZH: "没有：代理归我管，或者只给 TLS 做隧道"},
			Why: lang.Text{
				EN: "Your own proxy needs a few lines of configuration. A proxy that only " +
					"tunnels cannot see what is inside TLS. Both forward all six transports.",
				ZH: "自己的代理加几行配置就行。只做隧道的代理看不到 TLS " +
					"里面的内容。两种情况下，六种传输都能用。",
			},
			Cites: []*Row{Buffering, NoUpgrade},
			Read:  Section{"production-tls", "wss-through-proxies"},
			Try: Step{"eavesdrop", "", lang.Text{
				EN: "Open wss:// through a proxy that tunnels: the WebSocket " +
					"opens, and the proxy reads nothing.",
				ZH: "经只做隧道的代理打开 wss://：WebSocket 打开了，代理什么也读不到。",
			}},
			Next: sends(listening, withSSE, often),
		},
		{
			Name: "buffers", Text: lang.Text{EN: "Yes: one holds back responses until they end",
				ZH: "有：响应结束之前，它不转发"},
			Why: lang.Text{
				EN: "A stream does not end, so its messages wait in the proxy. A held request " +
					"has a short response that ends at once, and the bytes of " +
					"a WebSocket are only copied.",
				ZH: "流不会结束，它的消息就一直在代理里等。挂起的请求得到的是马上结束的短响应；" +
					"WebSocket 的字节只是照样复制。",
			},
			Rules: []Rule{{Row: Buffering, Is: []lang.Text{Works}}},
			Read:  Section{"production-proxies", "buffering-sse-messages-arrive-in-one-batch"},
			Try: Step{"proxies", "", lang.Text{
				EN: "Measure, and open the cell of SSE behind buffering.",
				ZH: "开始测量，点开 SSE 在 buffering 后面的那一格。",
			}},
			Next: sends(byLongPolling, withLongPolling, often),
		},
		{
			Name: "no-upgrade",
			Text: lang.Text{EN: "Yes: one removes the header Upgrade, as inspecting proxies do",
				ZH: "有：它会去掉 Upgrade 头，检查内容的代理常常这样"},
			Why: lang.Text{
				EN: "A WebSocket begins with the header Upgrade, and without it the handshake " +
					"fails. Requests and streams pass. Socket.IO begins " +
					"with polling and stays there.",
				ZH: "WebSocket 以 Upgrade 头开始，没有它握手就失败。请求和流都能通过。Socket.IO " +
					"以轮询开始，并停留在轮询上。",
			},
			Rules: []Rule{{Row: NoUpgrade, Is: []lang.Text{Works, Fallback}}},
			Read:  Section{"production-proxies", "no-websocket-and-http10-no-upgrade"},
			Try: Step{"proxies", "", lang.Text{
				EN: "Measure, and compare WebSocket with Socket.IO over " +
					"polling behind no-websocket.",
				ZH: "开始测量，比较 no-websocket 后面的 WebSocket 和走轮询的 Socket.IO。",
			}},
			Next: sends(listening, withSSE, byFallback),
		},
		{
			Name: "both", Text: lang.Text{EN: "Both, or I do not know", ZH: "两样都有，或者不知道"},
			Why: lang.Text{
				EN: "Only requests whose responses end pass both. That is long polling: by hand, " +
					"or in Socket.IO, which begins with it and tries the WebSocket later.",
				ZH: "只有响应会结束的请求能通过这两种代理，也就是长轮询：自己写，或者用 " +
					"Socket.IO。它以长轮询开始，之后再试 WebSocket。",
			},
			Rules: []Rule{{Row: Buffering, Is: []lang.Text{Works}},
				{Row: NoUpgrade, Is: []lang.Text{Works, Fallback}}},
			Read: Section{"production-proxies", "the-matrix-proxies"},
			Try: Step{"proxies", "", lang.Text{
				EN: "Measure, and find the transports that work behind every kind of proxy.",
				ZH: "开始测量，找出在每一种代理后面都能用的传输。",
			}},
			Next: sends(byLongPolling, withLongPolling, byFallback),
		},
	},
}

// sends returns the question how often the page sends, with what follows from each answer: rules,
// and then a question or what to take.
func sends(never, sometimes, often Answer) *Question {
	never.Name, never.Text = "never", lang.Text{EN: "Never: it only listens", ZH: "从不：只接收"}
	never.Why = lang.Text{
		EN: "One direction is enough. A connection for both would leave the " +
			"reconnection to your code, or to a library.",
		ZH: "一个方向就够了。用双向的连接，重连就要自己写，或者靠一个库。",
	}
	never.Cites = []*Row{Reconnects}
	never.Read = Section{"longconn", "server-sent-events"}
	never.Try = Step{"sse", "fields", lang.Text{
		EN: "Read the lines that come down the stream for one message.",
		ZH: "看看一条消息在流里是哪几行。",
	}}

	sometimes.Name, sometimes.Text = "sometimes",
		lang.Text{EN: "Now and then: a vote, a form", ZH: "偶尔：投一票，填一个表"}
	sometimes.Why = lang.Text{
		EN: "A POST is a request like any other, and its status says whether it counts. A " +
			"message and its acknowledgement are {ack sse bytes} bytes, " +
			"which matters only if there are many.",
		ZH: "POST 就是普通的请求，状态码说明它是否有效。一条消息加回执 {ack " +
			"sse bytes} 字节，多了才有影响。",
	}
	sometimes.Cites = []*Row{RoundTrip}
	sometimes.Read = Section{"longconn", "when-to-use-it"}
	sometimes.Try = Step{"sse", "seven", lang.Text{
		EN: "Over HTTP/1.1, seven streams hold up your POST.",
		ZH: "在 HTTP/1.1 上，七个流会让你的 POST 排队。",
	}}

	often.Name, often.Text = "often",
		lang.Text{EN: "Often: every few seconds, or whenever the user types or moves",
			ZH: "经常：每隔几秒，或者用户一打字、一移动就发"}
	often.Why = lang.Text{
		EN: "With a POST for each message, a message and its acknowledgement are {ack sse bytes} " +
			"bytes, and {ack websocket bytes} over a WebSocket.",
		ZH: "每条消息一个 POST，一条消息加回执是 {ack sse bytes} 字节；用 " +
			"WebSocket 是 {ack websocket bytes} 字节。",
	}
	often.Cites = []*Row{RoundTrip}
	often.Read = Section{"websocket", "what-it-costs"}
	often.Try = Step{"ws-echo", "burst", lang.Text{
		EN: "Send 1,000 messages at once, and count the HTTP requests.",
		ZH: "一次发 1,000 条消息，数一数有几个 HTTP 请求。",
	}}
	return &Question{
		Text:    lang.Text{EN: "How often does the page send?", ZH: "页面多久发送一次？"},
		Answers: []Answer{never, sometimes, often},
	}
}

// One direction is enough, or both are needed.
var (
	oneWay = Rule{Row: Direction, Is: []lang.Text{toPage}}
	twoWay = Rule{Row: Direction, Is: []lang.Text{bothWays}}
)

// Answers for sends.
var (
	listening     = Answer{Rules: []Rule{oneWay}, Next: readerQuestion}
	byLongPolling = Answer{Rules: []Rule{oneWay}, Take: takeLongPolling}
	withSSE       = Answer{Rules: []Rule{oneWay, {Row: Reconnects, Is: []lang.Text{browserDoes}}},
		Take: takePostAndSSE}
	withLongPolling = Answer{Rules: []Rule{oneWay}, Take: takeLongPollingAndPost}
	often           = Answer{Rules: []Rule{twoWay}, Next: lossQuestion}
	byFallback      = Answer{Rules: []Rule{twoWay}, Take: takeFallback}
)
