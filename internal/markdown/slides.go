package markdown

import (
	"fmt"
	stdhtml "html"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// A Slide is a part of a document that fits a projector.
type Slide struct {
	Heading Heading // of the section that the slide belongs to
	Part    int     // 1 for the first slide of its section
	Asks    bool    // it holds a question, and its answer is the next slide
	HTML    string  // without the heading
}

// The height of a slide, in lines of text. A line of code is smaller.
const (
	slideLines = 12.0
	slideCells = 70 // of a line
	codeLine   = 0.75
	codeLines  = 18 // of one block on one slide
)

// A block is a piece of a section that stays on one slide.
type block struct {
	lines float64
	html  string

	list        *ast.List // the piece is an item of it, or nil
	open, close string    // of the list

	leads bool // it ends in a colon, so the next block belongs to it
}

// Slides returns the document as slides. Each heading begins a new one. A section that is too long
// for one slide goes on with the next; it is split between paragraphs, items of a list, and parts
// of code. A folded answer is a slide of its own, after its question.
func (h HTML) Slides(d *Document) []Slide {
	deck := slideDeck{}
	headings := d.Headings
	for n := d.root.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			deck.begin(headings[0])
			headings = headings[1:]
		case *ast.List:
			for i, item := 0, n.FirstChild(); item != nil; i, item = i+1, item.NextSibling() {
				deck.add(h.item(d, n, item, i))
			}
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for _, b := range h.code(d, n) {
				deck.add(b)
			}
		case *details:
			summary := strings.TrimSuffix(strings.TrimPrefix(h.of(n.summary,
				n.summary.root.FirstChild()), "<p>"), "</p>\n")
			deck.flush()
			deck.add(block{html: `<p class="question">` + summary + "</p>\n"})
			deck.flush()
			deck.slides[len(deck.slides)-1].Asks = true
			deck.add(block{lines: 1, html: `<p class="asked">` + summary + "</p>\n"})
			for inside := n.FirstChild(); inside != nil; inside = inside.NextSibling() {
				deck.add(block{lines: d.lines(inside, slideCells), html: h.of(d, inside)})
			}
			deck.flush()
		case *ast.ThematicBreak:
		default:
			html := h.of(d, n)
			if strings.TrimSpace(html) != "" {
				deck.add(block{lines: d.lines(n, slideCells), html: html,
					leads: n.Kind() == ast.KindParagraph && endsInColon(d.plain(n))})
			}
		}
	}
	deck.begin(Heading{})
	return deck.slides
}

// of returns one node as HTML.
func (h HTML) of(d *Document, n ast.Node) string {
	w := &htmlWriter{HTML: h, d: d}
	w.node(n)
	return w.b.String()
}

// item returns an item of a list as a block. i counts the items from 0.
func (h HTML) item(d *Document, list *ast.List, item ast.Node, i int) block {
	b := block{lines: d.lines(item, slideCells-4), html: h.of(d, item), list: list, open: "<ul>",
		close: "</ul>\n"}
	if list.IsOrdered() {
		b.open, b.close = fmt.Sprintf(`<ol start="%d">`, list.Start+i), "</ol>\n"
	}
	return b
}

// code returns a code block in parts that fit a slide each. A diagram is one part.
func (h HTML) code(d *Document, n ast.Node) (parts []block) {
	language, place := d.info(n)
	if language == "diagram" {
		return []block{{lines: slideLines - 2, html: h.of(d, n)}}
	}
	pieces := splitCode(d.code(n))
	for i, code := range pieces {
		var names []string
		if place != "" {
			names = append(names, caption(language, place))
		}
		if len(pieces) > 1 {
			names = append(names, fmt.Sprintf("(%d/%d)", i+1, len(pieces)))
		}
		w := &htmlWriter{HTML: h, d: d}
		w.b.WriteString(`<figure class="code">`)
		if len(names) > 0 {
			fmt.Fprintf(&w.b, "<figcaption>%s</figcaption>",
				stdhtml.EscapeString(strings.Join(names, " ")))
		}
		w.b.WriteString("<pre><code>")
		for _, p := range highlight(language, code) {
			w.piece(p)
		}
		w.b.WriteString("</code></pre></figure>\n")
		parts = append(parts, block{lines: codeLine*float64(strings.Count(code, "\n")+1) + 1.5,
			html: w.b.String()})
	}
	return parts
}

// splitCode splits code that is too long for a slide into parts of about the same length. A part
// ends before an empty line if it can, else before a line with little indentation.
func splitCode(code string) (parts []string) {
	lines := strings.Split(code, "\n")
	count := (len(lines) + codeLines - 1) / codeLines
	for ; count > 1; count-- {
		want, best, cost := (len(lines)+count-1)/count, 0, 0
		for end := max(1, want-5); end < min(len(lines), codeLines+1); end++ {
			c := 2 * max(end-want, want-end)
			if lines[end] != "" {
				c += 10 + 4*indentation(lines[end])
			}
			if best == 0 || c < cost {
				best, cost = end, c
			}
		}
		if best == 0 {
			break
		}
		parts = append(parts, strings.Join(lines[:best], "\n"))
		for lines = lines[best:]; len(lines) > 1 && lines[0] == ""; {
			lines = lines[1:]
		}
	}
	return append(parts, strings.Join(lines, "\n"))
}

// indentation returns the depth of a line of code. A line that closes a block belongs to the lines
// above it.
func indentation(line string) int {
	inner := strings.TrimLeft(line, "\t ")
	depth := strings.Count(strings.ReplaceAll(line[:len(line)-len(inner)], "  ", "\t"), "\t")
	if strings.HasPrefix(inner, "}") || strings.HasPrefix(inner, ")") {
		depth += 3
	}
	return depth
}

func endsInColon(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasSuffix(text, ":") || strings.HasSuffix(text, "：")
}

// lines estimates how many lines a node needs if each has that many cells.
func (d *Document) lines(n ast.Node, cells int) (lines float64) {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return float64((ansi.StringWidth(d.plain(n))+cells-1)/cells) + 0.4
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return codeLine*float64(n.Lines().Len()) + 1
	case *extast.Table:
		columns := max(1, n.FirstChild().ChildCount())
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			all := 0
			for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
				all = max(all, (ansi.StringWidth(d.plain(cell))*columns+cells-1)/cells)
			}
			lines += float64(max(1, all))*0.9 + 0.3
		}
		return lines
	}
	if n.FirstChild() == nil || n.FirstChild().Type() == ast.TypeInline {
		return float64((ansi.StringWidth(d.plain(n))+cells-1)/cells) + 0.4
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		lines += d.lines(c, cells-2)
	}
	return lines
}

// slideDeck collects blocks into slides.
type slideDeck struct {
	slides  []Slide
	heading Heading
	part    int // slides of the heading so far

	blocks []block // of the slide at hand
	lines  float64
}

// begin starts a section. A section without text of its own has a slide with its heading alone.
func (s *slideDeck) begin(h Heading) {
	s.flush()
	if s.part == 0 && s.heading.Text != "" && h.Level <= s.heading.Level {
		s.slides = append(s.slides, Slide{Heading: s.heading, Part: 1})
	}
	s.heading, s.part = h, 0
}

// add adds a block to the slide at hand, or to a new one if it does not fit. The paragraph that
// leads to the block goes with it.
func (s *slideDeck) add(b block) {
	if len(s.blocks) > 0 && s.lines+b.lines > slideLines {
		last := s.blocks[len(s.blocks)-1]
		if last.leads && len(s.blocks) > 1 {
			s.blocks = s.blocks[:len(s.blocks)-1]
			s.flush()
			s.blocks, s.lines = []block{last}, last.lines
		} else if !last.leads {
			s.flush()
		}
	}
	s.blocks = append(s.blocks, b)
	s.lines += b.lines
}

// flush ends the slide at hand.
func (s *slideDeck) flush() {
	if len(s.blocks) == 0 {
		return
	}
	var html strings.Builder
	for i, b := range s.blocks {
		if b.list != nil && (i == 0 || s.blocks[i-1].list != b.list) {
			html.WriteString(b.open)
		}
		html.WriteString(b.html)
		if b.list != nil && (i == len(s.blocks)-1 || s.blocks[i+1].list != b.list) {
			html.WriteString(b.close)
		}
	}
	s.part++
	s.slides = append(s.slides, Slide{Heading: s.heading, Part: s.part, HTML: html.String()})
	s.blocks, s.lines = nil, 0
}
