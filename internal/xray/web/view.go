package web

import (
	"net/http"

	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// view states which connections of an x-ray one client may see.
type view struct {
	Everyone bool `json:"everyone"` // all connections, not only the browser's own
	Keyed    bool `json:"keyed"`    // the client holds the key and may choose everyone
	Named    bool `json:"named"`    // the client sent its browser's cookie
	LabFiles bool `json:"labFiles"` // rows of requests for the lab's own files are included
	Lessons  bool `json:"lessons"`  // the server has the lessons' pages

	// Run identifies the x-ray. With another one, the ids of rows start again.
	Run string `json:"run"`

	browser string
}

// everyone is the query parameter that requests all connections.
const everyone = "everyone"

// view returns the view that the request asks for, and whether it is allowed. A client without a
// browser's cookie sees everyone if it holds the key, and nothing otherwise.
func (p *Panel) view(r *http.Request) (v view, allowed bool) {
	v = view{Keyed: p.config.Keyed(r), LabFiles: p.config.LabFiles, Lessons: p.config.Lessons,
		Run: p.run, browser: BrowserOf(r)}
	v.Named = v.browser != ""
	v.Everyone = !p.config.ByBrowser || r.URL.Query().Has(everyone) || v.Keyed && !v.Named
	return v, v.Keyed || !v.Everyone
}

// sees reports whether the connection is in the view.
func (v view) sees(c *tap.Peer) bool {
	owner, _ := c.Owner()
	return v.Everyone || v.browser != "" && owner == v.browser
}

// waits reports whether the connection may still come into the view, because no browser has claimed
// it yet.
func (v view) waits(c *tap.Peer) bool {
	_, claimed := c.Owner()
	return !v.Everyone && !claimed
}

// refusal answers clients that ask for more than they may see.
const refusal = "Only the person who started the lab can see all connections. Open the page with " +
	"the key: its URL is in the terminal."

// maxWaiting bounds the rows of unclaimed connections that one page's view holds.
const maxWaiting = 100

// rowView reads a view's rows as they arrive. Only one goroutine may use it.
type rowView struct {
	view
	tap     *tap.Tap
	rows    *xray.Watcher
	batch   []*xray.Row
	waiting []*xray.Row // of unclaimed connections, oldest first
	claimed int64       // the tap's count of claims when waiting was last examined
}

func newRowView(v view, x *xray.Xray) *rowView {
	return &rowView{view: v, tap: x.Tap(), rows: x.Watch(), batch: make([]*xray.Row, panelBatch)}
}

// readBatches bounds how many batches of other clients' rows one read skips.
const readBatches = 100

// read returns the next rows, about panelBatch at most. Rows of a connection that is claimed late
// arrive late, with lower ids than rows already shown.
func (v *rowView) read() (shown []*xray.Row) {
	for range readBatches {
		n := v.rows.Read(v.batch)
		for _, r := range v.batch[:n] {
			switch {
			case v.sees(r.Peer()):
				shown = append(shown, r)
			case v.waits(r.Peer()):
				v.waiting = append(v.waiting, r)
			}
		}
		if n < len(v.batch) || len(shown) >= panelBatch {
			break
		}
	}
	if more := len(v.waiting) - maxWaiting; more > 0 {
		v.waiting = append(v.waiting[:0], v.waiting[more:]...)
	}
	if claimed := v.tap.Claimed(); claimed != v.claimed {
		v.claimed = claimed
		shown = append(v.settle(), shown...)
	}
	return shown
}

// settle returns the waiting rows that now belong to the view, and drops the rows that another
// browser claimed.
func (v *rowView) settle() (shown []*xray.Row) {
	kept := v.waiting[:0]
	for _, r := range v.waiting {
		if v.sees(r.Peer()) {
			shown = append(shown, r)
		} else if v.waits(r.Peer()) {
			kept = append(kept, r)
		}
	}
	v.waiting = kept
	return shown
}
