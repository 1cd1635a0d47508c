package xray

import "strings"

type known struct {
	meaning Text
	spec    string
}

// headerMeaning explains a header field and cites its specification.
func headerMeaning(name string) (Text, string) {
	if k, ok := headers[strings.ToLower(name)]; ok {
		return k.meaning, k.spec
	}
	if strings.HasPrefix(strings.ToLower(name), "sec-ch-ua") {
		return say("which browser this is, in parts", "浏览器的信息，分项给出"), "Client Hints"
	}
	return say("a header field", "一个头部字段"), "RFC 9110 §5"
}

var headers = map[string]known{
	"accept": {say("the types that the client can read",
		"客户端能读的内容类型"), "RFC 9110 §12.5.1"},
	"accept-encoding": {say("the compressions that the client can decode",
		"客户端能解开的压缩方式"), "RFC 9110 §12.5.3"},
	"accept-language": {say("the languages that the user reads, best first",
		"用户能读的语言，最想要的在前"), "RFC 9110 §12.5.4"},
	"accept-ranges": {say("whether parts can be requested",
		"是否可以只请求一部分"), "RFC 9110 §14.3"},
	"access-control-allow-credentials": {say("pages of other origins may send cookies",
		"其他源的页面可以带上 cookie"), "Fetch, CORS protocol"},
	"access-control-allow-headers": {say("header fields that other origins may send",
		"其他源可以发送的头部字段"), "Fetch, CORS protocol"},
	"access-control-allow-methods": {say("methods that other origins may use",
		"其他源可以使用的方法"), "Fetch, CORS protocol"},
	"access-control-allow-origin": {say("the origin whose pages may read this answer",
		"哪个源的页面可以读取这个响应"), "Fetch, CORS protocol"},
	"authorization": {say("the client's credentials", "客户端证明自己的身份"),
		"RFC 9110 §11.6.2"},
	"cache-control": {say("who may keep a copy, and for how long",
		"谁可以缓存、缓存多久"), "RFC 9111 §5.2"},
	"connection": {
		say("options for this connection only: keep-alive, close, or "+
			"an upgrade to another protocol",
			"只对这条连接有效的选项：保持、关闭，或升级到另一个协议"), "RFC 9110 §7.6.1"},
	"content-disposition": {say("the name to save it under", "保存时的文件名"),
		"RFC 6266"},
	"content-encoding": {say("how the body is compressed", "正文的压缩方式"),
		"RFC 9110 §8.4"},
	"content-length": {say("how many bytes of body follow the empty line",
		"空行之后的正文有多少字节"), "RFC 9110 §8.6"},
	"content-security-policy": {say("what the page may load and connect to",
		"页面可以加载什么、连接到哪里"), "CSP Level 3"},
	"content-type": {say("what the body is", "正文是什么类型"),
		"RFC 9110 §8.3"},
	"cookie": {say("what the server asked the browser to remember",
		"服务器让浏览器记住的内容"), "RFC 6265 §5.4"},
	"cross-origin-resource-policy": {say("pages of other origins may not load it",
		"其他源的页面不能加载它"), "Fetch §3.7"},
	"date": {say("when the server answered", "服务器作出响应的时间"),
		"RFC 9110 §6.6.1"},
	"etag": {say("names this version of the content",
		"内容这一版本的标识"), "RFC 9110 §8.8.3"},
	"expect": {say("the client waits for 100 before it sends the body",
		"客户端等到 100 响应之后才发送正文"), "RFC 9110 §10.1.1"},
	"host": {say("the host of the request; required in HTTP/1.1",
		"要访问的主机；HTTP/1.1 必须有这个字段"), "RFC 9110 §7.2"},
	"if-modified-since": {say("only send it if it is newer", "只有更新过才发送"),
		"RFC 9110 §13.1.3"},
	"if-none-match": {
		say("the client has this version: answer 304 if it is current",
			"客户端已有这个版本：如果还是最新，就回答 304"), "RFC 9110 §13.1.2"},
	"keep-alive": {say("how long the connection stays open",
		"连接保持打开的时间"), "RFC 9112 appendix C.2.2"},
	"last-event-id": {
		say("the id of the last event the page received: the stream continues after it",
			"页面收到的最后一个事件的 id：流从它之后继续"), "HTML, server-sent events"},
	"last-modified": {say("when the content changed last", "内容最后修改的时间"),
		"RFC 9110 §8.8.2"},
	"location": {say("where to go instead", "应当转到哪里"),
		"RFC 9110 §10.2.2"},
	"origin": {
		say("the origin of the requesting page; the server may refuse foreign origins",
			"发出请求的页面属于哪个源；服务器可据此拒绝陌生来源"), "RFC 6454 §7"},
	"pragma": {say("an old form of Cache-Control: no-cache",
		"旧的写法：不要缓存"), "RFC 9111 §5.4"},
	"referer": {say("the page that the request comes from",
		"请求来自哪个页面"), "RFC 9110 §10.1.3"},
	"retry-after": {say("how long to wait before the next try",
		"多久之后再试"), "RFC 9110 §10.2.3"},
	"sec-fetch-dest": {say("how the browser will use it", "浏览器要用它做什么"),
		"Fetch Metadata"},
	"sec-fetch-mode": {say("the mode of the request", "浏览器以什么方式请求"),
		"Fetch Metadata"},
	"sec-fetch-site": {say("whether the requesting page is on the same site",
		"请求的页面是否来自同一站点"), "Fetch Metadata"},
	"sec-fetch-user": {say("a user's click started it", "由用户的操作发起"),
		"Fetch Metadata"},
	"sec-websocket-accept": {
		say("proof that the server understood: made from Sec-WebSocket-Key, see the steps",
			"证明服务器懂得 WebSocket：由 Sec-WebSocket-Key 算出，见步骤"), "RFC 6455 §4.2.2"},
	"sec-websocket-extensions": {
		say("extensions: offered in the request, agreed on in the response",
			"扩展：请求中提出，响应中约定"), "RFC 6455 §9.1"},
	"sec-websocket-key": {
		say("16 random bytes in base64, for the server to answer with Sec-WebSocket-Accept",
			"16 个随机字节的 base64，服务器要据此算出 Sec-WebSocket-Accept"), "RFC 6455 §4.1"},
	"sec-websocket-protocol": {say("the protocol spoken inside the WebSocket",
		"WebSocket 之内使用的子协议"), "RFC 6455 §1.9"},
	"sec-websocket-version": {say("13 is the version of RFC 6455, the only one in use",
		"13 即 RFC 6455 的版本，也是唯一在用的版本"), "RFC 6455 §4.1"},
	"server": {say("the program that answers", "作出响应的程序"),
		"RFC 9110 §10.2.4"},
	"set-cookie": {say("what the browser should remember and send next time",
		"浏览器应当记住、下次带上的内容"), "RFC 6265 §4.1"},
	"strict-transport-security": {say("use https from now on", "以后都用 https"),
		"RFC 6797"},
	"te": {say("transfer codings that the client can read",
		"客户端能读的传输编码"), "RFC 9110 §10.1.4"},
	"trailer": {say("the fields after the last chunk",
		"最后一个分块之后会有哪些字段"), "RFC 9110 §6.6.2"},
	"transfer-encoding": {
		say("chunked: the body comes in pieces, each with its length, so its total "+
			"length need not be known in advance",
			"chunked：正文分块发送，每块自带长度，因此不必事先知道何时结束"), "RFC 9112 §6.1"},
	"upgrade": {say("the protocol to switch to on this connection",
		"在这同一条连接上接下来要用的协议"), "RFC 9110 §7.8"},
	"upgrade-insecure-requests": {say("the browser prefers https", "浏览器更愿意用 https"),
		"Upgrade Insecure Requests"},
	"user-agent": {say("the program that sends the request",
		"发出请求的程序"), "RFC 9110 §10.1.5"},
	"vary": {say("the request fields that the answer depends on",
		"响应取决于哪些请求字段"), "RFC 9110 §12.5.5"},
	"x-content-type-options": {say("nosniff: do not guess the type",
		"nosniff：不要猜测内容类型"), "Fetch §3.6"},
}

var methodMeanings = map[string]Text{
	"GET":  say("asks for content", "获取内容"),
	"HEAD": say("asks for the head alone", "只要头部"),
	"POST": say("sends content for the server to act on", "把内容交给服务器处理"),
	"OPTIONS": say("asks what is allowed; a browser does so before some requests to another origin",
		"询问允许什么；浏览器在某些跨源请求之前会这样做"),
}

// statusMeanings explains status codes, and classes of them by their first digit.
var statusMeanings = map[int]Text{
	1: say("an interim answer, another one follows", "临时响应，之后还有一个"),
	2: say("success", "成功"),
	3: say("look elsewhere", "请到别处去"),
	4: say("the client did something wrong", "客户端有错"),
	5: say("the server failed", "服务器出错"),
	101: say("switching protocols: from here on, this same TCP connection no longer carries HTTP",
		"切换协议：同一条 TCP 连接上，之后的内容不再是 HTTP"),
	200: say("here it is", "成功"),
	201: say("created", "已创建"),
	204: say("done, no body", "成功，没有正文"),
	304: say("the client's copy is current: no body", "客户端的副本仍是最新：没有正文"),
}

func statusMeaning(code int) Text {
	return lookUp(statusMeanings, code, lookUp(statusMeanings, code/100, say("the result", "结果")))
}
