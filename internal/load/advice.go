package load

import (
	"fmt"
	"strings"

	"realtimelab/internal/lang"
)

// advice says what to do about an error of the first connection. It begins with a semicolon, or is
// empty.
func (c Config) advice(err error) lang.Text {
	text := err.Error()
	switch {
	case strings.Contains(text, "Unsupported protocol version"):
		return lang.Text{EN: "; it speaks another revision of the protocol: try --eio 3",
			ZH: "；它使用协议的另一个版本：请试试 --eio 3"}
	case c.As == SocketIO && refusesTransport(text):
		return lang.Text{EN: "; it does not offer this transport: try --as socketio-polling, or " +
			"--as socketio",
			ZH: "；它不提供这种传输：请试试 --as socketio-polling 或 --as socketio"}
	case c.As == SocketIO && causeOf(err) == CauseStatus:
		return lang.Text{EN: fmt.Sprintf("; Socket.IO was asked for at %s: see --path", c.Path),
			ZH: fmt.Sprintf("；在 %s 请求 Socket.IO：见 --path", c.Path)}
	case c.As == SocketIO && causeOf(err) == CauseProtocol:
		return lang.Text{EN: "; for a WebSocket server without Socket.IO, take --as websocket",
			ZH: "；没有 Socket.IO 的 WebSocket 服务器请用 --as websocket"}
	case c.As == WebSocket && strings.Contains(text, "404"):
		return lang.Text{EN: "; the URL needs the path of the WebSocket, such as /ws",
			ZH: "；URL 要带 WebSocket 的路径，例如 /ws"}
	case c.As == SSE && causeOf(err) == CauseStatus, c.As == SSE && causeOf(err) == CauseProtocol:
		return lang.Text{EN: "; the URL needs the path of the event stream, such as /events",
			ZH: "；URL 要带事件流的路径，例如 /events"}
	case causeOf(err) == CauseRejected && strings.Contains(text, "Invalid namespace"):
		return lang.Text{
			EN: "; the path of the URL or --namespace names it, and /socket.io/ belongs " +
				"into --path",
			ZH: "；命名空间由 URL 的路径或 --namespace 给出，/socket.io/ 应写在 --path 里"}
	case causeOf(err) == CauseRejected:
		return lang.Text{EN: "; see --namespace and --auth",
			ZH: "；见 --namespace 和 --auth"}
	case causeOf(err) == CauseTLS && !c.Insecure:
		return lang.Text{EN: "; to accept any certificate, add --insecure",
			ZH: "；要接受任何证书，请加 --insecure"}
	}
	return lang.Text{}
}

// refusesTransport reports whether a text is the answer of Engine.IO to a transport that it does
// not offer: as JSON to a request, and without it to an upgrade.
func refusesTransport(text string) bool {
	return strings.Contains(text, `"code":0`) || strings.Contains(text, "Transport unknown")
}

// pollingAdvice says what to do if Socket.IO works over polling, and not over WebSocket.
func pollingAdvice(err error) lang.Text {
	cause := hintUpgrade
	if refusesTransport(err.Error()) {
		cause = lang.Text{EN: "the server does not offer WebSocket", ZH: "服务器不提供 WebSocket"}
	}
	return lang.Text{
		EN: "; " + cause.EN + ". For clients that poll, take --as socketio-polling; " +
			"for clients that stay on polling after a failed upgrade, as browsers do, --upgrade",
		ZH: "；" + cause.ZH + "。只轮询的客户端用 --as socketio-polling；" +
			"像浏览器那样升级失败后继续轮询的客户端用 --upgrade",
	}
}
