package xray

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"realtimelab/internal/tap"
)

// A FileError says where the file of a capture is broken. The part before it was read.
type FileError struct {
	Offset int64 // in bytes
	Err    error
}

// Error returns the place and the reason.
func (e *FileError) Error() string { return fmt.Sprintf("byte %d: %v", e.Offset, e.Err) }

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

// A Restorer reads back rows that MarshalJSON wrote, in their order. It replays their reads and
// writes into the tap of an Xray without decoding them again.
type Restorer struct {
	xray   *Xray
	conns  map[uint64]*restored
	lastID uint64
}

// restored is a connection of the rows.
type restored struct {
	replayed *tap.Replayed
	passed   [2]int64 // bytes in each direction
}

// Restore returns an Xray whose rows come from a Restorer, and nothing else. Call Close when done.
func Restore(t *tap.Tap, c Config) (*Xray, *Restorer) {
	c.still = true
	x := New(t, c)
	return x, &Restorer{xray: x, conns: map[uint64]*restored{}}
}

// Limits of a file's connections, of the size of a row and of its place in the stream.
const (
	maxRestored       = 100_000
	maxRestoredSize   = 1 << 30
	maxRestoredOffset = 1 << 50
)

// Row adds a row in JSON. The ids of the rows must rise.
func (r *Restorer) Row(data []byte) error {
	var c completeRow
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	switch {
	case !slices.Contains(Layers, c.Layer):
		return fmt.Errorf("unknown layer %q", c.Layer)
	case c.ID <= r.lastID:
		return fmt.Errorf("row %d comes after row %d: the rows of two captures?", c.ID, r.lastID)
	case c.Dir != tap.In.String() && c.Dir != tap.Out.String():
		return fmt.Errorf("unknown direction %q", c.Dir)
	case c.Conn == 0 || c.Size < 0 || c.Size > maxRestoredSize || c.Offset < 0 ||
		c.Offset > maxRestoredOffset:
		return errors.New("a connection, a size or an offset is out of range")
	}
	row := c.row()
	conn, err := r.conn(c)
	if err != nil {
		return err
	}
	row.peer = conn.replayed.Peer()
	conn.replay(row)
	r.lastID = row.ID
	if row.Layer == HTTP && row.Dir == tap.In && row.Side != tap.ServerSide {
		r.xray.requests.Add(1)
	}
	r.xray.book.add([]*Row{row})
	return nil
}

func (c completeRow) row() *Row {
	fields := plainFields(c.Fields, len(c.Data))
	row := &Row{
		ID: c.ID, Parent: c.Parent, Conn: c.Conn, Time: c.Time, Layer: c.Layer, Kind: c.Kind,
		Message: c.Message, Request: c.Request,
		Parts: c.Parts, Client: c.Client, Name: c.Name, Stream: c.Stream, Side: c.Side,
		Offset: c.Offset, Size: c.Size,
		Summary: c.Summary, Problem: c.Problem, Lab: c.Lab, Data: c.Data, Views: c.Views,
		Steps: c.Steps, tap: c.Tap,
	}
	if c.Dir == tap.Out.String() {
		row.Dir = tap.Out
	}
	if covers(fields, len(c.Data)) {
		row.fields = func(*Row) []Field { return fields }
	}
	return row
}

// plainFields returns fields without their links. Parts that are outside of the data are left out.
func plainFields(linked []linkedField, size int) []Field {
	var all []Field
	for _, f := range linked {
		if f.Start < 0 || f.End < f.Start || f.End > size {
			continue
		}
		plain := f.Field
		plain.Parts = plainFields(f.Parts, size)
		all = append(all, plain)
	}
	return all
}

// covers reports whether the fields are in order and cover every byte once.
func covers(fields []Field, size int) bool {
	at := 0
	for _, f := range fields {
		if f.Start != at || f.End == f.Start {
			return false
		}
		at = f.End
	}
	return at == size
}

// conn returns the connection of a row.
func (r *Restorer) conn(c completeRow) (*restored, error) {
	if known := r.conns[c.Conn]; known != nil {
		return known, nil
	}
	if len(r.conns) == maxRestored {
		return nil, fmt.Errorf("more than %d connections", maxRestored)
	}
	peer := &tap.Peer{ID: c.Conn, Local: address(c.Local), Remote: address(c.Remote),
		Opened: c.Time, Side: c.Side}
	conn := &restored{replayed: r.xray.tap.Replay(peer, c.Tap == tap.Opened.String())}
	r.conns[c.Conn] = conn
	return conn, nil
}

// address reads an address of a row. A missing one becomes 0.0.0.0:0.
func address(text string) net.Addr {
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		at = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	return net.TCPAddrFromAddrPort(at)
}

// replay records the event of a TCP row in the tap.
func (c *restored) replay(r *Row) {
	switch r.tap {
	case tap.Data.String():
		if skipped := r.Offset - c.passed[r.Dir]; skipped > 0 {
			c.replayed.Skip(r.Dir, skipped)
		}
		c.replayed.Data(r.Time, r.Dir, r.Data)
		c.replayed.Skip(r.Dir, int64(max(r.Size-len(r.Data), 0)))
		c.passed[r.Dir] = r.Offset + int64(max(r.Size, len(r.Data)))
	case tap.Unsent.String():
		c.replayed.Unsent(r.Time, r.Size)
		c.passed[r.Dir] = r.Offset
	case tap.Ended.String():
		c.replayed.End(r.Time, r.Dir)
	case tap.Reset.String():
		c.replayed.Reset(r.Time, r.Dir)
	case tap.Closed.String():
		c.replayed.Close(r.Time)
	}
}
