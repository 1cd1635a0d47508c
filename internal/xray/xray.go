// Package xray reads what a tap recorded and says what it means, layer by layer:
// TCP, HTTP/1.1, chunks, server-sent events, WebSocket frames, Engine.IO and
// Socket.IO packets.
//
// One goroutine follows the tap and keeps its place in every connection. It
// makes rows of what it reads while somebody watches; otherwise it lets the
// recorded bytes lie until the tap is half full, and then skims the oldest: it
// follows the framing and makes no rows. So a page that opens sees what happened
// before it came, and a demo that nobody looks at pays almost nothing. Bytes
// that come faster than they can be read are skimmed too, and counted.
package xray

import (
	"context"
	"sync/atomic"

	"realtimelab/internal/tap"
)

// Config bounds what an Xray holds. The zero value is the default.
type Config struct {
	MaxRows     int // rows held; 0 is 20000
	MaxBytes    int // of their data; 0 is 16 MiB
	MaxPending  int // bytes of unfinished units, all connections together; 0 is 32 MiB
	MaxSessions int // Engine.IO sessions known; 0 is 10000
}

// Xray turns the events of a Tap into rows.
type Xray struct {
	tap    *tap.Tap
	reader *tap.Reader
	book   *book

	demand chan struct{}      // a watcher came
	syncs  chan chan struct{} // closed once all that was recorded is read
	stop   chan struct{}
	done   chan struct{}

	requests atomic.Int64
	skimmed  atomic.Int64
}

// New starts to read t's events. Close ends it.
func New(t *tap.Tap, c Config) *Xray {
	x := &Xray{
		tap: t, reader: t.NewReader(), book: newBook(orDefault(c.MaxRows, 20000), orDefault(c.MaxBytes, 16<<20)),
		demand: make(chan struct{}, 1), syncs: make(chan chan struct{}),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	x.reader.Lazy(true)
	go x.run(newDecoder(orDefault(c.MaxPending, 32<<20), orDefault(c.MaxSessions, 10000)))
	return x
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Close ends the reading and every Watcher's rows. It is called once.
func (x *Xray) Close() {
	close(x.stop)
	<-x.done
	x.reader.Close()
}

// Done is closed when the Xray has ended.
func (x *Xray) Done() <-chan struct{} { return x.done }

// Counters are what crossed so far.
type Counters struct {
	tap.Counters
	Requests int64 // HTTP requests, among what was read so far
	Skimmed  int64 // bytes that were followed without making rows of them
}

// Counters returns the sums over all connections.
func (x *Xray) Counters() Counters {
	return Counters{x.tap.Counters(), x.requests.Load(), x.skimmed.Load()}
}

// Tap is where the bytes come from.
func (x *Xray) Tap() *tap.Tap { return x.tap }

// Sync returns when all that was recorded before the call is in the rows.
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

// Rows returns the rows that are held, the oldest first, once all that was
// recorded is read.
func (x *Xray) Rows(ctx context.Context) ([]*Row, error) {
	if err := x.Sync(ctx); err != nil {
		return nil, err
	}
	return x.book.all(), nil
}

// Row returns the row with that id, nil if it is not held any more.
func (x *Xray) Row(id uint64) *Row { return x.book.row(id) }

// Watch follows the rows, from the oldest that is held. While there is a Watcher
// all that crosses is made rows of. Close ends it.
func (x *Xray) Watch() *Watcher {
	w := x.book.watch()
	select {
	case x.demand <- struct{}{}:
	default:
	}
	return w
}

// WatchNew is Watch from the next row on.
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
		x.catchUp(d, batch, synced != nil || x.book.watched())
		x.reader.Lazy(!x.book.watched())
		if synced != nil {
			close(synced)
		}
	}
}

// The tap's share that may lie unread: above the first, the oldest is skimmed
// until the second is reached.
const (
	tooMuch = 0.5
	enough  = 0.25
)

// catchUp reads all that is there, or skims the oldest of it if that is too much.
// Unless all is wanted, it leaves the rest of that for whoever comes to look.
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
