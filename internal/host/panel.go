package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// Panel shows an x-ray to pages:
//
//	GET /lab/xray            WebSocket: the rows as they come, and what they are made of
//	GET /lab/xray.jsonl      the rows that are held, one a line, whole
//	GET /lab/xray.pcapng     what crossed, for Wireshark
//
// Over the WebSocket the server sends
//
//	{"rows": [Brief, …], "lost": n}     n rows were dropped since: they came faster than this page reads
//	{"counters": {…}, "conns": [{"id","remote","in","out"}, …]}
//	{"row": Row}                        the answer to {"row": id}: the row with its bytes and fields
//	{"gone": id}                        the same, of a row that is not held any more
//
// and the page {"row": id}. The connection itself is not in the x-ray.
type Panel struct {
	xray   *xray.Xray
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	serving sync.WaitGroup // pages; added to under mu while not closed
}

// NewPanel shows x until Close.
func NewPanel(x *xray.Xray) *Panel {
	ctx, cancel := context.WithCancel(context.Background())
	return &Panel{xray: x, ctx: ctx, cancel: cancel}
}

// Close ends the pages' connections and waits for them.
func (p *Panel) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.serving.Wait()
}

// Routes adds the panel's endpoints.
func (p *Panel) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /lab/xray", p.serve)
	mux.HandleFunc("GET /lab/xray.jsonl", p.exportJSONL)
	mux.HandleFunc("GET /lab/xray.pcapng", p.exportPcapng)
}

const (
	panelWrite = 10 * time.Second       // for one message to a page
	panelPace  = 50 * time.Millisecond  // between two batches of rows
	panelCount = 500 * time.Millisecond // between two counters
	panelBatch = 250                    // rows at most in one message
	panelConns = 200                    // connections at most in one message
)

// enter counts a page, unless the panel is closed.
func (p *Panel) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.serving.Add(1)
	}
	return !p.closed
}

func (p *Panel) serve(w http.ResponseWriter, r *http.Request) {
	if !p.enter() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer p.serving.Done()
	if c := tap.FromContext(r.Context()); c != nil {
		c.Mute()
	}
	conn, err := (&websocket.Upgrader{WriteBufferSize: 16 << 10}).Upgrade(w, r, nil)
	if err != nil {
		return // it has answered, with 400 or 403
	}
	page := &panelPage{panel: p, conn: conn, asked: make(chan uint64)}
	ctx, cancel := context.WithCancel(p.ctx)
	var reading sync.WaitGroup
	reading.Go(func() { defer cancel(); page.read(ctx) })
	page.write(ctx)
	cancel()
	conn.Close()
	reading.Wait()
}

// panelPage is one page's connection.
type panelPage struct {
	panel *Panel
	conn  *websocket.Conn
	asked chan uint64 // ids of the rows whose anatomy the page wants
}

func (p *panelPage) read(ctx context.Context) {
	p.conn.SetReadLimit(1 << 10)
	for {
		var m struct {
			Row uint64 `json:"row"`
		}
		if p.conn.ReadJSON(&m) != nil {
			return
		}
		select {
		case p.asked <- m.Row:
		case <-ctx.Done():
			return
		}
	}
}

// write sends until the page or the panel ends.
func (p *panelPage) write(ctx context.Context) {
	rows := p.panel.xray.Watch()
	defer rows.Close()
	pace, count := time.NewTicker(panelPace), time.NewTicker(panelCount)
	defer pace.Stop()
	defer count.Stop()
	batch := make([]*xray.Row, panelBatch)
	var lost uint64
	p.send(p.counters())
	for {
		var err error
		select {
		case <-ctx.Done():
			p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
			return
		case id := <-p.asked:
			err = p.send(p.anatomy(id))
		case <-count.C:
			err = p.send(p.counters())
		case <-pace.C:
			if n := rows.Read(batch); n > 0 || rows.Lost() > lost {
				err = p.send(briefs(batch[:n], rows.Lost()-lost))
				lost = rows.Lost()
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *panelPage) send(v any) error {
	p.conn.SetWriteDeadline(time.Now().Add(panelWrite))
	return p.conn.WriteJSON(v)
}

func briefs(rows []*xray.Row, lost uint64) any {
	m := struct {
		Rows []xray.Brief `json:"rows"`
		Lost uint64       `json:"lost,omitempty"`
	}{Rows: make([]xray.Brief, len(rows)), Lost: lost}
	for i, r := range rows {
		m.Rows[i] = r.Brief()
	}
	return m
}

func (p *panelPage) anatomy(id uint64) any {
	if row := p.panel.xray.Row(id); row != nil {
		return map[string]any{"row": row}
	}
	return map[string]any{"gone": id}
}

// panelConn is an open connection, as a page sees it.
type panelConn struct {
	ID     uint64 `json:"id"`
	Remote string `json:"remote"`
	In     int64  `json:"in"`
	Out    int64  `json:"out"`
}

func (p *panelPage) counters() any {
	c := p.panel.xray.Counters()
	open := p.panel.xray.Tap().Conns()
	conns := make([]panelConn, 0, min(len(open), panelConns))
	for _, conn := range open[:cap(conns)] {
		conns = append(conns, panelConn{conn.Peer.ID, conn.Peer.Remote.String(), conn.In, conn.Out})
	}
	return map[string]any{
		"counters": map[string]int64{
			"in": c.In, "out": c.Out, "open": int64(c.Open), "connections": c.Total,
			"requests": c.Requests, "skimmed": c.Skimmed, "dropped": c.Dropped,
		},
		"conns": conns,
	}
}

// attach names the download.
func attach(w http.ResponseWriter, contentType, extension string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	name := "xray-" + time.Now().Format("20060102-150405") + extension
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(name))
}

func (p *Panel) exportJSONL(w http.ResponseWriter, r *http.Request) {
	rows, err := p.xray.Rows(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	attach(w, "application/jsonl", ".jsonl")
	lines := json.NewEncoder(w)
	for _, row := range rows {
		if lines.Encode(row) != nil {
			return
		}
	}
}

func (p *Panel) exportPcapng(w http.ResponseWriter, r *http.Request) {
	attach(w, "application/x-pcapng", ".pcapng")
	if err := p.xray.WritePcapng(w); err != nil {
		panic(fmt.Errorf("%w: %w", http.ErrAbortHandler, err)) // so that the download is seen to be broken
	}
}
