package choice

import "realtimelab/internal/lang"

// fewestBytes keeps the transport with the smallest message and acknowledgement.
var fewestBytes = Rule{Row: RoundTrip, Least: true}

var oneLostPacket = Section{"compare", "one-lost-packet-head-of-line-blocking"}

// Questions about clients that send often.
var (
	lossQuestion = &Question{
		Text: lang.Text{EN: "Is it better to lose a message than to get it late?",
			ZH: "宁可丢掉消息，也不要它晚到吗？"},
		Answers: []Answer{
			{
				Name: "all", Text: lang.Text{EN: "No: each one counts, and in order",
					ZH: "不是：每条都要，而且要按顺序"},
				Why: lang.Text{
					EN: "Both transports that are left run over TCP, which delivers in order " +
						"while the connection lasts. The next questions are about " +
						"the time between two connections.",
					ZH: "剩下的两种都走 TCP，连接不断，顺序就不乱。" +
						"两次连接之间怎么办，由后面的问题决定。",
				},
				Cites: []*Row{Interruption},
				Read:  Section{"socketio-delivery", "what-is-lost-and-what-is-kept"},
				Try: Step{"ws-chat", "missed", lang.Text{
					EN: "Lose the connection while the other one writes. Do you get the message?",
					ZH: "对方写消息时断开连接，看还收不收得到。",
				}},
				Next: featuresQuestion,
			},
			{
				Name: "latest", Text: lang.Text{EN: "Yes: only the newest value counts",
					ZH: "是：只有最新的值有用"},
				Why: lang.Text{
					EN: "TCP holds back everything after a lost packet. So send the newest value " +
						"only, and small: a message and its acknowledgement are {ack websocket " +
						"bytes} bytes over a WebSocket.",
					ZH: "TCP 丢了一个数据包，后面的都要等。所以只发最新的值，而且要小：用 WebSocket，" +
						"一条消息加回执是 {ack websocket bytes} 字节。",
				},
				Rules: []Rule{fewestBytes},
				Read:  oneLostPacket,
				Try:   lossyNetwork,
				Next:  rateQuestion,
			},
		},
	}

	rateQuestion = &Question{
		Text: lang.Text{EN: "How often is there a new value?", ZH: "多久有一个新值？"},
		Answers: []Answer{
			{
				Name: "many", Text: lang.Text{EN: "Many times a second", ZH: "每秒很多次"},
				Why: lang.Text{
					EN: "Then one lost packet delays several values. A datagram does not wait " +
						"for the one before it. Some networks block UDP: there the " +
						"WebSocket carries the same messages.",
					ZH: "丢一个数据包会耽误好几个值。数据报不用等前一个。有些网络不让 UDP 通过，" +
						"那里用 WebSocket 传同样的消息。",
				},
				Cites: []*Row{Latency},
				Read:  oneLostPacket,
				Try:   lossyNetwork,
				Take:  takeDatagrams,
			},
			{
				Name: "few", Text: lang.Text{EN: "Every few seconds", ZH: "每隔几秒"},
				Why: lang.Text{
					EN: "TCP has repaired a loss before the next value comes. Drop the values " +
						"that still wait for a slow client.",
					ZH: "下一个值到来之前，TCP 已经把丢失的补上了。" +
						"还在等慢客户端的旧值，丢掉就行。",
				},
				Cites: []*Row{Latency},
				Read:  Section{"production-slow", "four-policies"},
				Try:   dropOldest,
				Take:  takeLatestByWebSocket,
			},
		},
	}

	featuresQuestion = &Question{
		Text: lang.Text{EN: "Do you need rooms, acknowledgements or a fallback, and own both ends?",
			ZH: "需要房间、回执或退路，而且两端都归你管吗？"},
		Answers: []Answer{
			{
				Name: "ready", Text: lang.Text{EN: "Yes", ZH: "是"},
				Why: lang.Text{
					EN: "All of this is ready-made, and its client reconnects. It costs few " +
						"bytes: a message and its acknowledgement are {ack socketio-websocket " +
						"bytes}, and {ack websocket bytes} over a bare WebSocket.",
					ZH: "这些都是现成的，它的客户端还会自动重连。多花的字节很少：一条消息加回执 " +
						"{ack socketio-websocket bytes} 字节，裸 WebSocket 是 " +
						"{ack websocket bytes} 字节。",
				},
				Rules: []Rule{{Row: Reconnects, Is: []lang.Text{clientDoes}}},
				Cites: []*Row{RoundTrip},
				Read:  Section{"socketio-events", "rooms"},
				Try: Step{"rooms", "outside", lang.Text{
					EN: "Send to a room that you have not joined.",
					ZH: "往没有加入的房间发消息。",
				}},
				Next: history(
					Answer{Take: takeRooms, Why: lang.Text{
						EN: "Connection state recovery covers a short absence. For a longer one, " +
							"give each message an id and keep a log, as a WebSocket needs it, too.",
						ZH: "连接状态恢复只管短暂的离开。离开更久，" +
							"就要给每条消息编号并保存日志，用 WebSocket 也一样。",
					}},
					Answer{Take: takeSocketIO, Why: lang.Text{
						EN: "Its heartbeat finds out who has left. An idle client takes {idle " +
							"socketio-websocket memory} KiB of this lab's server.",
						ZH: "它的心跳会发现谁离开了。一个空闲客户端占用本实验室的服务器 {idle " +
							"socketio-websocket memory} KiB。",
					}}),
			},
			{
				Name: "own", Text: lang.Text{EN: "No: a small protocol of my own is enough",
					ZH: "不用：自己的小协议就够了"},
				Why: lang.Text{
					EN: "Every language has a WebSocket client. A round trip takes {ack " +
						"websocket cpu} µs of the server, and {ack sse cpu} µs with a POST. The " +
						"reconnection is yours to write.",
					ZH: "每种语言都有 WebSocket 客户端。一来一回占用服务器 CPU {ack websocket cpu} " +
						"µs，POST 要 {ack sse cpu} µs。重连要自己写。",
				},
				Rules: []Rule{fewestBytes},
				Cites: []*Row{BusyCPU},
				Read:  Section{"websocket", "when-to-use-it"},
				Try: Step{"ws-chat", "proof", lang.Text{
					EN: "What proves that the server has your message?",
					ZH: "什么能证明服务器收到了你的消息？",
				}},
				Next: history(
					Answer{Take: takeLog, Why: lang.Text{
						EN: "Give each change an id and keep a log. A client that returns says " +
							"its last id, and the server sends the rest.",
						ZH: "给每个变更编号并保存日志。" +
							"客户端回来时报出最后的编号，服务器把后面的发给它。",
					}},
					Answer{Take: takeWebSocket, Why: lang.Text{
						EN: "Then the connection is all that you need. An idle client takes " +
							"{idle websocket memory} KiB of this lab's server.",
						ZH: "那么有连接就够了。一个空闲客户端占用本实验室的服务器 " +
							"{idle websocket memory} KiB。",
					}}),
			},
		},
	}
)

// history returns the question whether a client gets what it missed.
func history(yes, no Answer) *Question {
	yes.Name, yes.Text = "history", lang.Text{EN: "Yes", ZH: "要"}
	yes.Cites = []*Row{Interruption}
	yes.Read = Section{"socketio-delivery", "recovery"}
	yes.Try = Step{"reconnect", "longer", lang.Text{
		EN: "Lose the network for 20 seconds, and see which events come back.",
		ZH: "断网 20 秒，看哪些事件补得回来。",
	}}
	no.Name, no.Text = "now", lang.Text{EN: "No: the present counts", ZH: "不用：只看现在"}
	no.Cites = []*Row{IdleMemory}
	no.Read = Section{"websocket", "how-the-page-notices-a-dead-peer"}
	no.Try = Step{"reconnect", "left", lang.Text{
		EN: "Leave for three seconds: what came meanwhile is gone.",
		ZH: "离开三秒：这段时间的事件就没有了。",
	}}
	return &Question{
		Text: lang.Text{EN: "Must a client that returns get what it has missed?",
			ZH: "客户端回来时，要补上错过的消息吗？"},
		Answers: []Answer{yes, no},
	}
}

var lossyNetwork = Step{"compare", "", lang.Text{
	EN: "Choose the network “lossy” on the page with the key: which lanes pause?",
	ZH: "在带密钥的页面上选网络“lossy”：哪些跑道会停顿？",
}}
