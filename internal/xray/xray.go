// Package xray interprets what a tap recorded, layer by layer: TCP, HTTP/1.1, HTTP/2, chunks,
// server-sent events, WebSocket frames, Engine.IO packets and Socket.IO packets, and the protocol
// of Redis with what Socket.IO servers tell each other through it.
//
// One goroutine follows the tap and keeps the state of every connection. While there is a Watcher,
// it makes rows of everything it reads. Without a Watcher it leaves the recorded bytes unread until
// the tap is half full, and then skims the oldest: it follows the framing and makes no rows. A page
// that opens therefore sees recent traffic, and an unwatched demo costs almost nothing. Bytes that
// arrive too fast to be read are also skimmed, and counted.
package xray

import (
	"context"
	"sync/atomic"

	"realtimelab/internal/tap"
)

// A Config sets the limits of an Xray. The zero value is the default.
type Config struct {
	MaxRows     int // rows in memory; 0 means 20000
	MaxBytes    int // bytes of their data; 0 means 16 MiB
	MaxPending  int // bytes of unfinished units over all connections; 0 means 32 MiB
	MaxSessions int // Engine.IO sessions in memory; 0 means 10000

	// Lab is the path prefix of requests whose rows are marked as the lab's own. Empty marks none.
	Lab string

	// Rebuilt means that the tap's bytes were rebuilt from the messages of an archive, so there are
	// no TCP rows.
	Rebuilt bool

	still bool // nothing is decoded: see Restore

	// Omitted is the prefix that was given to Omit. Rows of such requests, which exist over HTTP/2,
	// are hidden. Empty hides none.
	Omitted string
}

// An Xray turns the events of a Tap into rows.
type Xray struct {
	tap    *tap.Tap
	reader *tap.Reader
	book   *book

	demand chan struct{}      // a watcher was added
	syncs  chan chan struct{} // each is closed once everything recorded before it is read
	stop   chan struct{}
	done   chan struct{}

	still bool // nothing is decoded

	requests atomic.Int64
	skimmed  atomic.Int64
}

// New starts reading t's events. Call Close when done.
func New(t *tap.Tap, c Config) *Xray {
	x := &Xray{
		tap: t, reader: t.NewReader(),
		book:   newBook(orDefault(c.MaxRows, 20000), orDefault(c.MaxBytes, 16<<20)),
		demand: make(chan struct{}, 1), syncs: make(chan chan struct{}),
		stop: make(chan struct{}), done: make(chan struct{}), still: c.still,
	}
	x.reader.Lazy(true)
	d := newDecoder(orDefault(c.MaxPending, 32<<20), orDefault(c.MaxSessions, 10000))
	d.lab, d.omitted, d.rebuilt = c.Lab, c.Omitted, c.Rebuilt
	go x.run(d)
	return x
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Close stops reading and ends every Watcher. Call it once.
func (x *Xray) Close() {
	close(x.stop)
	<-x.done
	x.reader.Close()
}

// Done returns a channel that is closed when the Xray has ended.
func (x *Xray) Done() <-chan struct{} { return x.done }

// Counters sums up the traffic so far.
type Counters struct {
	tap.Counters
	Requests int64 // HTTP requests in the traffic read so far
	Skimmed  int64 // bytes read without making rows of them
}

// Counters returns the sums over all connections.
func (x *Xray) Counters() Counters {
	return Counters{x.tap.Counters(), x.requests.Load(), x.skimmed.Load()}
}

// Tap returns the tap that the Xray reads.
func (x *Xray) Tap() *tap.Tap { return x.tap }

// Sync waits until everything recorded before the call has been read.
func (x *Xray) Sync(ctx context.Context) error {
	synced := make(chan struct{})
	select {
	case x.syncs <- synced:
	case <-x.done:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
	<-synced
	return nil
}

// Rows returns the rows in memory, oldest first, after everything recorded so far has been read.
func (x *Xray) Rows(ctx context.Context) ([]*Row, error) {
	if err := x.Sync(ctx); err != nil {
		return nil, err
	}
	return x.book.all(), nil
}

// Held returns the rows in memory, oldest first, also after Close.
func (x *Xray) Held() []*Row { return x.book.all() }

// Row returns the row with that id, or nil if it is no longer in memory.
func (x *Xray) Row(id uint64) *Row { return x.book.row(id) }

// Watch returns a Watcher that starts at the oldest row in memory. While there is a Watcher, rows
// are made of all traffic. Call Close when done.
func (x *Xray) Watch() *Watcher {
	w := x.book.watch()
	select {
	case x.demand <- struct{}{}:
	default:
	}
	return w
}

// WatchNew is like Watch, but starts at the next new row.
func (x *Xray) WatchNew() *Watcher {
	w := x.Watch()
	x.book.skip(w)
	return w
}

func (x *Xray) run(d *decoder) {
	defer close(x.done)
	batch := make([]tap.Event, 256)
	for {
		var synced chan struct{}
		select {
		case <-x.stop:
			return
		case <-x.demand:
		case <-x.reader.C:
		case synced = <-x.syncs:
		}
		if !x.still {
			x.catchUp(d, batch, synced != nil || x.book.watched())
		}
		x.reader.Lazy(x.still || !x.book.watched())
		if synced != nil {
			close(synced)
		}
	}
}

// Limits of the unread fraction of the tap. Above the first, the oldest bytes are skimmed until the
// second is reached.
const (
	tooMuch = 0.5
	enough  = 0.25
)

// catchUp reads the recorded events, and skims the oldest if there are too many. Unless all is set,
// it leaves the rest unread for a later watcher.
func (x *Xray) catchUp(d *decoder, batch []tap.Event, all bool) {
	for {
		switch unread := x.reader.Unread(); {
		case unread > tooMuch:
			d.quiet = true
		case unread <= enough && !all:
			d.quiet = false
			return
		case unread <= enough:
			d.quiet = false
		}
		n := x.reader.Read(batch)
		if n == 0 {
			d.quiet = false
			return
		}
		for _, e := range batch[:n] {
			d.event(e)
		}
		x.requests.Store(d.requests)
		x.skimmed.Store(d.skimmed)
		x.book.add(d.take())
		select {
		case <-x.stop:
			return
		default:
		}
	}
}
