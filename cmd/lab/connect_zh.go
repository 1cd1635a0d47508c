package main

// connectInChinese holds the Chinese for the help of lab connect.
var connectInChinese = map[string]string{
	"Speak Socket.IO, WebSocket or server-sent events to any server": "用 Socket.IO、WebSocket " +
		"或服务器发送事件（SSE）与任意服务器通信",

	connectHelp: `连接到 Socket.IO、WebSocket 或服务器发送事件（SSE）的服务器，就像用 curl 访问 HTTP。

在终端里，它有带历史记录和补全的提示符，旁边可以显示线路透视（ctrl+x）；输入 help 列出命令。给出 --emit、
--ack、--send、--join、--wait、--expect 或 --never 时，它按顺序执行这些命令，然后结束。否则它逐行执行标准
输入里的命令，遇到第一个失败就停止。

没有 --as 时，它先询问服务器使用什么协议；线路透视会先显示这些询问用的连接，再显示会话自己的连接。

每个事件在标准输出上占一行：时间、方向、命名空间和内容；用 --json 时是一个 JSON 对象。--save 保存线路上的
内容。

退出码：0 全部完成，1 无法连接，2 命令行或脚本有误（连接之前检查；脚本只有是文件时才能先检查），3 命名空间
被拒绝，4 超时，5 结果与预期不符，6 连接丢失。`,

	// The commands.
	`emit an event: 'NAME VALUE…', the values in JSON`:                                 `发送事件：'NAME VALUE…'，值用 JSON`,
	`emit an event and wait for its acknowledgement: 'NAME VALUE… [=> VALUE…]'`:        `发送事件并等待回执：'NAME VALUE… [=> VALUE…]'`,
	"send a text message of WebSocket":                                                 "发送 WebSocket 文本消息",
	`join a namespace: '/chat {"token":"x"}'`:                                          `加入命名空间：'/chat {"token":"x"}'`,
	`wait for an event: '[NAMESPACE] NAME [VALUE…] [TIME]'`:                            `等待事件：'[NAMESPACE] NAME [VALUE…] [TIME]'`,
	`the next event of that name must have these arguments: '[NAMESPACE] NAME VALUE…'`: `下一个同名事件的参数必须如此：'[NAMESPACE] NAME VALUE…'`,
	`no such event may come for a time: '[NAMESPACE] NAME [VALUE…] TIME'`:              `一段时间内不允许出现这样的事件：'[NAMESPACE] NAME [VALUE…] TIME'`,
	"after the commands, wait for this number of events":                               "命令执行完后，再等待这么多个事件",
	"after the commands, print events until the connection ends":                       "命令执行完后，打印事件直到连接结束",
	"limit of the connect, of each wait, and of --count":                               "建立连接、每次等待以及 --count 的时限",
	"print the events as JSON lines":                                                   "以 JSON 行打印事件",
	"read lines and print lines, also in a terminal":                                   "在终端里也逐行读取、逐行打印",
	"print no events": "不打印事件",
	"show the x-ray: on the screen, or as lines on standard error": "显示线路透视：在界面上，" +
		"或逐行打印到标准错误输出",

	// The target.
	"socketio, websocket or sse (default: what the server turns out to speak)": "socketio、websocket 或 sse（默认：询问服务器得知）",
	"path of Socket.IO on the server; the path of the URL is the namespace":    "Socket.IO 在服务器上的路径；URL 的路径是命名空间",
	"query parameter NAME=VALUE of every Socket.IO request (repeatable)":       "每个 Socket.IO 请求的查询参数 NAME=VALUE（可重复）",
	"payload of CONNECT, a JSON object":                                        "CONNECT 的数据，一个 JSON 对象",
	`HTTP header "NAME: VALUE" of every request (repeatable)`:                  `每个请求的 HTTP 头部 "NAME: VALUE"（可重复）`,
	"transports of Socket.IO in their order: polling, websocket, webtransport": "Socket.IO 的传输方式，按顺序：polling、websocket、webtransport",
	"revision of Engine.IO: 3 for a server of Socket.IO 1 or 2":                "Engine.IO 的版本：Socket.IO 1 或 2 的服务器用 3",
	"stay on the first transport of Socket.IO":                                 "停留在 Socket.IO 的第一种传输方式，不升级",
	"subprotocol that a WebSocket offers (repeatable)":                         "WebSocket 提供的子协议（可重复）",
	"offer to compress the messages of a WebSocket (permessage-deflate)":       "请求压缩 WebSocket 消息（permessage-deflate）",
	"Last-Event-ID of the first request of an event stream":                    "事件流第一个请求的 Last-Event-ID",
	"accept any certificate":                                                   "接受任何证书",
	"file with the certificate of an authority to trust, in PEM":               "PEM 文件，含要信任的证书颁发机构的证书",
	"do not reconnect when the connection is lost":                             "连接丢失后不重连",
}
