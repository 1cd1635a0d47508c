package web

import (
	"context"

	"realtimelab/internal/xray"
	"realtimelab/internal/xray/filter"
)

// find sets the page's filter and returns the rows whose bytes contain some of its words, with one
// bit for each word found. The page itself searches the rows' texts. An invalid filter finds
// nothing; the page shows its error.
func (p *panelPage) find(ctx context.Context, typed string) any {
	p.filter, _ = filter.Parse(typed)
	hits := [][2]uint64{}
	rows, _ := p.panel.xray.Rows(ctx) // an x-ray that has ended has no hits
	for _, r := range rows {
		if found := p.found(r); found != 0 && p.view.sees(r.Peer()) {
			hits = append(hits, [2]uint64{r.ID, uint64(found)})
		}
	}
	return map[string]any{"hits": hits, "find": typed}
}

func (p *panelPage) found(r *xray.Row) uint32 { return p.filter.Needles(r) }
