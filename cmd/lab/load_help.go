package main

import (
	"fmt"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/internal/load"
)

// loadHelp explains lab load.
func loadHelp(l lang.Lang) string {
	return fmt.Sprintf(loadText.In(l), profileHelp(l), load.ThresholdHelp.In(l))
}

// loadText has places for the profiles and the metrics of --fail.
var loadText = lang.Text{
	EN: `Connects many clients to a server of yours, has them do what a profile says, and
measures what they see. The profiles:

%s
The load is an open loop: clients arrive and messages are sent when they are due, whether or
not the server keeps up, and latency counts from then. Messages carry a label, by which a
client knows which one it received: {{id}} in --message. The server may send the text on
in any field.

Load harms others: without --i-own-this-server, the target must be this machine or in a
private network.

--fail makes the command fail, for CI, if a condition is true. It may be repeated.
Metrics: %s.

Exit status: 0 if all went well, whatever single clients met; 1 if nothing could be
measured; 2 if a flag is wrong; 3 if a condition of --fail is true.
Ctrl-C ends the run early; the report says so.`,
	ZH: `让许多客户端连接到你自己的服务器，按一种方案行动，并测量它们看到的情况。方案：

%s
负载是开环的：到了时间，客户端就连接，消息就发送，不管服务器跟不跟得上；延迟从那一刻算起。消息带有标签，
即 --message 里的 {{id}}，客户端据此知道收到的是哪一条。服务器可以用任何字段转发这段文本。

负载会影响别人：没有 --i-own-this-server 时，目标必须是本机或在私有网络里。

--fail 在条件成立时让命令失败，用于 CI，可以重复。指标：
%s。

退出码：0 一切正常，不论个别客户端遇到什么；1 什么也没能测量；2 选项有误；3 --fail 的某个条件成立。
按 Ctrl-C 提前结束，报告会说明。`,
}

// profileHelp has a line for each profile.
func profileHelp(l lang.Lang) string {
	var b strings.Builder
	for _, p := range load.Profiles {
		fmt.Fprintf(&b, "  %-8s %s\n", p.Name, p.Says.In(l))
	}
	return b.String()
}

// loadInChinese holds the Chinese for the flags of lab load. A text whose end lists names is in
// beginningsInChinese.
var loadInChinese = map[string]string{
	"Put load on a server of Socket.IO, WebSocket or SSE": "给 Socket.IO、WebSocket 或 " +
		"SSE 服务器加负载",
	"connected clients": "连接的客户端数",
	"clients that connect per second (default 200, for connect 50)":                      "每秒连接的客户端数（默认 200，connect 为 50）",
	"time over which the arrivals grow from zero to their rate":                          "连接速率从零增长到设定值所用的时间",
	"duration of the measurement, once all clients had time to connect":                  "测量的时长，从所有客户端都来得及连接之后算起",
	"how long to wait for messages that are under way at the end":                        "结束时，为还在路上的消息等待多久",
	"time for one attempt to connect":                                                    "一次连接尝试的时限",
	"messages per second, of all clients together (default 10 or 100, by the profile)":   "所有客户端合计的每秒消息数（默认 10 或 100，随方案而定）",
	"bytes of the text in a message":                                                     "一条消息里文本的字节数",
	"clients in a room, for the profile rooms":                                           "一个房间里的客户端数，用于方案 rooms",
	"how long a client stays, in the profile connect":                                    "一个客户端停留多久，用于方案 connect",
	"time over which the clients of a storm come back; 0 for all at once":                "方案 storm 的客户端在多长时间内陆续重连；0 表示同时",
	"part of the clients that read slowly, 0 to 1 (default 0, for the profile slow 0.1)": "慢客户端的比例，0 到 1（默认 0，方案 slow 为 0.1）",
	"bytes per second that a slow client reads":                                          "一个慢客户端每秒读取的字节数",
	"part of the Socket.IO clients that stay on polling, 0 to 1":                         "一直用轮询的 Socket.IO 客户端的比例，0 到 1",
	"Socket.IO clients begin with polling and upgrade to WebSocket, or stay on polling if " +
		"that fails, as browsers do; else they begin with WebSocket": "Socket.IO 客户端像浏览器那样先轮询，" +
		"再升级到 WebSocket，升级失败就继续轮询；不写则直接用 WebSocket",
	"clients that lost their connection stay away": "断线的客户端不重连",
	"Socket.IO event to emit":                      "要发送的 Socket.IO 事件",
	"message to send, with {{id}} for the label; for Socket.IO an argument of the event as " +
		"JSON, repeated for several; {{room}} is the sender's room": "要发送的消息，{{id}} " +
		"代表标签；" +
		"对 Socket.IO 是事件的一个参数，用 JSON，多个就重复写；{{room}} 是发送者的房间",
	"Socket.IO event with which a client asks for its room":               "客户端请求加入房间所用的 Socket.IO 事件",
	"URL to publish at, with --as sse":                                    "发布消息的 URL，与 --as sse 合用",
	"namespace of Socket.IO (default: the path of the URL)":               "Socket.IO 的命名空间（默认：URL 的路径）",
	"payload of the Socket.IO handshake, as JSON":                         "Socket.IO 握手的数据，用 JSON",
	"revision of Engine.IO: 4, or 3 for Socket.IO 2":                      "Engine.IO 的版本：4；Socket.IO 2 用 3",
	`HTTP header "NAME: VALUE" of the requests that connect (repeatable)`: `建立连接的请求的 HTTP 头部 "NAME: VALUE"（可重复）`,
	"random seed of the schedule":                                         "时间安排的随机种子",
	"fail if this is true, such as 'p99>200ms', 'missing>0.1%' or " +
		"generator; repeat it for several": "条件成立就失败，例如 'p99>200ms'、'missing>0.1%' 或 " +
		"generator；多个就重复写",
	"permit a target outside this machine and private networks": "允许本机和私有网络之外的目标",
	"print the report on stdout as JSON":                        "以 JSON 把报告打印到标准输出",
	"print the JSON Schema of --json":                           "打印 --json 的 JSON Schema",
	"print lines instead of the live screen":                    "打印行，不显示实时界面",
	"also write a page with charts to this file":                "另外把带图表的页面写入这个文件",
	"language of the report: en or zh (default: the terminal's)": "报告的语言：en 或 " +
		"zh（默认随终端）",
}
