package diagram

import (
	"fmt"
	"slices"
	"strings"
)

// sequence draws participants as vertical lines, with the time going down.
func (d *drawing) sequence(lines []string) error {
	names := fields(lines[0])
	if len(names) < 2 || slices.Contains(names, "") {
		return fmt.Errorf("no participants in %q", lines[0])
	}
	const margin, least = 56, 100
	d.width = max(400, 2*margin+least*float64(len(names)-1))
	x := map[string]float64{}
	for i, name := range names {
		x[name] = margin + float64(i)*(d.width-2*margin)/float64(len(names)-1)
	}
	const head = 22
	content := drawing{width: d.width, height: head + 10}
	for _, line := range lines[1:] {
		if err := content.step(x, line); err != nil {
			return err
		}
	}
	d.height = content.height + 6
	for _, name := range names { // below the arrows
		d.text("name", "middle", x[name], head-8, name)
		d.line("life", x[name], head, x[name], d.height)
	}
	d.b.WriteString(content.b.String())
	return nil
}

func fields(line string) (all []string) {
	for field := range strings.SplitSeq(line, "|") {
		all = append(all, strings.TrimSpace(field))
	}
	return all
}

// step draws an arrow, a note or a rule at the bottom of the drawing.
func (d *drawing) step(x map[string]float64, line string) error {
	if rule, ok := strings.CutPrefix(line, "—"); ok {
		d.height += 12
		d.line("rule", 8, d.height, d.width-8, d.height)
		d.text("label", "middle", d.width/2, d.height+4, strings.Trim(rule, " —"))
		d.height += 14
		return nil
	}
	who, text, found := strings.Cut(line, ":")
	if !found {
		return fmt.Errorf("no colon in %q", line)
	}
	text = strings.TrimSpace(text)
	sign := "→"
	if strings.Contains(who, "✕") {
		sign = "✕"
	}
	from, to, moves := strings.Cut(who, sign)
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	for _, name := range []string{from, to} {
		if _, known := x[name]; !known && (moves || name == from) {
			return fmt.Errorf("unknown participant %q in %q", name, line)
		}
	}
	if !moves {
		d.note(x[from], text)
		return nil
	}
	d.message(x[from], x[to], sign == "✕", text)
	return nil
}

// message draws an arrow with its label above it. A lost one ends halfway.
func (d *drawing) message(from, to float64, lost bool, label string) {
	const slant, gap = 10, 8
	class := "there"
	if to < from {
		class = "back"
	}
	for _, line := range wrap(label, max(max(to-from, from-to)-16, 190)) {
		d.height += lineHeight
		middle := (from + to) / 2
		half := widthOf(line) / 2
		d.text("label", "middle", min(max(middle, half+4), d.width-half-4), d.height-4, line)
	}
	if lost {
		const arm = 5
		end := from + (to-from)*0.55
		d.line("lost", from, d.height, end, d.height+slant/2)
		y := d.height + slant/2
		d.line("lost", end-arm, y-arm, end+arm, y+arm)
		d.line("lost", end-arm, y+arm, end+arm, y-arm)
	} else {
		d.arrow(class, from, d.height, to, d.height+slant)
	}
	d.height += slant + gap
}

// note draws text in a box on a participant's line.
func (d *drawing) note(x float64, text string) {
	const most, pad = 150, 9
	lines := wrap(text, most)
	width := 0.0
	for _, line := range lines {
		width = max(width, widthOf(line))
	}
	width += 2 * pad
	left := min(max(x-width/2, 2), d.width-width-2)
	height := float64(len(lines))*lineHeight + pad
	fmt.Fprintf(&d.b, `<rect class="note" x="%g" y="%g" width="%g" height="%g" rx="6"/>`, left,
		d.height, width, height)
	for i, line := range lines {
		d.text("noted", "middle", left+width/2, d.height+float64(i+1)*lineHeight, line)
	}
	d.height += height + 8
}
