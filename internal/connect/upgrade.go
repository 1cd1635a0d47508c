package connect

import (
	"net/http"
	"slices"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sioclient"
)

// withoutUpgrade are the messages of Engine.IO servers, in Node and in Python, for a request for a
// WebSocket that arrives without its Upgrade header.
var withoutUpgrade = []string{"Bad request", "Invalid transport", "Invalid websocket upgrade"}

// isUnknownSession reports whether a message of theirs is about a session that they do not have.
func isUnknownSession(message string) bool {
	return message == "Session ID unknown" || strings.HasPrefix(message, "Invalid session")
}

// serverRefuses are the other messages with which the server of Node refuses an upgrade, as text.
var serverRefuses = []string{
	"Bad request", "Transport unknown", "Bad handshake method", "Unsupported protocol version",
}

// upgradeHint says who has refused a WebSocket of Socket.IO while polling works, and what to do
// about it. The answer's body tells the server from a proxy before it.
func upgradeHint(refused *sioclient.HandshakeError) lang.Text {
	switch says := refused.Message; {
	case refused.EngineIO && slices.Contains(withoutUpgrade, says),
		refused.StatusCode == http.StatusOK, // as to a request that asks for no WebSocket
		refused.StatusCode == http.StatusUpgradeRequired:
		return stripsUpgrade
	case isUnknownSession(says):
		return otherServer
	case refused.EngineIO, slices.Contains(serverRefuses, says):
		return statusHint(refused.StatusCode, serverRefusal)
	}
	return statusHint(refused.StatusCode, proxyRefusal)
}

var stripsUpgrade = lang.Text{
	EN: "something before the server, such as a proxy, removes the Upgrade header; " + nginxEN,
	ZH: "服务器前面的某一层（例如代理）去掉了 Upgrade 头部；" + nginxZH}

var proxyRefusal = lang.Text{
	EN: "the answer is not one of Engine.IO: something before the server, such as a proxy, gave " +
		"it and does not forward WebSocket; " + nginxEN,
	ZH: "这不是 Engine.IO 的响应：它来自服务器前面的某一层（例如代理），这一层不转发 WebSocket；" +
		nginxZH}

const (
	nginxEN = "in nginx: proxy_http_version 1.1 and proxy_set_header for Upgrade and Connection"
	nginxZH = "在 nginx 中请设置 proxy_http_version 1.1，并用 " +
		"proxy_set_header 转发 Upgrade 和 Connection"
)

var otherServer = lang.Text{
	EN: "another server answered, or the session had ended: a load balancer must send all " +
		"requests of a session to the same server (sticky session)",
	ZH: "响应来自另一台服务器，或会话已经结束：" +
		"负载均衡器必须把同一会话的请求都发给同一台服务器（粘性会话）"}

var serverRefusal = lang.Text{
	EN: "the server itself refuses it: check its transports and its allowRequest",
	ZH: "是服务器自己拒绝的：请检查它的 transports 和 allowRequest"}
