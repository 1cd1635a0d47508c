package lang

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// An Error is an error whose message is in both languages.
type Error struct {
	format Text
	args   []any
}

// Errorf returns an error from a format in each language, as of fmt.Errorf, for the same arguments.
// A Text or an error among the arguments appears in the language of the message. The error wraps
// the errors among its arguments.
func Errorf(en, zh string, args ...any) error { return &Error{Text{EN: en, ZH: zh}, args} }

// Textf returns a text from a format in each language, for the same arguments as Errorf.
func Textf(en, zh string, args ...any) Text {
	e := &Error{Text{EN: en, ZH: zh}, args}
	return Text{EN: e.In(English), ZH: e.In(Chinese)}
}

// Error returns the message in English.
func (e *Error) Error() string { return e.In(English) }

// In returns the message in a language.
func (e *Error) In(l Lang) string {
	args := make([]any, len(e.args))
	for i, arg := range e.args {
		switch arg := arg.(type) {
		case Text:
			args[i] = arg.In(l)
		case error:
			args[i] = errors.New(Message(arg, l))
		default:
			args[i] = arg
		}
	}
	return fmt.Errorf(e.format.In(l), args...).Error()
}

// Unwrap returns the errors among the arguments.
func (e *Error) Unwrap() (all []error) {
	for _, arg := range e.args {
		if err, ok := arg.(error); ok {
			all = append(all, err)
		}
	}
	return all
}

// Message returns the message of an error in a language. Parts that do not have it stay in English:
// an error that wraps another has that one's message translated inside its own.
func Message(err error, l Lang) string {
	if spoken, ok := err.(interface{ In(Lang) string }); ok {
		return spoken.In(l)
	}
	text := err.Error()
	if l != Chinese {
		return text
	}
	inner := false
	for _, wrapped := range unwrap(err) {
		if wrapped != nil {
			inner = true
			text = strings.Replace(text, wrapped.Error(), Message(wrapped, l), 1)
		}
	}
	if inner {
		return text
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return strings.Replace(text, dns.Err, "没有这个主机名", 1)
	}
	for _, known := range ofSystem {
		if errors.Is(err, known.err) {
			return known.zh
		}
	}
	return text
}

func unwrap(err error) []error {
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		return []error{err.Unwrap()}
	case interface{ Unwrap() []error }:
		return err.Unwrap()
	}
	return nil
}

// ofSystem holds the Chinese for errors of the system that users meet.
var ofSystem = []struct {
	err error
	zh  string
}{
	{fs.ErrNotExist, "没有这个文件或目录"},
	{fs.ErrExist, "文件已存在"},
	{fs.ErrPermission, "没有权限"},
	{syscall.EISDIR, "这是一个目录"},
	{syscall.ENOTDIR, "这不是目录"},
	{syscall.EADDRINUSE, "地址已被占用"},
	{syscall.EADDRNOTAVAIL, "本机没有这个地址"},
	{syscall.ECONNREFUSED, "连接被拒绝"},
	{syscall.ECONNRESET, "连接被重置"},
	{syscall.EHOSTUNREACH, "主机不可达"},
	{syscall.ENETUNREACH, "网络不可达"},
	{context.DeadlineExceeded, "超时"},
	{os.ErrDeadlineExceeded, "超时"},
}
