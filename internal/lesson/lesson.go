// Package lesson defines the contract between a lesson and the code that runs it.
package lesson

import (
	"context"
	"crypto/tls"
	"fmt"
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
	// of the lesson's package in the repository; several lessons may share one
	Folder  string
	Source  fs.FS // the Go files of the package
	Pages   fs.FS // the texts of the demos' pages: pages/DEMO.md and pages/DEMO.zh.md
	Scripts fs.FS // the browser's files, as web.Pages; nil if the text shows none
	Demos   []Demo
	// the package's folder exercises; nil if it has none, or if an earlier lesson has them
	Exercises fs.FS
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

	// OwnNet means that the demo itself puts the network of --net and the proxy of --proxy before
	// its servers, and that its page has neither.
	OwnNet bool

	// Options lists the flags that the command gets for this demo. A name must not be that of
	// another demo's flag or of the command's own.
	Options []Option

	// Lanes lists the demo's Go clients, which the comparison measures. Most demos have none.
	Lanes []Lane

	// Start starts the demo. It opens no listener.
	Start func(Env) (*Instance, error)
}

// An Option is a setting of a demo. The commands that run demos take it as a flag.
type Option struct {
	Name    string // of the flag, without dashes
	Default string
	Usage   string // a noun phrase in lower case, for the help

	// Check returns an error that says what is wrong with a value and what to write instead. Nil
	// takes every value.
	Check func(value string) error
}

// Settings returns the values of the demo's options: those given, and the defaults of the others.
// It returns an error for a value that its option refuses. Options of other demos are left out.
func (d Demo) Settings(given map[string]string) (map[string]string, error) {
	settings := map[string]string{}
	for _, o := range d.Options {
		value, found := given[o.Name]
		if !found {
			value = o.Default
		}
		if found && o.Check != nil {
			if err := o.Check(value); err != nil {
				return nil, fmt.Errorf("--%s %w", o.Name, err)
			}
		}
		settings[o.Name] = value
	}
	return settings, nil
}

// An Env holds the lab's resources for a demo.
type Env struct {
	Log  *slog.Logger
	Port int  // port of the demo's page; 0 if it has none
	Lab  *Lab // nil if the demo runs outside the lab

	// Options holds the values of Demo.Options by name.
	Options map[string]string

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

	// Uses lists the ports, on the same host, whose servers the page of a lane may send requests
	// to, connect to and load scripts from. Most lanes have none. See Lab.Serve.
	Uses []int

	// BothNames includes Frames and Uses under this machine's other loopback name, localhost or
	// 127.0.0.1: to a browser, another site.
	BothNames bool

	// OwnChecks lists paths of Handler, matched exactly, that check the host and the origin of a
	// request themselves. The lab checks all others. They must not be the page or below /lab/.
	OwnChecks []string

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
