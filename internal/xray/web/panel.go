// Package web shows an x-ray to pages: the panel beside a demo, its exports, and the page of `lab
// xray`.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/tap"
	"realtimelab/internal/tasks"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/filter"
	"realtimelab/internal/xray/har"
	"realtimelab/internal/xray/pcapng"
)

// Panel shows an x-ray to pages:
//
//	GET /lab/xray            WebSocket: the rows as they arrive, and their details
//	GET /lab/xray.jsonl      all rows in memory, complete, one per line
//	GET /lab/xray.har        HTTP exchanges and WebSocket messages, for browsers' developer tools
//	GET /lab/xray.pcapng     the packets, for Wireshark
//
// Each shows the connections of the requesting browser or, with ?everyone and the key, all
// connections. Over the WebSocket the server sends
//
//	{"view": {"everyone","keyed","named","labFiles","lessons","run"}}
//	        first: what this page sees, and may choose
//	{"rows": [Brief, …], "lost": n}
//	        n rows were dropped because they came faster than this page reads. An Engine.IO row
//	        also has the start of its "packet", a row of HTTP the start of its "text". "found" has
//	        a bit for each word of the page's filter that the row's bytes contain.
//	{"counters": {…}, "conns": [{"id","remote","side","in","out"}, …]}
//	{"row": Row}
//	        the answer to {"row": id}: the row with its bytes and fields
//	{"gone": id}
//	        the same, for a row that is no longer in memory
//	{"hits": [[id, bits], …], "find": filter}
//	        the answer to {"find": filter}: the rows in memory whose bytes contain its words
//
// and the page sends {"row": id} and {"find": filter}, see the package filter. The connection
// itself is not in the x-ray.
type Panel struct {
	config PanelConfig
	xray   *xray.Xray
	run    string
	ctx    context.Context
	cancel context.CancelFunc

	serving tasks.Group // counts pages

	mu        sync.Mutex // guards what follows
	pages     int
	downloads int
}

// A PanelConfig configures what a Panel shows, and who may see it.
type PanelConfig struct {
	Xray *xray.Xray

	// Keyed reports whether the request carries the key, which grants access to all connections.
	Keyed func(*http.Request) bool

	// ByBrowser shows each page its own browser's connections. Without it, all connections are
	// shown, and only to clients that hold the key.
	ByBrowser bool

	LabFiles bool // the x-ray includes requests for the lab's own files
	Lessons  bool // the server has the lessons' pages under /lab/lesson/
}

// NewPanel returns a Panel that serves until Close.
func NewPanel(c PanelConfig) *Panel {
	ctx, cancel := context.WithCancel(context.Background())
	return &Panel{config: c, xray: c.Xray, run: randomID(), ctx: ctx, cancel: cancel}
}

// Close closes the pages' connections and waits for them to end.
func (p *Panel) Close() {
	p.serving.Refuse()
	p.cancel()
	_ = p.serving.Wait(context.Background()) // which never ends
}

// Routes adds the panel's endpoints.
func (p *Panel) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+Path, p.serve)
	mux.HandleFunc("GET "+Path+".jsonl", p.download(p.exportJSONL))
	mux.HandleFunc("GET "+Path+".har", p.download(p.exportHAR))
	mux.HandleFunc("GET "+Path+".pcapng", p.download(p.exportPcapng))
}

// Path is the path of the panel's WebSocket, and of its exports without their extensions. Paths
// under labPath belong to the lab itself.
const (
	Path    = labPath + "xray"
	labPath = "/lab/"
)

const (
	panelWrite = 10 * time.Second       // timeout of one message to a page
	panelPace  = 50 * time.Millisecond  // interval between batches of rows
	panelCount = 500 * time.Millisecond // interval between counters
	panelBatch = 250                    // maximum rows per message
	panelConns = 200                    // maximum connections per message

	maxPages     = 200 // watching at the same time: enough for a class
	maxDownloads = 4   // at the same time; each copies the whole ring
)

// enter registers a page and reports whether it may watch. It returns false if the panel is closed
// or full.
func (p *Panel) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pages >= maxPages || !p.serving.Enter() {
		return false
	}
	p.pages++
	return true
}

func (p *Panel) leave() {
	p.mu.Lock()
	p.pages--
	p.mu.Unlock()
	p.serving.Leave()
}

// export writes a view's part of the x-ray.
type export func(w http.ResponseWriter, r *http.Request, v view, out io.Writer)

// download serves an export. It refuses clients that may not see it, and any beyond maxDownloads at
// a time.
func (p *Panel) download(serve export) http.HandlerFunc {
	change := func(by int) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.downloads+by > maxDownloads {
			return false
		}
		p.downloads += by
		return true
	}
	return func(w http.ResponseWriter, r *http.Request) {
		v, allowed := p.view(r)
		if !allowed || !v.Everyone && !v.Named {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, refusal, http.StatusForbidden)
			return
		}
		if !change(1) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Retry-After", "10")
			http.Error(w,
				fmt.Sprintf(
					"%d downloads of this x-ray are already running. Try again in a moment.",
					maxDownloads), http.StatusServiceUnavailable)
			return
		}
		defer change(-1)
		serve(w, r, v, httpserver.Download(w))
	}
}

func (p *Panel) serve(w http.ResponseWriter, r *http.Request) {
	entered := p.enter()
	if entered {
		defer p.leave()
	}
	v, allowed := p.view(r)
	conn, err := (&websocket.Upgrader{WriteBufferSize: 16 << 10}).Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered with 400 or 403
	}
	if !entered { // a page can read a close reason, but not the status of a failed handshake
		say := websocket.FormatCloseMessage(websocket.CloseTryAgainLater,
			"too many pages watch this x-ray")
		conn.WriteControl(websocket.CloseMessage, say, time.Now().Add(time.Second))
		conn.Close()
		return
	}
	if !allowed {
		say := websocket.FormatCloseMessage(websocket.ClosePolicyViolation,
			"the key is required to see all connections")
		conn.WriteControl(websocket.CloseMessage, say, time.Now().Add(time.Second))
		conn.Close()
		return
	}
	page := &panelPage{panel: p, view: v, conn: conn, asked: make(chan question)}
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
	panel  *Panel
	view   view
	tally  *tap.Tally // of the view's browser; nil if the view is of everyone
	conn   *websocket.Conn
	asked  chan question
	filter filter.Filter // of the page
}

// A question is a message from a page.
type question struct {
	Row  uint64  `json:"row"`  // the id of the row whose details it wants
	Find *string `json:"find"` // its filter from now on
}

func (p *panelPage) read(ctx context.Context) {
	p.conn.SetReadLimit(4 << 10)
	for {
		var m question
		if p.conn.ReadJSON(&m) != nil {
			return
		}
		select {
		case p.asked <- m:
		case <-ctx.Done():
			return
		}
	}
}

// write sends rows and counters until the page disconnects or the panel closes.
func (p *panelPage) write(ctx context.Context) {
	rows := newRowView(p.view, p.panel.xray)
	defer rows.rows.Close()
	if !p.view.Everyone {
		p.tally = p.panel.xray.Tap().Tally(p.view.browser)
		defer p.tally.Close()
	}
	pace, count := time.NewTicker(panelPace), time.NewTicker(panelCount)
	defer pace.Stop()
	defer count.Stop()
	var lost uint64
	p.send(map[string]view{"view": p.view})
	p.send(p.counters())
	for {
		var err error
		select {
		case <-ctx.Done():
			p.conn.WriteControl(websocket.CloseMessage,
				websocket.FormatCloseMessage(websocket.CloseGoingAway, ""),
				time.Now().Add(time.Second))
			return
		case q := <-p.asked:
			if q.Find != nil {
				err = p.send(p.find(ctx, *q.Find))
			} else {
				err = p.send(p.anatomy(q.Row))
			}
		case <-count.C:
			err = p.send(p.counters())
		case <-pace.C:
			total := rows.rows.Lost()
			if shown := rows.read(); len(shown) > 0 || total > lost {
				err = p.send(p.briefs(shown, total-lost))
				lost = total
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

func (p *panelPage) briefs(rows []*xray.Row, lost uint64) any {
	m := struct {
		Rows []panelRow `json:"rows"`
		Lost uint64     `json:"lost,omitempty"`
	}{Rows: make([]panelRow, len(rows)), Lost: lost}
	for i, r := range rows {
		m.Rows[i] = panelRow{r.Brief(), packet(r), text(r), p.found(r)}
	}
	return m
}

// panelRow is a row as a page gets it.
type panelRow struct {
	xray.Brief
	Packet string `json:"packet,omitempty"`
	Text   string `json:"text,omitempty"`
	Found  uint32 `json:"found,omitempty"`
}

// packet returns the start of a text packet of Engine.IO as it was spoken, such as 42["hi"], and ""
// for other rows.
func packet(r *xray.Row) string {
	if r.Layer != xray.EIO {
		return ""
	}
	return start(r.Data)
}

// text returns the start of a body, of a line or event of a stream, and the fields of a request's
// head that say what the client has already. It returns "" for other rows.
func text(r *xray.Row) string {
	switch r.Layer {
	case xray.Line, xray.SSE, xray.Body:
		return start(r.Data)
	case xray.HTTP:
		return start(bytes.TrimSpace(bytes.Join(known.FindAll(r.Data, -1), []byte(" "))))
	}
	return ""
}

// known matches the fields by which a client says what it has already.
var known = regexp.MustCompile(`(?im)^(?:Last-Event-ID|If-None-Match):[^\r\n]*`)

// start returns the start of a text, and "" for other data.
func start(data []byte) string {
	const most = 120 // bytes
	if !utf8.Valid(data) {
		return ""
	}
	return strings.ToValidUTF8(string(data[:min(len(data), most)]), "")
}

func (p *panelPage) anatomy(id uint64) any {
	if row := p.panel.xray.Row(id); row != nil && p.view.sees(row.Peer()) {
		return map[string]any{"row": row}
	}
	return map[string]any{"gone": id}
}

// panelConn describes an open connection to a page.
type panelConn struct {
	ID     uint64   `json:"id"`
	Remote string   `json:"remote"`
	Side   tap.Side `json:"side,omitempty"`
	In     int64    `json:"in"`
	Out    int64    `json:"out"`
}

func (p *panelPage) counters() any {
	conns := []panelConn{}
	for _, c := range p.panel.xray.Tap().Conns() {
		if p.view.sees(c.Peer) && len(conns) < panelConns {
			conns = append(conns, panelConn{c.Peer.ID, c.Peer.Remote.String(), c.Peer.Side,
				c.In, c.Out})
		}
	}
	return map[string]any{"counters": p.sums(), "conns": conns}
}

func (p *panelPage) sums() map[string]int64 {
	if p.tally != nil {
		c := p.tally.Counters()
		return map[string]int64{"in": c.In, "out": c.Out, "open": int64(c.Open),
			"connections": c.Total, "requests": c.Claims}
	}
	c := p.panel.xray.Counters()
	return map[string]int64{
		"in": c.In, "out": c.Out, "open": int64(c.Open), "connections": c.Total,
		"requests": c.Requests, "skimmed": c.Skimmed, "dropped": c.Dropped,
	}
}

// attach sets the headers of a download, with its file name.
func attach(w http.ResponseWriter, contentType, extension string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	name := "xray-" + time.Now().Format("20060102-150405") + extension
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(name))
}

// Rows returns the rows in memory that the request may see, oldest first. It returns false if the
// request may see none.
func (p *Panel) Rows(r *http.Request) (rows []*xray.Row, allowed bool) {
	v, allowed := p.view(r)
	if !allowed || !v.Everyone && !v.Named {
		return nil, false
	}
	all, err := p.xray.Rows(r.Context())
	if err != nil {
		return nil, true // the client has left
	}
	for _, row := range all {
		if v.sees(row.Peer()) {
			rows = append(rows, row)
		}
	}
	return rows, true
}

func (p *Panel) exportJSONL(w http.ResponseWriter, r *http.Request, v view, out io.Writer) {
	rows, err := p.xray.Rows(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	attach(w, "application/jsonl", ".jsonl")
	lines := json.NewEncoder(out)
	for _, row := range rows {
		if v.sees(row.Peer()) && lines.Encode(row) != nil {
			return
		}
	}
}

func (p *Panel) exportHAR(w http.ResponseWriter, r *http.Request, v view, out io.Writer) {
	rows, err := p.xray.Rows(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	attach(w, "application/json", ".har")
	seen := slices.DeleteFunc(rows, func(row *xray.Row) bool { return !v.sees(row.Peer()) })
	_, _ = har.Write(out, seen, nil, httpserver.Scheme(r)) // fails only if the client has left
}

func (p *Panel) exportPcapng(w http.ResponseWriter, _ *http.Request, v view, out io.Writer) {
	attach(w, "application/x-pcapng", ".pcapng")
	if err := pcapng.Write(out, p.xray.Tap(), v.sees); err != nil {
		// breaks off the download, so that the client sees it is incomplete
		panic(fmt.Errorf("%w: %w", http.ErrAbortHandler, err))
	}
}
