// Package slow is the demo on clients that read too slowly. One client of a broadcast reads its
// socket at a rate that the teacher sets, and the page shows what that costs the server and the
// other clients under four policies.
package slow

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/livepage"
	"realtimelab/internal/tasks"
)

// Demo describes the demo.
func Demo() lesson.Demo {
	return lesson.Demo{
		Name:  "slow",
		Title: lang.Text{EN: "The client that does not read", ZH: "不读数据的客户端"},
		Summary: lang.Text{
			EN: "One client reads too slowly. Four policies: who waits, who loses " +
				"messages, and who pays with memory?",
			ZH: "一个客户端读得太慢。四种策略：谁在等，谁丢消息，谁付出内存？",
		},
		Start: start,
	}
}

// The readers of the demo.
const slowName = "slow"

var steadyNames = []string{"steady-1", "steady-2", "steady-3"}

// Limits of the demo.
const (
	maxClients       = 40 // of the broadcast, the readers among them
	minRate, maxRate = 1, 100
	maxReading       = 1 << 30 // bytes a second
)

// path is the endpoint for the demo's pages. It is below /lab/ so that browsers send the key's
// cookie, and so that the x-ray leaves it out.
const path = "/lab/slow"

// demo is the running demo.
type demo struct {
	log      *slog.Logger
	keyed    func(*http.Request) bool
	secret   string // of the readers
	upgrader websocket.Upgrader
	hub      *hub
	slow     *reader
	steady   []*reader
	ctx      context.Context
	cancel   context.CancelFunc
	running  tasks.Group
	begin    sync.Once   // starts the readers, with the first page
	aborts   wire.Aborts // of the uploads

	mu      sync.Mutex // guards what follows
	reading int        // bytes a second of the slow client
	viewers map[*livepage.Viewer]struct{}
	uploads int
	conns   map[*client]net.Conn
	events  []event // the latest, oldest first
	happens int     // events so far
}

func start(env lesson.Env) (*lesson.Instance, error) {
	d := &demo{
		log: env.Log, keyed: func(*http.Request) bool {
			return false
		}, secret: rand.Text(), hub: newHub(),
		reading: unlimited, viewers: map[*livepage.Viewer]struct{}{}, conns: map[*client]net.Conn{},
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if env.Lab != nil {
		d.keyed = env.Lab.Keyed
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.slow = &reader{name: slowName, pace: newPace(unlimited), note: d.note}
	for _, name := range steadyNames {
		d.steady = append(d.steady, &reader{name: name, pace: newPace(unlimited), note: d.note})
	}
	d.running.Go(func() { d.hub.run(d.ctx) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", d.serveClient)
	mux.HandleFunc("GET /upload", d.serveUpload)
	mux.HandleFunc("POST /cut", d.aborts.ServeHTTP)
	mux.HandleFunc("GET "+path, d.serveViewer)
	mux.HandleFunc("POST "+path, livepage.Change(d.keyed, d.apply))
	return &lesson.Instance{Handler: mux, Clients: func() int {
		return len(d.hub.joined())
	}, Close: d.close}, nil
}

// close ends every connection and waits for the demo's goroutines.
func (d *demo) close(ctx context.Context) error {
	d.running.Refuse()
	d.hub.close()
	d.cancel()
	return d.running.Wait(ctx)
}

// startReaders starts the demo's own clients. They connect to the listener that has accepted the
// request, and so past any network or proxy before the demo.
func (d *demo) startReaders(r *http.Request) {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return
	}
	to := target{addr: addr.String(), host: r.Host, secure: r.TLS != nil, secret: d.secret}
	for _, one := range append([]*reader{d.slow}, d.steady...) {
		d.running.Go(func() { one.run(d.ctx, to) })
	}
}

var pageName = regexp.MustCompile(`^page-[0-9a-z-]{1,40}$`)

// serveClient adds a client to the broadcast: a page names itself, ?client=page-1, and the demo's
// readers prove that they are.
func (d *demo) serveClient(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("client")
	ours := subtle.ConstantTimeCompare([]byte(r.Header.Get(secretHeader)), []byte(d.secret)) == 1
	if !ours && !pageName.MatchString(name) {
		http.Error(w, "client must name the page, such as page-1", http.StatusBadRequest)
		return
	}
	if !d.running.Enter() {
		http.Error(w, "The demo is closing.", http.StatusServiceUnavailable)
		return
	}
	defer d.running.Leave()
	ws, err := d.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered with 400 or 403
	}
	if sized, ok := under[interface{ SetWriteBuffer(int) error }](ws.NetConn()); ok {
		_ = sized.SetWriteBuffer(sendBuffer)
	}
	c := newClient(name, socket(ws, d.hub.writeLimit))
	c.deadline = ws.NetConn().SetWriteDeadline
	if !d.hub.join(c, maxClients) {
		_ = ws.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "too many clients"),
			time.Now().Add(closeTime))
		_ = ws.Close()
		return
	}
	d.remember(c, ws.NetConn())
	c.serve(ws)
	d.hub.leave(c)
	d.forget(c)
	reason := context.Cause(c.ctx)
	d.log.Info("connection ended", "client", name, "reason", reason)
	if text := ended(reason); text != "" {
		d.note(event{Kind: eventEnded, Client: name, At: milliseconds(time.Now()), Reason: text})
	}
}

// ended returns the reason why the server ended a connection, or nothing if the client did.
func ended(reason error) string {
	switch reason {
	case errTooSlow, errTooMuch, errStuck:
		return reason.Error()
	}
	return ""
}

func (d *demo) remember(c *client, conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[c] = conn
}

func (d *demo) forget(c *client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
}

// enterUpload counts an upload. It returns false if there are too many, or if the demo is closing.
func (d *demo) enterUpload() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.uploads >= mostUploads || !d.running.Enter() {
		return false
	}
	d.uploads++
	return true
}

func (d *demo) leaveUpload() {
	d.mu.Lock()
	d.uploads--
	d.mu.Unlock()
	d.running.Leave()
}
