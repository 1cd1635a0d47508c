package lesson

import (
	"context"
	"net"
	"net/http"
	"time"

	"realtimelab/internal/lang"
)

// A Lab offers the services of the lab to a demo about other demos.
type Lab struct {
	Lessons []Lesson
	Net     string // simulated network, as --net takes it

	// Keyed reports whether a request carries the key of the person who started the lab.
	Keyed func(*http.Request) bool

	// Code draws the address of a path of the demo's page as a QR code, in SVG. The address is one
	// that others on the local network reach. Without such an address, the drawing is empty.
	Code func(r *http.Request, path string) (string, error)

	// Allow reports whether the lab answers to that value of a Host header.
	Allow func(host string) bool

	// Browser returns the x-ray's name for the browser that sent a request, or "" for a client that
	// the x-ray does not know.
	Browser func(*http.Request) string

	// Show includes the connection of a request in the x-ray of a browser, although the request
	// does not name it.
	Show func(r *http.Request, browser string)

	// Serve starts the server of a lane and serves it at a port of its own, behind a simulated
	// network and a meter. Under /lab/lane/ it has the files of the page of the demo that asks,
	// which that page may frame.
	Serve func(start func(Env) (*Instance, error)) (Served, error)

	// Tap returns a tap for a demo that shows one place of a wire, or several. The caller closes
	// it.
	Tap func() Tap

	// ServeInside serves a handler at a loopback address of its own, which only the demo calls: a
	// server behind the demo's balancer. It answers to the hosts of the demo's page.
	ServeInside func(http.Handler) (Inside, error)

	// Tunnel copies TCP connections to an address (HOST:PORT), such as that of a database. If
	// recorded is set, the demo's x-ray has them. Only holders of the key see them, because they
	// belong to no browser.
	Tunnel func(to string, recorded bool) (Tunnel, error)
}

// An Inside is a handler that a Lab serves for the demo itself.
type Inside interface {
	Addr() string // HOST:PORT

	// Close runs the functions in tell, closes the listener, and soon all connections: at once if
	// ctx has ended. It returns when everything has ended.
	Close(ctx context.Context, tell ...func(context.Context) error) error
}

// A Tunnel copies TCP connections to an address.
type Tunnel interface {
	Addr() string // HOST:PORT, to connect to

	// SetDown(true) closes every connection and then closes new ones at once, until SetDown(false).
	SetDown(down bool)

	// Close ends the tunnel and waits for its goroutines.
	Close() error
}

// A Tap reads the traffic of listeners' connections, like the x-ray.
type Tap interface {
	// Listener wraps a listener whose connections are read.
	Listener(net.Listener) net.Listener

	// Rows returns the rows so far, oldest first, without TCP rows.
	Rows(ctx context.Context) ([]Row, error)

	Close()
}

// A Served is the demo of a lane that a Lab serves.
type Served interface {
	Port() int      // for browsers, on the host of the page
	Direct() string // URL past the network and the meter, for a sender that costs nothing
	Counts() Counts

	// Rows returns the last messages and heads on the connections of the request's browser, oldest
	// first; with the key but without the browser's cookie, those on all connections. It returns
	// false if the request may see none.
	Rows(r *http.Request) (rows []Row, allowed bool)

	SetNet(net string) error // changes the network for later packets
	Blackout(on bool)        // starts or ends the loss of every packet
	Reset()                  // resets every connection; clients may reconnect at once

	// Close notifies the clients and ends everything.
	Close(ctx context.Context) error
}

// A Row is one unit of a connection's traffic, as the x-ray reads it.
type Row struct {
	Time    time.Time `json:"time"`
	Dir     string    `json:"dir"`   // "in", client to server, or "out"
	Layer   string    `json:"layer"` // such as "http", "sse" or "ws"
	Summary lang.Text `json:"summary"`
	Size    int       `json:"size"` // bytes on the wire
	Data    []byte    `json:"data"` // the first bytes of them

	// Plain is the payload of a frame without its mask, and nil if it equals Data.
	Plain []byte `json:"plain,omitempty"`
}

// Counts is the traffic of a served lane so far, in both directions.
type Counts struct {
	In          int64 `json:"in"` // bytes
	Out         int64 `json:"out"`
	Headers     int64 `json:"headers"` // of In and Out: HTTP heads
	Requests    int64 `json:"requests"`
	Connections int64 `json:"connections"`
}
