package choice

import "realtimelab/internal/lang"

// An Extra is a question that does not decide the transport, but adds to it.
type Extra struct {
	Name   string
	Text   lang.Text
	Advice map[string]lang.Text // for each of Transports
	Cites  []*Row
	Read   Section
	Try    Step
}

// advice returns the advice for each transport: polls is for both kinds of polling, and streams for
// the streaming response and SSE.
func advice(polls, streams, ws, io lang.Text) map[string]lang.Text {
	return map[string]lang.Text{
		shortPolling: polls, longPolling: polls, streaming: streams, sse: streams, webSocket: ws,
		socketIO: io,
	}
}

var oneLog = lang.Text{
	EN: "The connection stays on one server. A message must reach the clients of all servers: " +
		"publish it through Redis, or let every server read the same log.",
	ZH: "连接固定在一台服务器上。消息要到达所有服务器的客户端：通过 Redis " +
		"发布，或者让每台服务器读同一份日志。",
}

var boundedQueue = lang.Text{
	EN: "Give each client a bounded queue. Drop the oldest message if only the latest counts. " +
		"Otherwise disconnect, and let the client resume by its last id.",
	ZH: "给每个客户端一个有上限的队列。只有最新值有用，就丢弃最旧的；" +
		"否则断开，让客户端按最后的编号续传。",
}

var asText = lang.Text{
	EN: "Bytes travel as base64, a third larger. For large files, send a " +
		"link and let the client fetch it.",
	ZH: "字节以 base64 传送，大三分之一。文件大时只发链接，让客户端自己去取。",
}

var asBytes = lang.Text{
	EN: "Bytes travel as they are. Split large ones, so that small " +
		"messages between them do not wait.",
	ZH: "字节原样传送。大的要分块，免得夹在中间的小消息等待。",
}

// Extras lists the extras.
var Extras = []Extra{
	{
		Name: "servers", Text: lang.Text{EN: "more than one server", ZH: "不止一台服务器"},
		Advice: advice(
			lang.Text{
				EN: "Any server may answer the next request, as long as all read the same log. " +
					"Keep the cursor in the request, and no session in memory.",
				ZH: "只要所有服务器读同一份日志，下一个请求由哪台来答都行。" +
					"游标放在请求里，内存里不要有会话。",
			},
			oneLog, oneLog,
			lang.Text{
				EN: "Turn on sticky sessions, because polling needs the server that has the " +
					"session. Add an adapter, so that a broadcast reaches " +
					"the clients of all servers.",
				ZH: "打开粘性会话，因为轮询必须找到保存会话的服务器。再加适配器，" +
					"广播才能到达所有服务器的客户端。",
			}),
		Read: Section{"production-cluster", "sticky-sessions"},
		Try: Step{"cluster", "", lang.Text{
			EN: "Turn sticky sessions off, and choose “polling only”.",
			ZH: "关掉粘性会话，选“只用轮询”。",
		}},
	},
	{
		Name: "slow", Text: lang.Text{EN: "clients that may read too slowly",
			ZH: "客户端可能读得太慢"},
		Advice: advice(
			lang.Text{
				EN: "A slow client asks later, and has no queue on the server. " +
					"Limit how much one response brings.",
				ZH: "慢的客户端只是晚一点来问，服务器上没有它的队列。限制一个响应的大小就行。",
			},
			boundedQueue, boundedQueue, boundedQueue),
		Cites: []*Row{IdleMemory},
		Read:  Section{"production-slow", "which-policy"},
		Try: Step{"slow", "", lang.Text{
			EN: "Let the slow client read 20 KB a second, and try the four policies.",
			ZH: "让慢客户端每秒读 20 KB，把四种策略都试一遍。",
		}},
	},
	{
		Name: "silence", Text: lang.Text{EN: "long silences, and proxies that cut them",
			ZH: "长时间没有消息，代理会切断静默的连接"},
		Advice: advice(
			lang.Text{
				EN: "Keep the interval and the time of a held request below the proxy's timeout: " +
					"the lab holds a request for 25 s, and nginx cuts after 60 s.",
				ZH: "轮询间隔和请求挂起的时间都要小于代理的超时：" +
					"本实验室默认挂起 25 秒，nginx 60 秒后切断。",
			},
			lang.Text{
				EN: "Write a comment or an empty line as heartbeat, at less than half the " +
					"proxy's timeout. nginx cuts after 60 s.",
				ZH: "写一条注释或一个空行作为心跳，间隔小于代理超时的一半。nginx 60 秒后切断。",
			},
			lang.Text{
				EN: "Send a ping at less than half the proxy's timeout. nginx cuts after 60 s. A " +
					"page cannot see pings, so send a message of your own " +
					"if it must notice silence.",
				ZH: "发 ping，间隔小于代理超时的一半。nginx 60 秒后切断。页面看不到 ping，" +
					"要让它发现静默，就发自己的消息。",
			},
			lang.Text{
				EN: "The server pings every 25 s, and the client notices if no ping comes. That " +
					"is less than half of the 60 s of nginx.",
				ZH: "服务器每 25 秒发一次 ping，收不到 ping 客户端就会发现。" +
					"这比 nginx 的 60 秒的一半还短。",
			}),
		Read: Section{"production-proxies", "idle-the-proxy-cuts-silent-connections"},
		Try: Step{"proxies", "", lang.Text{
			EN: "Let the proxy idle cut a silence of 20 s, and measure.",
			ZH: "让代理 idle 在静默 20 秒后切断，开始测量。",
		}},
	},
	{
		Name: "login", Text: lang.Text{EN: "users who log in", ZH: "用户要登录"},
		Advice: advice(
			lang.Text{
				EN: "Each request carries the login: a cookie, or a token in the header " +
					"Authorization. A token that expires is refused with the next request.",
				ZH: "每个请求都带着登录信息：cookie，或者 Authorization " +
					"头里的令牌。令牌过期，下一个请求就被拒绝。",
			},
			lang.Text{
				EN: "EventSource sets no headers: use the cookie, or a one-time ticket in the " +
					"URL. End the stream when the login expires, and " +
					"refuse the reconnection with 401.",
				ZH: "EventSource 不能设请求头：用 cookie，或者 URL 里的一次性票据。" +
					"登录过期就结束流，重连用 401 拒绝。",
			},
			lang.Text{
				EN: "A page cannot set headers of the handshake: use the cookie, a one-time " +
					"ticket, or a first message. With a cookie, compare Origin, or " +
					"any page can connect as your user.",
				ZH: "页面不能设握手的请求头：用 cookie、一次性票据或第一条消息。用 cookie " +
					"就要比对 Origin，否则任何页面都能以你的用户的身份连接。",
			},
			lang.Text{
				EN: "Send a token in auth, which is part of the first packet. Renew it before it " +
					"expires, or end the connection.",
				ZH: "把令牌放在 auth 里，它在第一个数据包中。过期之前要更新，否则断开。",
			}),
		Read: Section{"production-login", "authentication-four-ways"},
		Try: Step{"login", "hijack", lang.Text{
			EN: "A page of another origin opens a connection with your cookie.",
			ZH: "其他源的页面带着你的 cookie 打开连接。",
		}},
	},
	{
		Name: "binary", Text: lang.Text{EN: "bytes instead of text", ZH: "消息是字节，不是文本"},
		Advice: advice(asText, asText, asBytes, asBytes),
		Cites:  []*Row{Binary},
		Read:   Section{"socketio-events", "binary"},
		Try: Step{"binary", "polling", lang.Text{
			EN: "Send a picture over long polling, and see how its bytes travel.",
			ZH: "用长轮询发一张图片，看它的字节怎样传送。",
		}},
	},
}
