package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/sioclient"
)

// errSlow ends an attempt that takes longer than Config.Timeout.
var errSlow = lang.Errorf("no answer in time", "没有及时应答")

// explain adds to the failure of a connection what a few requests can find out.
func (s *Session) explain(ctx context.Context, err error) error {
	var f *Failure
	if !errors.As(err, &f) || f.Code != Unreachable {
		return err
	}
	closed := hungUp(f.Err)
	if explained := s.unreachable(f); explained.Hint != (lang.Text{}) && !closed {
		return explained
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.config.Timeout, errSlow)
	defer cancel()
	switch protocol := s.Protocol(); {
	case protocol == command.SocketIO:
		return s.explainSocketIO(ctx, f)
	case closed:
		if a, err := s.askEngine(ctx); err == nil && a.isEngine() {
			f.Hint = useSocketIO
		}
		return f
	case protocol == command.WebSocket:
		return s.explainWebSocket(ctx, f)
	}
	return s.explainSSE(ctx, f)
}

// hungUp reports whether the server closed the connection in place of an answer.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET)
}

// unreachable explains an error below HTTP. The hint stays empty if it is another one.
func (s *Session) unreachable(f *Failure) *Failure {
	host := s.url.Host
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch text := f.Err.Error(); {
	case errors.Is(f.Err, syscall.ECONNREFUSED):
		f.Err = lang.Errorf("cannot connect to %s: connection refused",
			"无法连接 %s：连接被拒绝", host)
		f.Hint = lang.Text{EN: "no program listens there: start the server, or check the port",
			ZH: "那里没有程序在监听：请启动服务器，或检查端口"}
	case errors.As(f.Err, &dns):
		f.Err = lang.Errorf("cannot connect to %s: %s", "无法连接 %s：%s", host, dns.Err)
		f.Hint = lang.Text{EN: "the name is not known: check how it is written",
			ZH: "无法解析这个名字：请检查拼写"}
	case errors.As(f.Err, &certificate):
		f.Err = lang.Errorf("the certificate of %s is not trusted: %w",
			"%s 的证书不受信任：%w", host, certificate.Err)
		f.Hint = lang.Text{
			EN: "--ca FILE trusts the authority that issued it; --insecure trusts any certificate",
			ZH: "--ca FILE 信任签发它的机构；--insecure 信任任何证书"}
	case errors.As(f.Err, &record),
		strings.Contains(text, "server gave HTTP response to HTTPS client"):
		f.Err = lang.Errorf("%s does not speak TLS",
			"%s 不使用 TLS", host)
		f.Hint = lang.Text{EN: "use http:// or ws://", ZH: "请使用 http:// 或 ws://"}
	case strings.Contains(text, `malformed HTTP response "\x15\x03`):
		f.Err = lang.Errorf("%s speaks TLS",
			"%s 使用 TLS", host)
		f.Hint = useTLS
	case hungUp(f.Err):
		f.Err = lang.Errorf("%s closed the connection without an answer",
			"%s 没有应答就关闭了连接", host)
		f.Hint = lang.Text{
			EN: "a server does so at a path or for a protocol that it does not know: check the " +
				"path of the URL and, for Socket.IO, --path",
			ZH: "路径或协议不对时，服务器会这样做：请检查 URL 的路径；" +
				"若是 Socket.IO，还要检查 --path"}
	case isSlow(f.Err):
		f.Err = lang.Errorf("%s did not answer within %v",
			"%s 在 %v 内没有应答", host, s.config.Timeout)
		f.Hint = lang.Text{
			EN: "a firewall may drop the packets, or the server is busy; --timeout waits longer",
			ZH: "防火墙可能丢弃了数据包，或服务器正忙；--timeout 可以等待更久"}
	}
	return f
}

// isSlow reports whether an attempt was given up for its length. A transport that was aborted for
// it says context.Canceled, or that its connection is closed.
func isSlow(err error) bool {
	var timeout net.Error
	return errors.Is(err, errSlow) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// wantsTLS reports whether an answer says that the port is one of https.
func wantsTLS(body string) bool {
	said := strings.ToLower(body)
	return strings.Contains(said, "http request to an https server") ||
		strings.Contains(said, "plain http request was sent to https")
}

var useSocketIO = lang.Text{EN: "the server speaks Socket.IO: --as socketio",
	ZH: "服务器使用 Socket.IO：请加 --as socketio"}

var useTLS = lang.Text{EN: "use https:// or wss://", ZH: "请使用 https:// 或 wss://"}

// explainSocketIO asks for a session over polling, which says most.
func (s *Session) explainSocketIO(ctx context.Context, f *Failure) error {
	if errors.Is(f.Err, sioclient.ErrServerV2) {
		f.Hint = useEIO3
		return f
	}
	a, err := s.askEngine(ctx)
	if err != nil {
		return f
	}
	code, message := a.refusal()
	var refused *sioclient.HandshakeError
	overWebSocket := errors.As(f.Err, &refused) && len(s.config.Transports) > 0 &&
		s.config.Transports[0] == sioclient.WebSocket
	const unknownTransport, unsupportedRevision = 0, 5
	switch {
	case a.opensV3() && s.config.EIO == 4:
		f.Err = lang.Errorf("the server speaks Engine.IO 3, as Socket.IO 1 and 2 do",
			"服务器使用 Engine.IO 3，即 Socket.IO 1 和 2 的协议")
		f.Hint = useEIO3
	case message != "" && code == unsupportedRevision:
		f.Err = lang.Errorf("the server refuses this revision of Engine.IO: %s",
			"服务器不接受这个版本的 Engine.IO：%s", message)
		f.Hint = otherRevision
	case overWebSocket && a.opens():
		f.Err = lang.Errorf("polling works, and WebSocket does not: %w",
			"轮询可用，WebSocket 不可用：%w", f.Err)
		f.Hint = upgradeHint(refused)
	case message != "" && code == unknownTransport &&
		strings.Contains(strings.ToLower(message), "transport"):
		f.Err = lang.Errorf("the server refuses the transport: %s",
			"服务器不接受这种传输方式：%s", message)
		f.Hint = lang.Text{EN: "name the transport that it takes: --transports websocket",
			ZH: "请指定服务器接受的传输方式：--transports websocket"}
	case message != "":
		f.Err = lang.Errorf("the server refuses the session: %d %s",
			"服务器拒绝了会话：%d %s", a.status, message)
		f.Hint = statusHint(a.status, lang.Text{})
	case a.opens():
	case wantsTLS(string(a.body)):
		f.Hint = useTLS
	default:
		f.Err = lang.Errorf("no Socket.IO at %s%s: it answered %s",
			"%s%s 没有 Socket.IO：响应是%s", s.url.Host, s.config.Path,
			a.summary())
		f.Hint = statusHint(a.status, lang.Text{
			EN: "check --path, which is /socket.io/ by default; --as websocket or " +
				"--as sse if the server speaks that",
			ZH: "请检查 --path（默认是 /socket.io/）；若服务器使用其他协议，" +
				"请加 --as websocket 或 --as sse"})
		if a.location != "" {
			f.Err = lang.Errorf("%w, after a redirect to %s",
				"%w，重定向到了 %s", f.Err, a.location)
		}
	}
	return f
}

var useEIO3 = lang.Text{
	EN: "--eio 3 speaks this revision",
	ZH: "--eio 3 使用这个版本的协议"}

var otherRevision = lang.Text{
	EN: "leave out --eio 3, or set allowEIO3 on the server: without it, a server of Socket.IO 3 " +
		"or later takes no older clients",
	ZH: "请去掉 --eio 3，或在服务器上设置 allowEIO3：否则 Socket.IO 3 以上的服务器不接受旧客户端"}

// statusHint is the hint for an answer with a status that says more than the rest.
func statusHint(status int, otherwise lang.Text) lang.Text {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return lang.Text{
			EN: `the server wants to know who you are, or refuses the origin: --header "Authorization: …", --header "Cookie: …" or --header "Origin: …"`,
			ZH: `服务器需要知道你是谁，或拒绝了来源：--header "Authorization: …"、--header "Cookie: …" 或 --header "Origin: …"`}
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return lang.Text{
			EN: "a proxy answers, and the server behind it does not",
			ZH: "应答的是代理，它后面的服务器没有响应"}
	case http.StatusTooManyRequests:
		return lang.Text{EN: "the server limits the rate: try again later",
			ZH: "服务器限制了速率：请稍后再试"}
	}
	return otherwise
}

// explainWebSocket reads the answer to the handshake.
func (s *Session) explainWebSocket(ctx context.Context, f *Failure) error {
	if errors.Is(f.Err, errTakeover) {
		f.Hint = lang.Text{EN: "leave out --deflate", ZH: "请去掉 --deflate"}
		return f
	}
	var refused *handshakeFailed
	if !errors.As(f.Err, &refused) {
		return f
	}
	said := strings.ToLower(refused.body)
	// and has not seen a complete handshake
	knowsWebSocket := refused.header.Get("Sec-WebSocket-Version") != ""
	switch {
	case wantsTLS(refused.body):
		f.Hint = useTLS
		return f
	case refused.status == http.StatusUpgradeRequired,
		refused.status == http.StatusBadRequest &&
			(strings.Contains(said, "upgrade") || knowsWebSocket):
		f.Hint = stripsUpgrade
		return f
	}
	if a, err := s.askEngine(ctx); err == nil && a.isEngine() {
		f.Hint = useSocketIO
		return f
	}
	f.Hint = statusHint(refused.status, lang.Text{
		EN: "no WebSocket at this path: check the path, and that each proxy before the server " +
			"forwards the Upgrade header",
		ZH: "这个路径没有 WebSocket：请检查路径，以及服务器前的代理是否转发 Upgrade 头部"})
	return f
}

// explainSSE reads the answer to the request.
func (s *Session) explainSSE(ctx context.Context, f *Failure) error {
	var other *notStream
	if !errors.As(f.Err, &other) {
		return f
	}
	if wantsTLS(other.body) {
		f.Hint = useTLS
		return f
	}
	if a, err := s.askEngine(ctx); err == nil && a.isEngine() {
		f.Hint = useSocketIO
		return f
	}
	f.Hint = statusHint(other.status, lang.Text{
		EN: "no event stream at this path: check the path, such as /events",
		ZH: "这个路径没有事件流：请检查路径，例如 /events"})
	return f
}
