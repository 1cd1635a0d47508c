package load

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"realtimelab/internal/lang"
	"realtimelab/lessons/websocket/frame"
)

// A Cause says why a client could not connect, or lost its connection. Its value is the English
// text, which the JSON of a report has in every language.
type Cause string

// The causes.
const (
	CauseRefused   Cause = "connection refused"
	CauseReset     Cause = "connection reset"
	CauseTimeout   Cause = "timeout"
	CauseClosed    Cause = "closed without a reason"
	CauseClose     Cause = "closed by the server"
	CauseNoPorts   Cause = "no local ports left"
	CauseNoFiles   Cause = "no open files left"
	CauseTLS       Cause = "TLS failed"
	CauseStatus    Cause = "unexpected HTTP status"
	CauseProtocol  Cause = "protocol violated"
	CauseRejected  Cause = "namespace refused"
	CauseHeartbeat Cause = "no heartbeat from the server"
	CauseQueue     Cause = "server does not read"
	CauseNoOffer   Cause = "not offered by the server"
	CauseOther     Cause = "other"
)

var causesInChinese = map[Cause]string{
	CauseRefused: "连接被拒绝", CauseReset: "连接被重置", CauseTimeout: "超时",
	CauseClosed: "连接关闭，没有说明原因", CauseClose: "服务器关闭了连接",
	CauseNoPorts: "本地端口用尽", CauseNoFiles: "文件描述符用尽", CauseTLS: "TLS 失败",
	CauseStatus: "意外的 HTTP 状态码", CauseProtocol: "违反协议", CauseRejected: "命名空间被拒绝",
	CauseHeartbeat: "收不到服务器的心跳", CauseQueue: "服务器不读取数据",
	CauseNoOffer: "服务器不提供", CauseOther: "其他原因",
}

// In returns the cause in a language.
func (c Cause) In(l lang.Lang) string {
	if zh, known := causesInChinese[c]; known && l == lang.Chinese {
		return zh
	}
	return string(c)
}

// hints says what to do about some causes.
var hints = map[Cause]lang.Text{
	CauseRefused: {
		EN: "the server is not there, or its queue of new connections is full",
		ZH: "服务器不在，或新连接的队列已满"},
	CauseNoPorts: {
		EN: "all ports for connections to this address are taken or wait for their end: wait a " +
			"minute, or widen net.ipv4.ip_local_port_range",
		ZH: "到这个地址的端口都被占用或在等待释放：请等一分钟，或扩大 " +
			"net.ipv4.ip_local_port_range"},
	CauseNoFiles: {
		EN: "raise the limit with ulimit -n; a server that is out of files stops accepting",
		ZH: "请用 ulimit -n 提高上限；文件描述符用尽的服务器不再接受连接"},
	CauseReset: {
		EN: "a server that is out of open files, or that crashes, resets its connections",
		ZH: "文件描述符用尽或崩溃的服务器会重置连接"},
}

// hintUpgrade says why an upgrade may be answered with another status.
var hintUpgrade = lang.Text{
	EN: "something before the server, such as a proxy, refuses the upgrade or removes its header",
	ZH: "服务器前面的某一层（例如代理）拒绝了升级，或去掉了 Upgrade 头部"}

// A failure is an error with its cause.
type failure struct {
	cause Cause
	err   error
}

func (f *failure) Error() string { return f.In(lang.English) }

// In returns the cause and the error in a language.
func (f *failure) In(l lang.Lang) string {
	return f.cause.In(l) + l.Say(": ", "：") + lang.Message(f.err, l)
}

func (f *failure) Unwrap() error { return f.err }

// failf returns a failure, see lang.Errorf.
func failf(cause Cause, en, zh string, args ...any) error {
	return &failure{cause, lang.Errorf(en, zh, args...)}
}

// causeOf returns the cause of an error of a connection.
func causeOf(err error) Cause {
	var known *failure
	var timeout net.Error
	var violation *frame.Error
	switch {
	case errors.As(err, &known):
		return known.cause
	case errors.Is(err, syscall.ECONNREFUSED):
		return CauseRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return CauseReset
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EADDRINUSE):
		return CauseNoPorts
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return CauseNoFiles
	case errors.As(err, &violation):
		return CauseProtocol
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return CauseClosed
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return CauseTimeout
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return CauseTLS
	}
	return CauseOther
}
