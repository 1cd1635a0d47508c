package markdown

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"realtimelab/internal/terminal"
)

// Terminal returns a text as lines for a terminal that is width cells wide, in the colours that the
// renderer's output has. Without colours, Markdown's own marks take their place. Lines of code are
// never broken, so they may be wider. Control characters in the text are shown, not passed on.
func Terminal(source string, width int, r *lipgloss.Renderer) string {
	t := newTermWriter(r)
	t.d = Parse(source)
	return strings.Join(t.blocks(t.d.root, max(width, minTerminal)), "\n")
}

// TerminalCode returns code for a terminal, in the colours that Terminal gives to a code block. Its
// lines are neither broken nor indented.
func TerminalCode(language, code string, r *lipgloss.Renderer) string {
	return newTermWriter(r).highlighted(language, code)
}

// minTerminal is the least width, in cells, that a text is laid out for.
const minTerminal = 10

type termWriter struct {
	d     *Document
	r     *lipgloss.Renderer
	marks bool // the output has no colours

	accent, soft, quoted, code lipgloss.Style
}

func newTermWriter(r *lipgloss.Renderer) *termWriter {
	colour := func(light, dark string) lipgloss.Style {
		return r.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: light, Dark: dark})
	}
	return &termWriter{
		r: r, marks: r.ColorProfile() == termenv.Ascii,
		accent: colour("25", "75"), soft: colour("242", "246"), quoted: colour("28", "78"),
		code: colour("125", "216"),
	}
}

// blocks returns the lines of the blocks inside n, with an empty line between two, unless they are
// the items of a tight list.
func (t *termWriter) blocks(n ast.Node, width int) (lines []string) {
	list, _ := n.(*ast.List)
	number := 0
	if list != nil {
		number = list.Start
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if raw, ok := c.(*ast.HTMLBlock); ok && t.d.raw(raw) == "" {
			continue
		}
		_, tight := c.(*ast.List) // below the text of its item
		tight = tight && c.PreviousSibling() != nil &&
			c.PreviousSibling().Kind() == ast.KindTextBlock
		if len(lines) > 0 && !tight && (list == nil || !list.IsTight) {
			lines = append(lines, "")
		}
		if first, ok := c.(*details); ok {
			var folded []string
			folded, c = t.folded(first, width)
			lines = append(lines, folded...)
			continue
		}
		if list == nil {
			lines = append(lines, t.block(c, width)...)
			continue
		}
		mark := "• "
		if list.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		indent := ansi.StringWidth(mark)
		item := t.blocks(c, max(width-indent, minTerminal))
		lines = append(lines, prefixed(item, t.accent.Render(mark[:len(mark)-1])+" ",
			strings.Repeat(" ", indent))...)
	}
	return lines
}

// folded returns the lines of the details that stand next to each other, and the last of them:
// their summaries, then what they fold below a heading. In the lab's texts these are questions and
// answers.
func (t *termWriter) folded(first *details, width int) (lines []string, last ast.Node) {
	var answers []string
	heading := "Answers"
	number := 1
	for last = first; ; last = last.NextSibling() {
		n := last.(*details)
		of := *t
		of.d = n.summary
		mark := fmt.Sprintf("%d. ", number)
		indent := strings.Repeat(" ", len(mark))
		numbered := func(lines []string) []string {
			return prefixed(lines, t.accent.Render(mark[:len(mark)-1])+" ", indent)
		}
		lines = append(lines,
			numbered(wrapped(of.inline(n.summary.root.FirstChild(), t.r.NewStyle()),
				max(width-len(mark), minTerminal)))...)
		answers = append(append(answers, ""),
			numbered(t.blocks(n, max(width-len(mark), minTerminal)))...)
		if strings.ContainsFunc(n.summary.plain(n.summary.root), terminal.Wide) {
			heading = "答案"
		}
		if next := last.NextSibling(); next == nil || next.Kind() != kindDetails {
			break
		}
		number++
	}
	style := t.r.NewStyle().Bold(true)
	if t.marks {
		heading = "### " + heading
	}
	return append(append(lines, "", style.Render(heading)), answers...), last
}

// prefixed puts first before the first line and rest before the others.
func prefixed(lines []string, first, rest string) []string {
	all := make([]string, 0, len(lines))
	for i, line := range lines {
		switch {
		case i == 0:
			line = first + line
		case line != "":
			line = rest + line
		}
		all = append(all, line)
	}
	return all
}

func (t *termWriter) block(n ast.Node, width int) []string {
	plain := t.r.NewStyle()
	switch n := n.(type) {
	case *ast.Heading:
		style := t.accent.Bold(true)
		head := ""
		switch {
		case t.marks:
			head = strings.Repeat("#", n.Level) + " "
		case n.Level == 1:
			style = style.Reverse(true)
			return wrapped(style.Render(" ")+t.inline(n, style)+style.Render(" "), width)
		case n.Level > 2:
			style = plain.Bold(true)
		}
		return wrapped(head+t.inline(n, style), width)
	case *ast.List:
		return t.blocks(n, width)
	case *ast.Blockquote:
		bar := t.soft.Render("│") + " "
		return prefixed(t.blocks(n, max(width-2, minTerminal)), bar, bar)
	case *ast.ThematicBreak:
		return []string{t.soft.Render(strings.Repeat("─", min(width, 40)))}
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return t.codeBlock(n)
	case *ast.HTMLBlock:
		return wrapped(terminal.CleanLines(t.d.raw(n)), width)
	case *extast.Table:
		return t.table(n, width)
	}
	return wrapped(t.inline(n, plain), width)
}

func wrapped(text string, width int) []string {
	return strings.Split(terminal.Wrap(text, width), "\n")
}

// inline returns the text inside n in a style, with the styles of its own parts added.
func (t *termWriter) inline(n ast.Node, style lipgloss.Style) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.WriteString(style.Render(terminal.Clean(t.d.text(c))))
			if c.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.CodeSpan:
			b.WriteString(t.marked(t.inline(c, t.code.Inherit(style)), "`"))
		case *ast.Emphasis:
			if c.Level == 2 {
				b.WriteString(t.marked(t.inline(c, style.Bold(true)), "**"))
				continue
			}
			b.WriteString(t.marked(t.inline(c, style.Italic(true)), "*"))
		case *ast.Link:
			b.WriteString(t.inline(c, style))
			if to := destination(c.Destination); strings.HasPrefix(to, "http") {
				b.WriteString(" " + t.soft.Render("<"+terminal.Clean(to)+">"))
			}
		default: // autolinks, images, raw HTML
			b.WriteString(style.Render(terminal.Clean(t.d.plain(c))))
		}
	}
	return b.String()
}

// marked puts a mark around text for readers without colours.
func (t *termWriter) marked(text, mark string) string {
	if !t.marks {
		return text
	}
	return mark + text + mark
}

func (t *termWriter) codeBlock(n ast.Node) []string {
	const indent = "  "
	language, place := t.d.info(n)
	code := t.highlighted(language, t.d.code(n))
	if place != "" {
		code = t.soft.Render(terminal.Clean(caption(language, place))) + "\n" + code
	}
	return prefixed(strings.Split(code, "\n"), indent, indent)
}

// highlighted returns code in colours, with its tabs as spaces.
func (t *termWriter) highlighted(language, code string) string {
	var b strings.Builder
	for _, p := range highlight(language, code) {
		style := t.r.NewStyle()
		switch p.kind {
		case keyword:
			style = t.accent
		case quoted:
			style = t.quoted
		case comment:
			style = t.soft
		}
		for i, line := range strings.Split(terminal.CleanLines(p.text), "\n") {
			if i > 0 {
				b.WriteByte('\n')
			}
			if p.kind == plain {
				b.WriteString(line)
			} else if line != "" {
				b.WriteString(style.Render(line))
			}
		}
	}
	return b.String()
}

// table lays a table out. Columns that fit keep their width, and the others share what is left.
func (t *termWriter) table(n *extast.Table, width int) (lines []string) {
	var rows [][]string
	columns := len(n.Alignments)
	natural := make([]int, columns)
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		style := t.r.NewStyle()
		if len(rows) == 0 {
			style = style.Bold(true)
		}
		cells := make([]string, columns)
		for i, cell := 0, row.FirstChild(); cell != nil && i < columns; i, cell = i+1,
			cell.NextSibling() {
			cells[i] = t.inline(cell, style)
			natural[i] = max(natural[i], ansi.StringWidth(cells[i]))
		}
		rows = append(rows, cells)
	}
	widths := share(natural, width-3*(columns-1))
	bar := t.soft.Render("│")
	for i, cells := range rows {
		var columns [][]string
		height := 1
		for c, cell := range cells {
			columns = append(columns, wrapped(cell, widths[c]))
			height = max(height, len(columns[c]))
		}
		for y := range height {
			var parts []string
			for c, column := range columns {
				text := ""
				if y < len(column) {
					text = column[y]
				}
				parts = append(parts, aligned(text, widths[c], n.Alignments[c]))
			}
			lines = append(lines, strings.TrimRight(strings.Join(parts, " "+bar+" "), " "))
		}
		if i == 0 {
			rule := make([]string, len(widths))
			for c, w := range widths {
				rule[c] = strings.Repeat("─", w)
			}
			lines = append(lines, t.soft.Render(strings.Join(rule, "─┼─")))
		}
	}
	return lines
}

// aligned fills text up to a width.
func aligned(text string, width int, to extast.Alignment) string {
	gap := max(width-ansi.StringWidth(text), 0)
	left := 0
	switch to {
	case extast.AlignRight:
		left = gap
	case extast.AlignCenter:
		left = gap / 2
	}
	return strings.Repeat(" ", left) + text + strings.Repeat(" ", gap-left)
}

// share divides a width among columns. The narrowest are served first: each gets what it needs, or
// an equal share of what is left. No column is narrower than four cells, or than it needs to be.
func share(natural []int, width int) []int {
	widths := make([]int, len(natural))
	for range natural { // the narrowest column that has no width yet
		next, open := -1, 0
		for i, w := range natural {
			if widths[i] == 0 {
				open++
				if next < 0 || w < natural[next] {
					next = i
				}
			}
		}
		widths[next] = max(min(natural[next], max(width/open, 4)), 1)
		width -= widths[next]
	}
	return widths
}
