package lesson

import (
	"context"
	"net/http"
	"time"

	"realtimelab/internal/lang"
)

// A Lab is what the program that runs a demo offers to a demo about other demos.
type Lab struct {
	Lessons []Lesson
	Net     string // simulated network, as --net takes it

	// Keyed reports whether a request carries the key of the person who started the lab.
	Keyed func(*http.Request) bool

	// Code draws the address of a path of the demo's page as a QR code, in SVG. The address is one that
	// others on the local network reach, if the demo listens there.
	Code func(r *http.Request, path string) (string, error)

	// Serve starts the server of a lane and serves it at a port of its own, behind a simulated network
	// and a meter. Under /lab/lane/ it has the files of the page of the demo that asks, which that page
	// may frame.
	Serve func(start func(Env) (*Instance, error)) (Served, error)
}

// A Served is the demo of a lane that a Lab serves.
type Served interface {
	Port() int      // for browsers, on the host of the page
	Direct() string // URL past the network and the meter, for a sender that costs nothing
	Counts() Counts

	// Rows returns the last messages and heads on the connections of the request's browser, oldest
	// first; with the key but without the browser's cookie, on all. It returns false if the request
	// may see none.
	Rows(r *http.Request) (rows []Row, allowed bool)

	SetNet(net string) error // changes the network for later packets
	Cut(cut bool)            // starts or ends the loss of every packet
	Reset()                  // resets every connection; clients may reconnect at once

	// Close notifies the clients and ends everything.
	Close(ctx context.Context) error
}

// A Row is a unit that crossed a connection, as the x-ray reads it.
type Row struct {
	Time    time.Time `json:"time"`
	Dir     string    `json:"dir"`   // "in", client to server, or "out"
	Layer   string    `json:"layer"` // such as "http", "sse" or "ws"
	Summary lang.Text `json:"summary"`
	Size    int       `json:"size"` // bytes on the wire
	Data    []byte    `json:"data"` // the first of them
}

// Counts is the traffic of a served lane so far, in both directions.
type Counts struct {
	In          int64 `json:"in"` // bytes
	Out         int64 `json:"out"`
	Headers     int64 `json:"headers"` // of In and Out: HTTP heads
	Requests    int64 `json:"requests"`
	Connections int64 `json:"connections"`
}
