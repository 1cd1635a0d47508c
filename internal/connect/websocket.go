package connect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
)

// maxMessage bounds a message from the server, in bytes.
const maxMessage = 64 << 20

// controlTime bounds the writing of a control frame.
const controlTime = 2 * time.Second

// webSocket is a client of WebSocket (RFC 6455). It does not reconnect by itself: neither does a
// browser.
type webSocket struct {
	url    *url.URL
	config Config
	log    *Log
	wire   *wire

	reading sync.WaitGroup

	mu         sync.Mutex // guards what follows
	conn       *websocket.Conn
	extensions string // that the server accepted
	closing    bool   // close was called by the user
	pinged     time.Time
}

func newWebSocket(u *url.URL, c Config, w *wire, log *Log) *webSocket {
	return &webSocket{url: withScheme(u, "ws"), config: c, wire: w, log: log}
}

func (w *webSocket) protocol() command.Protocol { return command.WebSocket }

func (w *webSocket) place() string { return "" }

func (w *webSocket) namespaces() []string { return nil }

func (w *webSocket) connect(ctx context.Context) error {
	w.mu.Lock()
	open := w.conn != nil
	w.mu.Unlock()
	if open {
		return nil
	}
	limit, cancel := context.WithTimeoutCause(ctx, w.config.Timeout, errSlow)
	defer cancel()
	conn, res, err := dialWebSocket(limit, w.url.String(), w.config, w.wire)
	switch {
	case ctx.Err() != nil && err != nil:
		return ctx.Err()
	case err != nil:
		return &Failure{Code: Unreachable, Err: err}
	}
	conn.SetReadLimit(maxMessage)
	conn.SetPingHandler(func(data string) error {
		w.log.add(Event{Kind: Received, Name: "ping", Args: values(text(data))})
		return conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(controlTime))
	})
	conn.SetPongHandler(func(data string) error {
		w.mu.Lock()
		took := time.Since(w.pinged)
		w.mu.Unlock()
		w.log.add(Event{Kind: Received, Name: "pong", Args: values(text(data)), Took: took})
		return nil
	})
	extensions := res.Header.Get("Sec-WebSocket-Extensions")
	w.mu.Lock()
	w.conn, w.extensions, w.closing = conn, extensions, false
	w.mu.Unlock()
	e := Event{Kind: State, Name: "open", Text: lang.Text{EN: "connected to " + w.url.Redacted(),
		ZH: "已连接到 " + w.url.Redacted()}}
	if protocol := conn.Subprotocol(); protocol != "" {
		e.Args = values(text(protocol))
		e.Text.EN, e.Text.ZH = e.Text.EN+", subprotocol "+protocol, e.Text.ZH+"，子协议 "+protocol
	}
	switch {
	case extensions != "":
		e.Args = values(text(conn.Subprotocol()), text(extensions))
		e.Text.EN, e.Text.ZH = e.Text.EN+", extensions "+extensions, e.Text.ZH+"，扩展 "+extensions
	case w.config.Deflate:
		e.Text.EN += ", without compression: the server did not accept permessage-deflate"
		e.Text.ZH += "，没有压缩：服务器没有接受 permessage-deflate"
	}
	w.log.add(e)
	w.reading.Go(func() { w.read(conn) })
	return nil
}

// read takes messages until the connection ends.
func (w *webSocket) read(conn *websocket.Conn) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			w.ended(conn, err)
			return
		}
		value := text(string(data))
		if kind == websocket.BinaryMessage {
			value = binary(data)
		}
		w.log.add(Event{Kind: Received, Name: "message", Args: values(value)})
	}
}

// codeMeanings are the codes that a reader meets most often (RFC 6455 §7.4.1).
var codeMeanings = map[int]lang.Text{
	websocket.CloseNormalClosure:   {EN: "normal closure", ZH: "正常关闭"},
	websocket.CloseGoingAway:       {EN: "going away", ZH: "对方离开"},
	websocket.CloseProtocolError:   {EN: "protocol error", ZH: "协议错误"},
	websocket.CloseUnsupportedData: {EN: "unsupported data", ZH: "不支持的数据"},
	websocket.CloseNoStatusReceived: {EN: "a close frame without a code",
		ZH: "关闭帧没有关闭码"},
	websocket.CloseAbnormalClosure: {EN: "no close frame: the connection was lost",
		ZH: "没有关闭帧：连接丢失"},
	websocket.CloseInvalidFramePayloadData: {EN: "text that is not UTF-8", ZH: "文本不是 UTF-8"},
	websocket.ClosePolicyViolation:         {EN: "policy violation", ZH: "违反策略"},
	websocket.CloseMessageTooBig:           {EN: "message too big", ZH: "消息太大"},
	websocket.CloseInternalServerErr:       {EN: "internal server error", ZH: "服务器内部错误"},
	websocket.CloseServiceRestart:          {EN: "service restart", ZH: "服务重启"},
	websocket.CloseTryAgainLater:           {EN: "try again later", ZH: "稍后再试"},
}

// ended reports the end of a connection.
func (w *webSocket) ended(conn *websocket.Conn, err error) {
	conn.Close()
	w.mu.Lock()
	if w.conn == conn {
		w.conn = nil
	}
	w.mu.Unlock()
	code, reason := websocket.CloseAbnormalClosure, ""
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		code, reason = closed.Code, closed.Text
	}
	e := Event{Kind: State, Name: "close", Args: values(number(code), text(reason)), final: true}
	meaning := codeMeanings[code]
	e.Text = lang.Text{EN: fmt.Sprintf("closed: %d %s", code, meaning.EN),
		ZH: fmt.Sprintf("已关闭：%d %s", code, meaning.ZH)}
	if reason != "" {
		e.Text.EN, e.Text.ZH = e.Text.EN+": "+reason, e.Text.ZH+"："+reason
	}
	if closed == nil {
		e.Text.EN, e.Text.ZH = e.Text.EN+" ("+err.Error()+")", e.Text.ZH+"（"+err.Error()+"）"
	}
	w.log.add(e)
}

// do runs a command of WebSocket.
func (w *webSocket) do(ctx context.Context, c command.Command) error {
	switch c.Verb {
	case "send":
		return w.write(websocket.TextMessage, []byte(c.Text),
			Event{Name: "message", Args: values(text(c.Text))})
	case "hex", "file":
		return w.write(websocket.BinaryMessage, c.Bytes,
			Event{Name: "message", Args: values(binary(c.Bytes))})
	case "ping":
		return w.ping(ctx, c)
	case "close":
		return w.closeWith(c.Number, c.Text)
	}
	return failf(Wrong, "%s is not a command of WebSocket",
		"%s 不是 WebSocket 的命令", c.Verb)
}

// open returns the connection, or a failure without one.
func (w *webSocket) open() (*websocket.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		return nil, failf(Disconnected, "not connected; `connect` connects again",
			"没有连接；输入 `connect` 重新连接")
	}
	return w.conn, nil
}

func (w *webSocket) write(kind int, data []byte, e Event) error {
	conn, err := w.open()
	if err != nil {
		return err
	}
	conn.SetWriteDeadline(time.Now().Add(w.config.Timeout))
	if err := conn.WriteMessage(kind, data); err != nil { // one command at a time writes messages
		return failf(Disconnected, "cannot send: %w",
			"无法发送：%w", err)
	}
	e.Kind = Sent
	w.log.add(e)
	return nil
}

// ping sends a ping and waits for its pong.
func (w *webSocket) ping(ctx context.Context, c command.Command) error {
	conn, err := w.open()
	if err != nil {
		return err
	}
	if len(c.Text) > maxControl {
		return failf(Wrong, "the text has %s; a ping holds at most %d",
			"文本有 %d 字节；ping 最多装 %d 字节",
			lang.Counted(len(c.Text), "byte"), maxControl)
	}
	w.mu.Lock()
	w.pinged = time.Now()
	w.mu.Unlock()
	from := w.log.end()
	w.log.add(Event{Kind: Sent, Name: "ping", Args: values(text(c.Text))})
	if err := conn.WriteControl(websocket.PingMessage, []byte(c.Text),
		time.Now().Add(controlTime)); err != nil {
		return failf(Disconnected, "cannot send: %w",
			"无法发送：%w", err)
	}
	_, err = w.log.find(ctx, from, w.config.Timeout, func(e Event) (bool, error) {
		if e.final {
			return false, failf(Disconnected, "no pong came: %s",
				"没有收到 pong：%s", e.Text)
		}
		return e.Kind == Received && e.Name == "pong", nil
	})
	if errors.Is(err, errNotInTime) {
		return failf(TimedOut, "no pong came within %v",
			"%v 内没有收到 pong", w.config.Timeout)
	}
	return err
}

// maxControl is the size of the largest control frame (RFC 6455 §5.5).
const maxControl = 125

// closeWith sends a close frame. The server answers with its own, and ends the connection.
func (w *webSocket) closeWith(code int, reason string) error {
	conn, err := w.open()
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.log.add(Event{Kind: Sent, Name: "close", Args: values(number(code), text(reason))})
	frame := websocket.FormatCloseMessage(code, reason)
	if err := conn.WriteControl(websocket.CloseMessage, frame,
		time.Now().Add(controlTime)); err != nil {
		return failf(Disconnected, "cannot send: %w",
			"无法发送：%w", err)
	}
	conn.SetReadDeadline(time.Now().Add(w.config.Timeout)) // of a server that does not answer
	return nil
}

func (w *webSocket) connectedNow() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn != nil
}

func (w *webSocket) status() lang.Text {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		return lang.Text{EN: "not connected", ZH: "未连接"}
	}
	at := w.url.Redacted()
	if w.extensions != "" {
		return lang.Text{EN: "websocket, " + at + ", extensions " + w.extensions,
			ZH: "websocket，" + at + "，扩展 " + w.extensions}
	}
	return lang.Text{EN: "websocket, " + at, ZH: "websocket，" + at}
}

func (w *webSocket) flush(context.Context) {}

func (w *webSocket) disconnect() { w.close() }

// close ends the connection with a close frame, and waits for the reader.
func (w *webSocket) close() {
	w.mu.Lock()
	conn, closing := w.conn, w.closing
	w.mu.Unlock()
	if conn != nil {
		if !closing {
			frame := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			conn.WriteControl(websocket.CloseMessage, frame, time.Now().Add(controlTime))
		}
		conn.SetReadDeadline(time.Now().Add(closeTime))
	}
	w.reading.Wait()
}

// closeTime bounds the wait for the server's close frame.
const closeTime = time.Second
