package xray

import (
	"cmp"
	"slices"
	"sync"
)

// rowCost is roughly the memory of a row, not counting its data.
const rowCost = 400

// book holds the newest rows.
type book struct {
	maxRows, maxBytes int

	mu       sync.Mutex // guards the fields below
	rows     []*Row     // their ids rise, and are consecutive unless they come from a file
	bytes    int
	lastID   uint64
	watchers map[*Watcher]struct{}
}

func newBook(maxRows, maxBytes int) *book {
	return &book{maxRows: maxRows, maxBytes: maxBytes, watchers: map[*Watcher]struct{}{}}
}

func (r *Row) cost() int {
	n := rowCost + len(r.Data) + len(r.Summary.EN) + len(r.Summary.ZH)
	for _, v := range r.Views {
		n += len(v.Data)
	}
	return n
}

// add appends rows, whose ids are higher than those in the book, and drops the oldest.
func (b *book) add(rows []*Row) {
	if len(rows) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range rows {
		b.rows = append(b.rows, r)
		b.bytes += r.cost()
		b.lastID = r.ID
	}
	drop := 0
	for len(b.rows)-drop > b.maxRows || b.bytes > b.maxBytes && drop < len(b.rows)-1 {
		b.bytes -= b.rows[drop].cost()
		b.rows[drop] = nil
		drop++
	}
	b.rows = b.rows[drop:]
	for w := range b.watchers {
		w.wake()
	}
}

func (b *book) all() []*Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*Row, 0, len(b.rows))
	for _, r := range b.rows {
		if !r.hidden {
			all = append(all, r)
		}
	}
	return all
}

func (b *book) row(id uint64) *Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := b.index(id); i < len(b.rows) && b.rows[i].ID == id {
		return b.rows[i]
	}
	return nil
}

// index returns the index of the first row whose id is at least id. The caller holds b.mu.
func (b *book) index(id uint64) int {
	if len(b.rows) > 0 && id >= b.rows[0].ID {
		if i := id - b.rows[0].ID; i < uint64(len(b.rows)) && b.rows[i].ID == id {
			return int(i)
		}
	}
	i, _ := slices.BinarySearchFunc(b.rows, id, func(r *Row, id uint64) int {
		return cmp.Compare(r.ID, id)
	})
	return i
}

func (b *book) watched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.watchers) > 0
}

func (b *book) watch() *Watcher {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan struct{}, 1)
	w := &Watcher{C: c, c: c, book: b, next: b.lastID + 1}
	b.watchers[w] = struct{}{}
	if len(b.rows) > 0 {
		w.next = b.rows[0].ID
		w.wake()
	}
	return w
}

// skip moves a watcher past all rows in memory.
func (b *book) skip(w *Watcher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.next = b.lastID + 1
}

// A Watcher follows the rows at its own pace. Only one goroutine may use it.
type Watcher struct {
	// C receives a value when there are rows to read. It may receive one value more than necessary.
	C <-chan struct{}

	c    chan struct{}
	book *book
	next uint64
	lost uint64
}

func (w *Watcher) wake() {
	select {
	case w.c <- struct{}{}:
	default:
	}
}

// Read fills dst with the next rows and returns their number. It does not block: it returns 0 when
// all rows were read.
func (w *Watcher) Read(dst []*Row) int {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	rows := w.book.rows
	if len(rows) == 0 {
		return 0
	}
	if first := rows[0].ID; w.next < first {
		w.lost += first - w.next
		w.next = first
	}
	n := 0
	for i := w.book.index(w.next); n < len(dst) && i < len(rows); i++ {
		w.next = rows[i].ID + 1
		if !rows[i].hidden {
			dst[n] = rows[i]
			n++
		}
	}
	return n
}

// Lost returns the number of rows that were dropped before this Watcher read them.
func (w *Watcher) Lost() uint64 { return w.lost }

// Close stops the Watcher.
func (w *Watcher) Close() {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	delete(w.book.watchers, w)
}
