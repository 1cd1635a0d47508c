// Package filter reads the language in which a reader says which rows of an x-ray to show. The
// terminal, the flag --filter and the pages speak it; the pages' half is
// web/shared/xray-language.js. The table testdata/cases.json holds the two together.
//
//	chat                 the word is in the row, or in its bytes; case does not matter
//	"chat message"       these words, in this order
//	/bread|butter/       a regular expression
//	81 05, 0x8105        bytes
//	#3                   connection 3
//	row=54               row 54; also <, >, <= and >=
//	from:client          the same as to:server, and as →
//	layer:ws,sse         one of these layers
//	event:"chat message" the event with exactly this name
//	kind:close           heartbeat, upgrade, close, cut, end, failure, or problem
//	side:server          of a proxy
//	size>100             more than 100 bytes; also <, >=, <=, =
//	-word, -layer:tcp    the opposite
//
// A row passes if it passes every term.
package filter

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// A Filter says which rows to show. The zero Filter shows all.
type Filter struct {
	terms   []term
	needles []needle
}

// term is one condition.
type term struct {
	not    bool
	needle int // index of the needle that the term searches for; -1 for other terms
	passes func(*xray.Row) bool
}

// MaxNeedles bounds the words, phrases, bytes and regular expressions of a filter, and MaxLength
// its characters.
const (
	MaxNeedles = 16
	MaxLength  = 300
)

// Empty reports whether the filter shows all rows.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// Match reports whether the row passes. It searches for words in the row's text in this language,
// and in its bytes.
func (f Filter) Match(r *xray.Row, language lang.Lang) bool {
	said := ""
	if len(f.needles) > 0 {
		said = Said(r, language)
	}
	for _, t := range f.terms {
		var has bool
		if t.needle >= 0 {
			n := f.needles[t.needle]
			has = n.said(said) || n.in(r)
		} else {
			has = t.passes(r)
		}
		if has == t.not {
			return false
		}
	}
	return true
}

// Said returns the text of a row that words are searched for in.
func Said(r *xray.Row, language lang.Lang) string {
	said := fmt.Sprintf("%s #%d %s", r.Layer, r.Conn, r.Summary.In(language))
	if r.Problem != nil {
		said += " ! " + r.Problem.In(language)
	}
	return said
}

// Needles returns which of the filter's words, phrases, bytes and regular expressions the row's
// bytes have: bit 0 stands for the first of them in the filter. The bytes of a TCP row count
// through the rows above it.
func (f Filter) Needles(r *xray.Row) (found uint32) {
	for i, n := range f.needles {
		if n.in(r) {
			found |= 1 << i
		}
	}
	return found
}

// needle is a word, a phrase, bytes or a regular expression of a term.
type needle struct {
	text    []byte // in lower case; nil for a regular expression
	bytes   []byte // written in hexadecimal; nil for other words
	pattern *regexp.Regexp
}

// hexBytes matches bytes such as "81 05" or "0x8105", in lower case.
var hexBytes = regexp.MustCompile(`^(?:0x(?:[0-9a-f]{2})+|[0-9a-f]{2}(?: [0-9a-f]{2})+)$`)

func newNeedle(text string) needle {
	text = strings.ToLower(text)
	n := needle{text: []byte(text)}
	if hexBytes.MatchString(text) {
		n.bytes, _ = hex.DecodeString(strings.ReplaceAll(strings.TrimPrefix(text, "0x"), " ", ""))
	}
	return n
}

// said reports whether a text has the needle.
func (n needle) said(text string) bool {
	if n.pattern != nil {
		return n.pattern.MatchString(text)
	}
	return strings.Contains(strings.ToLower(text), string(n.text))
}

// in reports whether a row's bytes, or another form of them, have the needle.
func (n needle) in(r *xray.Row) bool {
	if r.Layer == xray.TCP && !r.Message {
		return false
	}
	if n.inBytes(r.Data) {
		return true
	}
	return slices.ContainsFunc(r.Views, func(v xray.View) bool { return n.inBytes(v.Data) })
}

func (n needle) inBytes(data []byte) bool {
	if n.pattern != nil {
		return n.pattern.Match(data)
	}
	return bytes.Contains(bytes.ToLower(data), n.text) ||
		len(n.bytes) > 0 && bytes.Contains(data, n.bytes)
}

// The words of the language that have a fixed set of values.
var (
	ends  = []string{"client", "server"}
	kinds = []string{string(xray.Heartbeat), string(xray.Upgrade), string(xray.Close),
		string(xray.Cut), string(xray.End), string(xray.Failure), problem}
)

// problem passes the rows with a Problem, and rows of kind failure or cut.
const problem = "problem"

func layerNames() []string {
	names := make([]string, len(xray.Layers))
	for i, l := range xray.Layers {
		names[i] = string(l)
	}
	return names
}

// directed passes the rows of a direction.
func directed(dir tap.Direction) func(*xray.Row) bool {
	return func(r *xray.Row) bool { return r.Dir == dir }
}

// isOfKind reports whether a row is of a kind.
func isOfKind(r *xray.Row, kind string) bool {
	if kind == problem {
		return r.Problem != nil || r.Kind == xray.Failure || r.Kind == xray.Cut
	}
	return string(r.Kind) == kind
}
