// Package httpserver creates the http.Server of every part of the lab. All of them check the same
// hosts and origins and send the same security headers. They share the same limits: the size of a
// request's head, the time for each part of a request, and the time that Close takes.
package httpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Limits of every server.
const (
	// MaxHead bounds a request line and its headers, in bytes. Larger ones get 431.
	MaxHead = 16 << 10

	headTime  = 10 * time.Second // to receive a request's head
	bodyTime  = 20 * time.Second // to receive its body
	writeTime = 2 * time.Minute  // to write the response; streams set a deadline for each write
	idleTime  = 2 * time.Minute  // between two requests on a connection

	// Grace is how long clients have to disconnect on their own after Close is called.
	Grace = 800 * time.Millisecond
)

// net/http reads this many bytes beyond MaxHeaderBytes.
const slop = 4 << 10

// A Config configures a Server.
type Config struct {
	Handler http.Handler
	Hosts   Hosts // the hosts that the server answers to
	Log     *slog.Logger

	// AnyOrigin passes the requests of pages of any origin to the handler. It is for a proxy whose
	// server checks the origin.
	AnyOrigin bool

	// OwnChecks lists paths, matched exactly, whose handler checks the host and the origin itself.
	OwnChecks []string

	// TLS makes the listeners from Track speak TLS: https, wss, and the NextProtos, which are
	// HTTP/2 and HTTP/1.1 by default. Nil means plain HTTP/1.1.
	TLS *tls.Config

	// ConnContext and BaseContext have the meaning of the fields of http.Server.
	ConnContext func(context.Context, net.Conn) context.Context
	BaseContext func(net.Listener) context.Context
}

// A Server is an http.Server with the lab's limits. Pass Serve only listeners from Track, or
// wrappers of them.
type Server struct {
	http  http.Server
	tls   *tls.Config // nil for plain HTTP
	hosts Hosts
	log   *slog.Logger
	conns conns
}

// New returns a Server for the handler in c.
func New(c Config) *Server {
	s := &Server{hosts: c.Hosts, log: c.Log}
	s.http = http.Server{
		// the body of a refused request is bounded too
		Handler:           secured(boundBody(c.Hosts.guard(c.Handler, c.AnyOrigin, c.OwnChecks))),
		MaxHeaderBytes:    MaxHead - slop,
		ReadHeaderTimeout: headTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		ConnContext:       c.ConnContext,
		BaseContext:       c.BaseContext,
		ErrorLog:          log.New(errorLog{c.Log}, "", 0),
	}
	if c.TLS != nil {
		s.secure(c.TLS)
	}
	return s
}

// Serve accepts connections until Close is called, and then returns nil. The listener must come
// from Track or wrap one that does.
func (s *Server) Serve(l net.Listener) error {
	if s.tls != nil {
		l = ahead{l}
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends the server within Grace, or slightly more. It runs every function in tell, each of
// which notifies its clients and waits for them to leave; their context ends after Grace. Then
// Close closes all remaining connections, hijacked ones included, and the listeners. Closing a
// remaining connection is not an error.
func (s *Server) Close(ctx context.Context, tell ...func(context.Context) error) error {
	graced, cancel := context.WithTimeout(ctx, Grace)
	defer cancel()
	cut := context.AfterFunc(graced, s.conns.closeAll)
	defer cut()

	told := make(chan error, len(tell))
	for _, f := range tell {
		go func() { told <- f(graced) }()
	}
	var err error
	for range tell {
		select {
		case e := <-told:
			if !errors.Is(e, context.DeadlineExceeded) {
				err = errors.Join(err, e)
			}
		case <-ctx.Done():
			err = errors.Join(err, ctx.Err())
		}
	}
	if s.http.Shutdown(graced) != nil {
		s.http.Close()
	}
	s.conns.closeAll()
	return err
}

// errorLog receives net/http's log. A handler's panic is logged as an error. Everything else
// concerns clients and is logged at debug level.
type errorLog struct{ log *slog.Logger }

func (l errorLog) Write(p []byte) (int, error) {
	level := slog.LevelDebug
	if strings.HasPrefix(string(p), "http: panic") {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}
