package main

import (
	"fmt"
	"strings"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
)

// compareHelp explains lab compare.
func compareHelp(l lang.Lang) string {
	return fmt.Sprintf(compareText.In(l), workloadHelp(l))
}

// compareText has a place for the workloads.
var compareText = lang.Text{
	EN: `Carries one workload over each transport, the server in a process of its own,
and measures latency, bytes, requests, CPU and memory. The workloads:

%s
Some lanes are measured only when --transports names them, or is "all":

  long-polling-h2         over HTTP/2: TLS, and one connection for all requests
  sse-h2                  over HTTP/2
  websocket-deflate       permessage-deflate, which compresses each message
  webtransport            one stream, which keeps the order
  webtransport-streams    a stream for each message, which may overtake another
  webtransport-datagrams  a datagram for each message; the lost ones are counted
  socketio-webtransport   Socket.IO over one stream

The bytes of a lane are those above TLS: HTTP/1.1, WebSocket frames, or HTTP/2 frames,
whose HEADERS and CONTINUATION frames count as headers. For WebTransport, over UDP, they
are UDP payload, TLS included; during --cut the server has reset its connections, and all
packets are lost. --tls measures every lane over TLS; without -h2 in its name, a lane
stays at HTTP/1.1. Over --net, one sender beside the server sends in place of the first
client, so that the latency is one way; its upload counts in the bytes.

The memory of a client is a figure from 100 clients on: with fewer, the memory that the
server needs anyway hides it.

A message's text is made of English words, so that it compresses as people's words would.

--to measures a server of your own, by its URL. Measure only your own servers: the load
would harm others. The server must send each message that a client sends to all clients,
the sender included:

  --as socketio           the event "chat message" both ways; for the workload ack, an
                          acknowledgement of the event "question"
  --as socketio-polling   the same, over polling
  --as websocket          a text frame both ways, at the path /ws
  --as sse                POST /messages, and the event stream GET /events

The workloads rooms and binary are not for these. docs/any-server.md has the whole
contract, with servers for Node. A relay in this process counts the bytes, for https those above TLS.
CPU and memory are measured if --pid names the process that listens there:

  lab compare --to http://127.0.0.1:3000 --as socketio --pid 4242 --transports socketio-websocket

--proxy measures no load. It puts proxies before each transport and shows what survives them:

  lab compare --proxy all
  lab compare --proxy none,buffering,idle=10s+no-websocket --transports sse,websocket

Several workloads and networks are measured one after the other, each workload over
each network. --open shows a report again, from its page or its JSON. Given twice,
it compares two reports:

  lab compare --workload feed,ack --net none,3g --report before.html
  lab compare --open before.html
  lab compare --open before.html --open after.html`,
	ZH: `把同一种负载放到每种传输上，服务器在各自的进程里，测量延迟、字节、请求数、CPU 和内存。负载：

%s
有些跑道只在 --transports 写明名称或写 all 时才测量：

  long-polling-h2         走 HTTP/2：使用 TLS，所有请求共用一条连接
  sse-h2                  走 HTTP/2
  websocket-deflate       permessage-deflate，压缩每条消息
  webtransport            一个流，保持顺序
  webtransport-streams    每条消息一个流，后发的可能先到
  webtransport-datagrams  每条消息一个数据报；丢失的会计数
  socketio-webtransport   一个流上的 Socket.IO

跑道的字节是 TLS 之上的字节：HTTP/1.1、WebSocket 帧或 HTTP/2 帧，其中 HEADERS 和 CONTINUATION
帧算作头部。WebTransport 走 UDP，它的字节是 UDP 载荷，包含 TLS；--cut 期间，别的跑道由服务器重置
连接，WebTransport 则丢弃全部数据包。--tls 让每条跑道都走 TLS；名称里没有 -h2 的跑道仍用 HTTP/1.1。
有 --net 时，由服务器旁边的一个发送者代替第一个客户端发送，所以延迟是单程的；它上传的内容也算进字节。

客户端数达到 100 以后才给出每个客户端的内存：客户端较少时，服务器本身所需的内存会把它盖住。

消息的文本由英文单词组成，压缩率与人写的文字相近。

--to 按 URL 测量你自己的服务器。只测量你自己的服务器：负载会影响别人。服务器必须把客户端发来的每条
消息发给所有客户端，包括发送者：

  --as socketio           双向都是事件 "chat message"；负载 ack 用事件 "question" 的回执
  --as socketio-polling   同上，走轮询
  --as websocket          双向都是文本帧，路径 /ws
  --as sse                POST /messages，事件流 GET /events

负载 rooms 和 binary 不适用于它们。docs/any-server.md 写明全部约定，并附有 Node 服务器。
字节由本进程里的中继计数，https 则是 TLS 之上的字节。--pid 给出在那里监听的进程时，
也测量 CPU 和内存：

  lab compare --to http://127.0.0.1:3000 --as socketio --pid 4242 --transports socketio-websocket

--proxy 不测量负载。它在每种传输前面放上代理，显示哪些还能用：

  lab compare --proxy all
  lab compare --proxy none,buffering,idle=10s+no-websocket --transports sse,websocket

有多种负载和多个网络时依次测量，每种负载都在每个网络上测一遍。--open 再次显示一份报告，
可以是它的页面或 JSON；写两次则对比两份报告：

  lab compare --workload feed,ack --net none,3g --report before.html
  lab compare --open before.html
  lab compare --open before.html --open after.html`,
}

// workloadHelp has a line for each workload.
func workloadHelp(l lang.Lang) string {
	var b strings.Builder
	width := 0
	for _, name := range compare.Workloads() {
		width = max(width, len(name))
	}
	for _, w := range compare.AllWorkloads() {
		fmt.Fprintf(&b, "  %-*s %s\n", width, w.Name, w.Says.In(l))
	}
	return b.String()
}

// defaultHelp is the default of a load: that of most workloads, then the others by name.
func defaultHelp(of func(compare.Load) any) string {
	most := of(compare.Defaults(compare.Feed))
	help := fmt.Sprint(most)
	for _, w := range compare.AllWorkloads() {
		if v := of(w.Defaults); v != most {
			help += fmt.Sprintf(", for %s %v", w.Name, v)
		}
	}
	return help
}
