package markdown

import (
	"fmt"
	stdhtml "html"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"realtimelab/internal/diagram"
)

// HTML configures the rendering of a Document as HTML.
type HTML struct {
	// Code and Table are the accessible names of code blocks and tables, which scroll sideways on
	// small screens and so take the keyboard's focus.
	Code, Table string

	// AsText names the folded text below a diagram.
	AsText string

	// Link returns the destination of an inline code span that begins the item of a list or a cell
	// of a table, as in a list of demos, or that stands in a quotation; "" means none. A nil Link
	// links none.
	Link func(code string) string
}

// Render returns the document as HTML. Every heading carries its ID and links to itself. The HTML
// has no inline style and no script.
func (h HTML) Render(d *Document) string {
	w := &htmlWriter{HTML: h, d: d, headings: d.Headings}
	w.children(d.root)
	return w.b.String()
}

// Inline returns a text of one paragraph as HTML, without the paragraph's element.
func (h HTML) Inline(d *Document) string {
	html := strings.TrimSpace(h.Render(d))
	return strings.TrimSuffix(strings.TrimPrefix(html, "<p>"), "</p>")
}

// Lines returns code as HTML with an element of class "line" for each line, its end included.
func Lines(language, code string) string {
	w := &htmlWriter{}
	w.b.WriteString(`<span class="line">`)
	for _, p := range highlight(language, code) {
		for i, part := range strings.Split(p.text, "\n") {
			if i > 0 {
				w.b.WriteString("\n</span><span class=\"line\">")
			}
			w.piece(piece{p.kind, part})
		}
	}
	w.b.WriteString("\n</span>")
	return w.b.String()
}

// piece writes a piece of code in its colour.
func (w *htmlWriter) piece(p piece) {
	if p.kind == plain {
		w.escaped(p.text)
		return
	}
	fmt.Fprintf(&w.b, `<span class="%s">%s</span>`,
		[...]string{keyword: "k", quoted: "s", comment: "c"}[p.kind], stdhtml.EscapeString(p.text))
}

type htmlWriter struct {
	HTML
	d        *Document
	b        strings.Builder
	headings []Heading // those still to come
	linked   bool      // inside a link
}

func (w *htmlWriter) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

// element writes an element with the children of n.
func (w *htmlWriter) element(name string, n ast.Node, end string) {
	w.b.WriteString("<" + name + ">")
	w.children(n)
	w.b.WriteString("</" + name + ">" + end)
}

func (w *htmlWriter) escaped(text string) { w.b.WriteString(stdhtml.EscapeString(text)) }

// link writes the children of n as a link, or without one if the destination is empty.
func (w *htmlWriter) link(to string, write func()) {
	if to == "" || w.linked {
		write()
		return
	}
	rel := ""
	if strings.HasPrefix(to, "http") {
		rel = ` rel="noreferrer"`
	}
	fmt.Fprintf(&w.b, `<a href="%s"%s>`, stdhtml.EscapeString(to), rel)
	w.linked = true
	write()
	w.linked = false
	w.b.WriteString("</a>")
}

func (w *htmlWriter) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		w.heading(n)
	case *ast.Paragraph:
		w.element("p", n, "\n")
	case *ast.TextBlock:
		w.children(n)
	case *ast.Blockquote:
		w.element("blockquote", n, "\n")
	case *ast.List:
		w.list(n)
	case *ast.ListItem:
		w.element("li", n, "\n")
	case *ast.ThematicBreak:
		w.b.WriteString("<hr>\n")
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		w.codeBlock(n)
	case *ast.HTMLBlock:
		if text := w.d.raw(n); text != "" {
			w.b.WriteString("<p>")
			w.escaped(text)
			w.b.WriteString("</p>\n")
		}
	case *extast.Table:
		w.table(n)
	case *details:
		w.b.WriteString("<details><summary>")
		summary := htmlWriter{HTML: w.HTML, d: n.summary}
		summary.children(n.summary.root.FirstChild())
		w.b.WriteString(summary.b.String() + "</summary>\n")
		w.children(n)
		w.b.WriteString("</details>\n")
	case *ast.Text:
		w.escaped(w.d.text(n))
		if n.HardLineBreak() {
			w.b.WriteString("<br>\n")
		}
	case *ast.CodeSpan:
		to := ""
		if w.Link != nil && mayLink(n) {
			to = w.Link(w.d.plain(n))
		}
		w.link(to, func() { w.element("code", n, "") })
	case *ast.Emphasis:
		w.element([]string{"em", "strong"}[min(n.Level, 2)-1], n, "")
	case *ast.Link:
		w.link(destination(n.Destination), func() { w.children(n) })
	case *ast.AutoLink:
		to := ""
		if n.AutoLinkType == ast.AutoLinkURL {
			to = destination(n.URL(w.d.source))
		}
		w.link(to, func() { w.escaped(w.d.plain(n)) })
	default: // images, raw HTML
		w.escaped(w.d.plain(n))
	}
}

// mayLink reports whether n begins the item of a list or a cell of a table, or stands in a
// quotation.
func mayLink(n ast.Node) bool {
	block := n.Parent()
	if block.Parent() != nil && block.Parent().Kind() == ast.KindBlockquote {
		return true
	}
	if n.PreviousSibling() != nil {
		return false
	}
	if block.Kind() == extast.KindTableCell {
		return true
	}
	return block.PreviousSibling() == nil && block.Parent() != nil &&
		block.Parent().Kind() == ast.KindListItem
}

func (w *htmlWriter) heading(n *ast.Heading) {
	if n.Parent() != w.d.root { // in a list or a quotation: part of no table of contents
		w.element(fmt.Sprintf("h%d", n.Level), n, "\n")
		return
	}
	id := stdhtml.EscapeString(w.headings[0].ID)
	w.headings = w.headings[1:]
	fmt.Fprintf(&w.b, `<h%d id="%s">`, n.Level, id)
	w.link("#"+id, func() { w.children(n) })
	fmt.Fprintf(&w.b, "</h%d>\n", n.Level)
}

func (w *htmlWriter) list(n *ast.List) {
	if !n.IsOrdered() {
		w.element("ul", n, "\n")
		return
	}
	start := ""
	if n.Start != 1 {
		start = fmt.Sprintf(` start="%d"`, n.Start)
	}
	w.b.WriteString("<ol" + start + ">")
	w.children(n)
	w.b.WriteString("</ol>\n")
}

func (w *htmlWriter) codeBlock(n ast.Node) {
	language, place := w.d.info(n)
	if language == "diagram" && w.diagram(n, place) {
		return
	}
	name := w.Code
	if place != "" {
		name = caption(language, place)
		w.b.WriteString("<figure><figcaption>")
		w.escaped(name)
		w.b.WriteString("</figcaption>")
	}
	fmt.Fprintf(&w.b, `<pre tabindex="0" role="group" aria-label="%s"><code>`,
		stdhtml.EscapeString(name))
	for _, p := range highlight(language, w.d.code(n)) {
		w.piece(p)
	}
	w.b.WriteString("</code></pre>")
	if place != "" {
		w.b.WriteString("</figure>")
	}
	w.b.WriteString("\n")
}

// diagram draws the diagram in a code block whose info is "diagram KIND TITLE", with its text
// folded below it. It reports whether the block is one.
func (w *htmlWriter) diagram(n ast.Node, info string) bool {
	kind, title, _ := strings.Cut(info, " ")
	text := w.d.code(n)
	svg, err := diagram.SVG(kind, title, text)
	if err != nil {
		return false // it is shown as text
	}
	fmt.Fprintf(&w.b,
		`<figure class="diagram"><div tabindex="0" role="group" aria-label="%s">%s</div><figcaption>`, stdhtml.EscapeString(title), svg)
	w.escaped(title)
	w.b.WriteString("</figcaption>")
	if w.AsText != "" {
		fmt.Fprintf(&w.b,
			`<details><summary>%s</summary><pre tabindex="0" role="group" aria-label="%[1]s">`,
			stdhtml.EscapeString(w.AsText))
		w.escaped(text)
		w.b.WriteString("</pre></details>")
	}
	w.b.WriteString("</figure>\n")
	return true
}

func (w *htmlWriter) table(n *extast.Table) {
	fmt.Fprintf(&w.b, `<div class="table" tabindex="0" role="group" aria-label="%s"><table>`,
		stdhtml.EscapeString(w.Table))
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		_, head := row.(*extast.TableHeader)
		open, end := "<tr>", "</tr>\n"
		name, scope := "td", ""
		if head {
			open, end, name, scope = "<thead><tr>", "</tr></thead>\n<tbody>", "th", ` scope="col"`
		}
		w.b.WriteString(open)
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			class := ""
			switch cell.(*extast.TableCell).Alignment {
			case extast.AlignRight:
				class = ` class="right"`
			case extast.AlignCenter:
				class = ` class="center"`
			}
			name, scope := name, scope
			if cell.FirstChild() == nil {
				name, scope = "td", "" // the corner of a table heads nothing
			}
			fmt.Fprintf(&w.b, "<%s%s%s>", name, scope, class)
			w.children(cell)
			fmt.Fprintf(&w.b, "</%s>", name)
		}
		w.b.WriteString(end)
	}
	w.b.WriteString("</tbody></table></div>\n")
}
