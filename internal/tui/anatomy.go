package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// anatomyBytes are shown of a row at most.
const anatomyBytes = 2048

// anatomy is one row taken apart: its bytes by field, and what each field means.
type anatomy struct {
	row   *xray.Row
	text  *pager
	lang  lang.Lang // of text
	width int       // of text
}

func newAnatomy(u *ui, row *xray.Row) *anatomy {
	return &anatomy{row: row, text: newPager(u, false)}
}

func (a *anatomy) view(u *ui, width, height int) string {
	if a.width != width || a.lang != u.lang {
		a.width, a.lang = width, u.lang
		a.text.set(a.draw(u, width))
	}
	return a.text.view(width, height)
}

func (a *anatomy) draw(u *ui, width int) string {
	row, fields := a.row, a.row.Fields()
	var b strings.Builder
	b.WriteString(bold.Render(terminal.Wrap(terminal.Clean(row.Summary.In(u.lang)), width)) + "\n")
	if row.Problem != nil {
		b.WriteString(bad.Render(terminal.Wrap("! "+terminal.Clean(row.Problem.In(u.lang)),
			width)) + "\n")
	}
	b.WriteString(
		soft.Render(fmt.Sprintf(u.say("row %d · %s · %s on the wire, from byte %d of connection %d",
			"第 %d 行 · %s · 线路上 %d 字节，从连接 %[5]d 的第 %[4]d 字节开始"), row.ID, row.Layer,
			lang.Counted(row.Size, "byte"), row.Offset, row.Conn)) + "\n\n")
	b.WriteString(dump(u, row.Data, fields, width))
	for i, f := range fields {
		describe(&b, u, f, hues[i%len(hues)], 0, width)
	}
	for _, s := range row.Steps {
		b.WriteString(terminal.Wrap("= "+s.What.In(u.lang)+": "+terminal.Clean(s.Value),
			width) + "\n")
	}
	for _, v := range row.Views {
		b.WriteString("\n" + bold.Render(v.Name.In(u.lang)) + "\n")
		b.WriteString(terminal.Wrap(terminal.Clean(string(v.Data[:min(len(v.Data), anatomyBytes)])),
			width) + "\n")
	}
	return b.String()
}

// describe writes a field and its parts, a level further in.
func describe(b *strings.Builder, u *ui, f xray.Field, hue lipgloss.Style, level, width int) {
	indent := strings.Repeat("  ", level)
	head := hue.Render(indent+"■ "+terminal.Clean(f.Name)) + soft.Render(fmt.Sprintf(" %d–%d ",
		f.Start, max(f.End-1, f.Start)))
	if f.Value != "" {
		head += terminal.Clean(f.Value)
	}
	b.WriteString(terminal.Wrap(head, width) + "\n")
	meaning := f.Meaning.In(u.lang)
	if f.Spec != "" {
		meaning += " [" + f.Spec + "]"
	}
	for line := range splitLines(terminal.Wrap(meaning, width-len(indent)-2)) {
		b.WriteString(indent + "  " + soft.Render(line) + "\n")
	}
	for _, part := range f.Parts {
		describe(b, u, part, hue, level+1, width)
	}
}

// dump writes the bytes in hex and text, in the colours of their fields.
func dump(u *ui, data []byte, fields []xray.Field, width int) string {
	wide := 16
	if width < 6+4*16+2 {
		wide = 8
	}
	owner := func(i int) lipgloss.Style {
		for n, f := range fields {
			if i >= f.Start && i < f.End {
				return hues[n%len(hues)]
			}
		}
		return soft
	}
	var b strings.Builder
	for at := 0; at < min(len(data), anatomyBytes); at += wide {
		line := data[at:min(at+wide, len(data))]
		hex, text := "", ""
		for i, c := range line {
			hex += owner(at+i).Render(fmt.Sprintf("%02x", c)) + " "
			visible := "·"
			if c >= 0x20 && c < 0x7f {
				visible = string(rune(c))
			}
			text += owner(at + i).Render(visible)
		}
		b.WriteString(soft.Render(fmt.Sprintf("%04x  ", at)) + fit(hex, wide*3) + " " + text + "\n")
	}
	if more := len(data) - anatomyBytes; more > 0 {
		b.WriteString(soft.Render(fmt.Sprintf(u.say("and %s", "另有 %d 字节"),
			lang.Counted(more, "more byte"))) + "\n")
	}
	if len(data) > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}
