package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"realtimelab/internal/xray"
)

// Seen holds the connections, layers and events of the rows so far, for completion.
type Seen struct {
	Conns  []uint64
	Layers []xray.Layer // empty: all
	Events []string
}

// Note adds the connection, layer and event of a row.
func (s *Seen) Note(r *xray.Row) {
	const most = 200
	if !slices.Contains(s.Conns, r.Conn) && len(s.Conns) < most {
		s.Conns = append(s.Conns, r.Conn)
	}
	if !slices.Contains(s.Layers, r.Layer) {
		s.Layers = append(s.Layers, r.Layer)
	}
	if r.Name != "" && !slices.Contains(s.Events, r.Name) && len(s.Events) < most {
		s.Events = append(s.Events, r.Name)
	}
}

// Complete returns the index of the character at which a filter's last term begins, and the terms
// that complete it. It returns no terms if the last one is empty or already complete.
func Complete(text string, seen Seen) (start int, terms []string) {
	runes := []rune(text)
	start = lastTerm(runes)
	typed := string(runes[start:])
	bare, not := strings.CutPrefix(typed, "-")
	if bare == "" {
		return start, nil
	}
	for _, c := range candidates(seen) {
		if strings.HasPrefix(c, bare) && c != bare {
			if not {
				c = "-" + c
			}
			terms = append(terms, c)
		}
	}
	return start, terms
}

// lastTerm returns where the last term begins, which may be a quote that is still open.
func lastTerm(runes []rune) int {
	start, quoted := 0, false
	for i, r := range runes {
		switch {
		case r == '"' && (i == 0 || runes[i-1] != '\\'):
			quoted = !quoted
		case unicode.IsSpace(r) && !quoted:
			start = i + 1
		}
	}
	return start
}

func candidates(seen Seen) (all []string) {
	for _, key := range []string{"from", "to"} {
		for _, end := range ends {
			all = append(all, key+":"+end)
		}
	}
	for _, l := range xray.Layers {
		if len(seen.Layers) == 0 || slices.Contains(seen.Layers, l) {
			all = append(all, "layer:"+string(l))
		}
	}
	for _, name := range seen.Events {
		all = append(all, "event:"+Quote(name))
	}
	for _, kind := range kinds {
		all = append(all, "kind:"+kind)
	}
	for _, end := range ends {
		all = append(all, "side:"+end)
	}
	all = append(all, "size>", "size<", "size>=", "size<=", "size=", "row=")
	for _, id := range seen.Conns {
		all = append(all, "#"+strconv.FormatUint(id, 10))
	}
	return all
}

// Quote returns text in the form that a term needs: in quotes if it has spaces or signs.
func Quote(text string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || r == '.'
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
