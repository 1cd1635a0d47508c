// Package lesson defines the contract between a lesson and the code that runs it.
package lesson

import (
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"net"
	"net/http"

	"realtimelab/internal/lang"
)

// A Lesson is one topic.
type Lesson struct {
	Name           string
	Title, Summary lang.Text
	Body           lang.Text // Markdown, see Expand
	Folder         string    // of the lesson's package in the repository; several lessons may share one
	Source         fs.FS     // the Go files of the package
	Pages          fs.FS     // the texts of the demos' pages: pages/DEMO.md and pages/DEMO.zh.md
	Scripts        fs.FS     // the browser's files, as web.Pages; nil if the text shows none
	Demos          []Demo
	Exercises      fs.FS // the package's folder exercises; nil if it has none, or if an earlier lesson has them
}

// A Demo is one runnable program with one page, under web/pages/Name.
type Demo struct {
	Name           string
	Title, Summary lang.Text

	// Source names the code shown next to the page; see Region.
	Source []string

	// Client names the code of the page that is shown next to Source; see ScriptRegion. Most pages
	// show none.
	Client []string

	// Peer lets the page frame itself, as a second client beside the first.
	Peer bool

	// OwnNet says that the demo simulates the network of --net itself, and that none stands before it.
	OwnNet bool

	// Lanes lists the demo's Go clients, which the comparison measures. Most demos have none.
	Lanes []Lane

	// Start starts the demo. It opens no listener.
	Start func(Env) (*Instance, error)
}

// An Env holds the lab's resources for a demo.
type Env struct {
	Log  *slog.Logger
	Port int  // port of the demo's page; 0 if it has none
	Lab  *Lab // nil if the demo runs outside the lab

	// TLS has the certificate of a server over UDP. Nil without one.
	TLS *tls.Config
}

// An Instance is a running demo.
type Instance struct {
	// Handler serves the demo's own endpoints at the root of its listener.
	Handler http.Handler

	// ServeUDP serves HTTP/3 on a socket, with the certificate of Env.TLS, until Close. Nil if the
	// demo does not use UDP.
	ServeUDP func(net.PacketConn) error

	// ResetUDP resets every connection to the socket with that local address.
	ResetUDP func(local net.Addr)

	// Frames lists the ports, on the same host, whose pages the demo's page may frame. Most demos
	// have none.
	Frames []int

	// Clients returns the number of connected clients.
	Clients func() int

	// Close disconnects the clients and ends every goroutine of the demo. It is called once.
	Close func(ctx context.Context) error
}

// FindDemo finds a demo by its name, together with its lesson.
func FindDemo(all []Lesson, name string) (Lesson, Demo, bool) {
	for _, l := range all {
		for _, d := range l.Demos {
			if d.Name == name {
				return l, d, true
			}
		}
	}
	return Lesson{}, Demo{}, false
}
