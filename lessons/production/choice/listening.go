package choice

import "realtimelab/internal/lang"

// Questions about a client that listens.
var (
	readerQuestion = &Question{
		Text: lang.Text{EN: "Who reads the messages?", ZH: "谁来读消息？"},
		Answers: []Answer{
			{
				Name: "browser", Text: lang.Text{EN: "A page in a browser", ZH: "浏览器里的页面"},
				Why: lang.Text{
					EN: "EventSource reconnects by itself and sends Last-Event-ID, so the server " +
						"continues where it stopped. For a plain stream, you write both.",
					ZH: "EventSource 会自动重连，并带上 Last-Event-ID，服务器就从断开的地方继续。" +
						"普通的流要自己写这两样。",
				},
				Rules: []Rule{{Row: Reconnects, Is: []lang.Text{browserDoes}}},
				Read:  Section{"longconn", "why-eventsource-reconnects-and-a-websocket-does-not"},
				Try: Step{"sse", "cut", lang.Text{
					EN: "Cut the connection, and count the lines of code that reconnect it.",
					ZH: "切断连接，数一数重连用了几行代码。",
				}},
				Next: missedQuestion,
			},
			{
				Name: "program",
				Text: lang.Text{EN: "A program, or a page that reads at its own pace",
					ZH: "程序，或者按自己的速度读的页面"},
				Why: lang.Text{
					EN: "A line for each message is the smallest format: {thousand hanging " +
						"bytes} bytes to one of 1,000 clients, and {thousand sse bytes} as an " +
						"event of SSE. A reader that pauses slows the server down (backpressure).",
					ZH: "一行一条消息，格式最小：1,000 个客户端时每条 {thousand hanging bytes} " +
						"字节，SSE 的事件要 {thousand sse bytes} 字节。" +
						"读的一方停下来，服务器也会慢下来（背压）。",
				},
				Rules: []Rule{{Row: Bytes, Least: true}},
				Read:  Section{"longconn", "writing-an-open-response"},
				Try: Step{"hanging", "line", lang.Text{
					EN: "Watch one message come down as one line.",
					ZH: "看一条消息怎样作为一行到来。",
				}},
				Take: takeStreaming,
			},
			{
				Name: "request",
				Text: lang.Text{
					EN: "The client of a request that runs right now, such as an upload",
					ZH: "正在进行的请求的客户端，例如上传"},
				Why: lang.Text{
					EN: "The request is there anyway, so its response can report what the server " +
						"does. It needs no second connection, and no id that joins the two.",
					ZH: "反正已经有一个请求，它的响应就能汇报服务器在做什么。不需要第二个连接，" +
						"也不需要把两者对应起来的编号。",
				},
				Rules: []Rule{{Row: Bytes, Least: true}},
				Read:  Section{"longconn", "writing-an-open-response"},
				Try: Step{"hanging", "line", lang.Text{
					EN: "Find the chunks of an open response in the x-ray.",
					ZH: "在线路透视里找到没有结束的响应的各个块。",
				}},
				Take: takeOwnResponse,
			},
		},
	}

	missedQuestion = &Question{
		Text: lang.Text{EN: "What about the messages that a user has missed?",
			ZH: "用户错过的消息怎么办？"},
		Answers: []Answer{
			{
				Name: "catch-up",
				Text: lang.Text{EN: "The page gets them when it is connected again",
					ZH: "页面重新连上时补给它"},
				Why: lang.Text{
					EN: "An event has an id, and the log knows what came after it. An idle " +
						"stream costs no request; polling each second costs {idle " +
						"short-polling idle} a minute.",
					ZH: "事件带有编号，日志知道它后面还有什么。空闲的流不需要请求；每秒轮询一次，" +
						"一分钟要 {idle short-polling idle} 个。",
				},
				Cites: []*Row{Requests},
				Read:  Section{"longconn", "the-cursor-and-the-log"},
				Try: Step{"sse", "resume", lang.Text{
					EN: "Miss a message, and see how the browser asks for it.",
					ZH: "错过一条消息，看浏览器怎样把它要回来。",
				}},
				Take: takeSSE,
			},
			{
				Name: "latest", Text: lang.Text{EN: "Only the latest value counts",
					ZH: "只有最新的值有用"},
				Why: lang.Text{
					EN: "A new value replaces the old one. So keep one value for each client " +
						"instead of a queue, and a slow client falls no further behind.",
					ZH: "新值取代旧值。所以为每个客户端只留一个值，不留队列，" +
						"慢的客户端就不会越落越远。",
				},
				Cites: []*Row{Latency},
				Read:  Section{"production-slow", "four-policies"},
				Try:   dropOldest,
				Take:  takeLatestBySSE,
			},
			{
				Name: "closed",
				Text: lang.Text{EN: "They must reach users whose page is closed, too",
					ZH: "页面关着的用户也要收到"},
				Why: lang.Text{
					EN: "No transport of the table reaches a closed page. The push service of " +
						"the browser does (Web Push). SSE serves the open " +
						"page, and catches up by the id.",
					ZH: "表里的传输都到不了关着的页面，浏览器的推送服务（Web Push）可以。" +
						"页面开着时用 SSE，按编号补上错过的。",
				},
				Cites: []*Row{Requests},
				Read:  Section{"socketio-delivery", "sleeping-pages"},
				Try: Step{"sse", "resume", lang.Text{
					EN: "Miss a message, and get it after the reconnection: " +
						"that is as far as SSE goes.",
					ZH: "错过一条消息，重连之后再收到：SSE 能做到的就是这些。",
				}},
				Take: takePush,
			},
		},
	}
)

var dropOldest = Step{"slow", "", lang.Text{
	EN: "Choose “drop the oldest”, and compare the slow client's delay " +
		"with that of “queue without bound”.",
	ZH: "选“丢弃最旧的”，与“无限排队”比较慢客户端的延迟。",
}}
