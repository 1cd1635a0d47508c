package web

import (
	"bytes"
	"context"
	"encoding/hex"
	"regexp"
	"strings"

	"realtimelab/internal/xray"
)

// A query holds the text and the bytes that a page searches for. The zero query matches nothing.
type query struct {
	text  []byte // in lower case
	bytes []byte // as written in hexadecimal; may be empty
}

// hexBytes matches bytes such as "81 05" or "0x81".
var hexBytes = regexp.MustCompile(`^(?:0x[0-9a-f]{2}|[0-9a-f]{2}(?: [0-9a-f]{2})+)$`)

// parseQuery parses what a reader typed. Text matches without regard to case. Bytes in hexadecimal,
// at least two with spaces between them or one after 0x, match those bytes, too.
func parseQuery(typed string) query {
	typed = strings.ToLower(strings.TrimSpace(typed))
	q := query{text: []byte(typed)}
	if hexBytes.MatchString(typed) {
		q.bytes, _ = hex.DecodeString(strings.ReplaceAll(strings.TrimPrefix(typed, "0x"), " ", ""))
	}
	return q
}

// matches reports whether the row's bytes, or another form of them, have what the query looks for.
// The bytes of a TCP row match through the rows above it.
func (q query) matches(r *xray.Row) bool {
	if len(q.text) == 0 || r.Layer == xray.TCP && !r.Message {
		return false
	}
	if q.in(r.Data) {
		return true
	}
	for _, v := range r.Views {
		if q.in(v.Data) {
			return true
		}
	}
	return false
}

func (q query) in(data []byte) bool {
	return bytes.Contains(bytes.ToLower(data), q.text) || len(q.bytes) > 0 && bytes.Contains(data, q.bytes)
}

// find sets the page's query and returns the rows that match it.
func (p *panelPage) find(ctx context.Context, typed string) any {
	p.query = parseQuery(typed)
	hits := []uint64{}
	rows, _ := p.panel.xray.Rows(ctx) // an x-ray that has ended has no hits
	for _, r := range rows {
		if p.view.sees(r.Peer()) && p.query.matches(r) {
			hits = append(hits, r.ID)
		}
	}
	return map[string]any{"hits": hits, "find": typed}
}
