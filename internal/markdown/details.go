package markdown

import (
	"regexp"

	"github.com/yuin/goldmark/ast"
)

// details is a folded part of a text: the summary is visible, and opening it shows the rest. It is
// written as on a code host, with an empty line after the first line and before the last:
//
//	<details><summary>Question?</summary>
//
//	Answer.
//
//	</details>
type details struct {
	ast.BaseBlock
	summary *Document // one paragraph
}

var kindDetails = ast.NewNodeKind("Details")

func (*details) Kind() ast.NodeKind { return kindDetails }

func (n *details) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

var opening = regexp.MustCompile(`^<details>\s*<summary>([^\n]+)</summary>$`)

// fold replaces the HTML blocks of complete details inside the root by nodes.
func (d *Document) fold() {
	for n := d.root.FirstChild(); n != nil; n = n.NextSibling() {
		end := d.end(n)
		if end == nil {
			continue
		}
		summary := Parse(opening.FindStringSubmatch(d.html(n))[1])
		if p := summary.root.FirstChild(); p == nil || p.Kind() != ast.KindParagraph ||
			p.NextSibling() != nil {
			continue
		}
		whole := &details{summary: summary}
		d.root.InsertBefore(d.root, n, whole)
		for inside := n.NextSibling(); inside != end; {
			next := inside.NextSibling()
			whole.AppendChild(whole, inside) // which removes it from the root
			inside = next
		}
		d.root.RemoveChild(d.root, n)
		d.root.RemoveChild(d.root, end)
		n = whole
	}
}

// end returns the block that closes the details opened by n, or nil.
func (d *Document) end(n ast.Node) ast.Node {
	if !opening.MatchString(d.html(n)) {
		return nil
	}
	for n = n.NextSibling(); n != nil; n = n.NextSibling() {
		switch html := d.html(n); {
		case html == "</details>":
			return n
		case opening.MatchString(html):
			return nil
		}
	}
	return nil
}

// html returns a block of raw HTML, or "" for another node.
func (d *Document) html(n ast.Node) string {
	block, ok := n.(*ast.HTMLBlock)
	if !ok {
		return ""
	}
	return d.raw(block)
}
