// Package markdown renders the lab's texts: as HTML for pages, and as lines for terminals.
//
// Texts are CommonMark with tables, details and diagrams. Other raw HTML is shown as text, never
// passed on; its comments are left out. A link may point to http, https, a path of the same server,
// or a place in the same text; any other link becomes its text. An image becomes its alternative
// text.
package markdown

import (
	"bufio"
	"fmt"
	stdhtml "html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"realtimelab/internal/terminal"
)

// A Document is a parsed text. Several goroutines may render it at the same time.
type Document struct {
	// Headings lists the headings in order. Change an ID before the document is rendered, never
	// while it is.
	Headings []Heading

	source []byte
	root   ast.Node
}

// A Heading is the heading of a section.
type Heading struct {
	Level int    // 1 to 6
	ID    string // unique in its document; the fragment of a link to the section
	Text  string // without markup
}

// Parse parses a text. Every text is valid Markdown.
func Parse(source string) *Document {
	p := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200))...),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
	d := &Document{source: []byte(source)}
	d.root = p.Parse(text.NewReader(d.source))
	d.fold()
	taken := map[string]bool{}
	for n := d.root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok {
			continue
		}
		words := d.plain(h)
		id := slug(words)
		for i := 2; taken[id]; i++ {
			id = fmt.Sprintf("%s-%d", slug(words), i)
		}
		taken[id] = true
		d.Headings = append(d.Headings, Heading{h.Level, id, words})
	}
	return d
}

// slug turns a heading into a fragment: its letters and digits in lower case, with a hyphen for
// each gap.
func slug(heading string) string {
	words := strings.FieldsFunc(strings.ToLower(heading), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if len(words) == 0 {
		return "section"
	}
	return strings.Join(words, "-")
}

// plain returns the text of a node and of those inside it, without markup.
func (d *Document) plain(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Text:
		return d.text(n)
	case *ast.String:
		return string(n.Value)
	case *ast.AutoLink:
		return string(n.Label(d.source))
	case *ast.RawHTML:
		return comments.ReplaceAllString(string(n.Segments.Value(d.source)), "")
	}
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		b.WriteString(d.plain(c))
	}
	return b.String()
}

// text returns a text node with its escapes and entities resolved, and with a space for the end of
// a line. Between two Chinese characters, the end of a line is nothing.
func (d *Document) text(n *ast.Text) string {
	value := string(n.Segment.Value(d.source))
	if _, code := n.Parent().(*ast.CodeSpan); !code && !n.IsRaw() {
		var b strings.Builder
		w := bufio.NewWriterSize(&b, 256)
		html.DefaultWriter.Write(w, n.Segment.Value(d.source))
		w.Flush()
		value = stdhtml.UnescapeString(b.String())
	}
	if n.SoftLineBreak() && !n.HardLineBreak() {
		last, _ := utf8.DecodeLastRuneInString(value)
		next := utf8.RuneError
		if n.NextSibling() != nil {
			next, _ = utf8.DecodeRuneInString(d.plain(n.NextSibling()))
		}
		if !terminal.Wide(last) || !terminal.Wide(next) {
			value += " "
		}
	}
	return value
}

// code returns the lines of a code block.
func (d *Document) code(n ast.Node) string {
	return strings.TrimRight(string(n.Lines().Value(d.source)), "\n")
}

// info returns the language of a fenced code block, and the rest of the line that opens it.
func (d *Document) info(n ast.Node) (language, rest string) {
	fenced, ok := n.(*ast.FencedCodeBlock)
	if !ok || fenced.Info == nil {
		return "", ""
	}
	language, rest, _ = strings.Cut(strings.TrimSpace(string(fenced.Info.Segment.Value(d.source))),
		" ")
	return language, strings.TrimSpace(rest)
}

var comments = regexp.MustCompile(`(?s)<!--.*?-->`)

// raw returns a block of raw HTML as it was written, without its comments.
func (d *Document) raw(n *ast.HTMLBlock) string {
	text := string(n.Lines().Value(d.source))
	if n.HasClosure() {
		text += string(n.ClosureLine.Value(d.source))
	}
	return strings.TrimSpace(comments.ReplaceAllString(text, ""))
}

// destination returns where a link points to, or "" if a text of the lab may not link there.
func destination(written []byte) string {
	to := string(util.URLEscape(written, true)) // with its entities resolved
	u, err := url.Parse(to)
	switch {
	case err != nil, strings.ContainsFunc(to, unicode.IsControl):
		return ""
	case u.Scheme == "http", u.Scheme == "https":
		if u.Host == "" || u.User != nil {
			return ""
		}
		return to
	case u.Scheme != "", u.Host != "", strings.HasPrefix(to, "//"):
		return ""
	case strings.HasPrefix(to, "/"), strings.HasPrefix(to, "#"):
		return to
	}
	return ""
}
