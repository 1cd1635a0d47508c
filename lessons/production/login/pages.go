package login

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/lesson"
	"realtimelab/internal/tasks"
)

// pagesPath is the WebSocket between the server and its own page. It is below /lab/, so that the
// lab checks its requests whatever the switches say, and so that browsers send the key's cookie.
const pagesPath = "/lab/login"

// pages are the demo's pages that are open. Each names its clients: page-1 is the page's own, and
// page-1-other that of the page of another origin beside it. The zero value is ready for use.
type pages struct {
	running tasks.Group

	mu       sync.Mutex // guards what follows
	closed   bool
	open     map[*page]struct{}
	browsers map[string]string // of a page, by the name of its client
}

// page is a page that is open.
type page struct {
	client  string
	browser string
	out     chan any // with room for what a page may leave unread
	ctx     context.Context
	end     context.CancelFunc
}

const (
	maxPages    = 300    // open at the same time: enough for a class
	maxBrowsers = 10_000 // names of clients
	maxUnread   = 100    // messages to a page
)

var clientName = regexp.MustCompile(`^[\w-]{1,40}$`)

// clientOf returns the name of the page that a request's client belongs to, or "".
func clientOf(r *http.Request) string {
	name := r.URL.Query().Get("client")
	if !clientName.MatchString(name) {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(name, "-other"), "-more")
}

// know remembers which browser the page of a request is in. It reports false if the name of the
// client belongs to a page in another browser.
func (p *pages) know(r *http.Request, browser string) bool {
	client := clientOf(r)
	if client == "" || browser == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if had, ok := p.browsers[client]; ok {
		return had == browser
	}
	if p.browsers == nil || len(p.browsers) >= maxBrowsers {
		p.browsers = map[string]string{}
	}
	p.browsers[client] = browser
	return true
}

// show includes the connection of a request in the x-ray of the browser that shows its client. The
// page of another site sends no cookie that says so.
func (p *pages) show(lab *lesson.Lab, r *http.Request) {
	if lab == nil || lab.Browser(r) != "" {
		return
	}
	p.mu.Lock()
	browser := p.browsers[clientOf(r)]
	p.mu.Unlock()
	lab.Show(r, browser)
}

// A verdict describes a request of a page's client and its answer. A script cannot read the status
// of a WebSocket's handshake, so the server tells the page.
type verdict struct {
	Client string `json:"client"`
	Line   string `json:"line"` // as an access log keeps it: method and target
	Status int    `json:"status"`
	Reason string `json:"reason,omitempty"`
	Origin string `json:"origin,omitempty"`
	Host   string `json:"host"`
	Site   string `json:"site,omitempty"` // Sec-Fetch-Site
	Cookie bool   `json:"cookie"`         // the request brought a session's cookie
}

// verdict tells the page that shows the request's client.
func (p *pages) verdict(r *http.Request, status int, reason string) {
	client := clientOf(r)
	if client == "" {
		return
	}
	_, err := r.Cookie(cookieName(r))
	v := verdict{
		Client: r.URL.Query().Get("client"), Line: r.Method + " " + r.URL.RequestURI(),
		Status: status, Reason: reason,
		Origin: r.Header.Get("Origin"), Host: r.Host, Site: r.Header.Get("Sec-Fetch-Site"),
		Cookie: err == nil,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for page := range p.open {
		if page.client == client && page.browser == p.browsers[client] {
			page.tell(map[string]any{"verdict": v})
		}
	}
}

// changed tells all pages the switches.
func (p *pages) changed(c checks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for page := range p.open {
		page.tell(map[string]any{"checks": c})
	}
}

// tell enqueues a message. A page that reads none is closed.
func (p *page) tell(message any) {
	select {
	case p.out <- message:
	default:
		p.end()
	}
}

// enter adds a page. It reports false if the server is closing or has too many.
func (p *pages) enter(n *page) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.open) >= maxPages || !p.running.Enter() {
		return false
	}
	if p.open == nil {
		p.open = map[*page]struct{}{}
	}
	p.open[n] = struct{}{}
	return true
}

func (p *pages) leave(n *page) {
	p.mu.Lock()
	delete(p.open, n)
	p.mu.Unlock()
	p.running.Leave()
}

// close ends the connections of all pages, and waits for them.
func (p *pages) close() {
	p.mu.Lock()
	p.closed = true
	for page := range p.open {
		page.end()
	}
	p.mu.Unlock()
	_ = p.running.Wait(context.Background()) // which never ends
}

// servePage serves the WebSocket of a page. The server sends
//
//	{"checks":{…},"keyed":true,"hostile":port,"times":{"token","warning","ticket","hello"}}   first; times in ms
//	{"checks":{…}}                                                                              after each change
//	{"verdict":{…}}                                                                             of each request of the page's clients
//
// and the page sends nothing.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	n := &page{client: clientOf(r), out: make(chan any, maxUnread)}
	keyed := false
	if s.lab != nil {
		n.browser, keyed = s.lab.Browser(r), s.lab.Keyed(r)
		if !s.pages.know(r, n.browser) {
			n.client = "" // it gets no verdicts
		}
	}
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer ws.Close()
	n.ctx, n.end = context.WithCancel(s.ctx)
	defer n.end()
	if !s.pages.enter(n) {
		_ = ws.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "too many pages"),
			time.Now().Add(time.Second))
		return
	}
	defer s.pages.leave(n)
	port := 0
	if s.hostile != nil {
		port = s.hostile.Port()
	}
	n.tell(map[string]any{"checks": s.state(), "keyed": keyed, "hostile": port,
		"times": map[string]int64{
			"token": s.cfg.TokenLife.Milliseconds(), "warning": s.cfg.Warning.Milliseconds(),
			"ticket": s.cfg.TicketLife.Milliseconds(), "hello": s.cfg.HelloTime.Milliseconds(),
		}})
	var reading sync.WaitGroup
	reading.Go(func() {
		defer n.end()
		ws.SetReadLimit(1 << 10)
		for {
			if _, _, err := ws.NextReader(); err != nil {
				return
			}
		}
	})
	n.write(ws)
	_ = ws.Close()
	reading.Wait()
}

func (p *page) write(ws *websocket.Conn) {
	for {
		select {
		case message := <-p.out:
			_ = ws.SetWriteDeadline(time.Now().Add(writeTime))
			if ws.WriteJSON(message) != nil {
				return
			}
		case <-p.ctx.Done():
			_ = ws.WriteControl(websocket.CloseMessage,
				websocket.FormatCloseMessage(websocket.CloseGoingAway, ""),
				time.Now().Add(time.Second))
			return
		}
	}
}
