package diagram

import (
	"fmt"
	"regexp"
	"strings"
)

// Sizes of a timeline.
const (
	left  = 10.0 // of the first slot
	slot  = 9.5
	lanes = 26.0 // between the server's line and the page's
)

// timeline draws lanes of slots, with the time going right. In a lane the server is above and the
// page below.
func (d *drawing) timeline(lines []string) error {
	d.width = 390
	var legend []string
	for _, line := range lines {
		name, slots, lane := strings.Cut(line, "|")
		switch name = strings.TrimSpace(name); {
		case strings.TrimSpace(line) == "":
		case !lane:
			legend = append(legend, line)
		case name == "":
			d.ruler(strings.TrimPrefix(slots, " "))
		default:
			if err := d.lane(name, strings.TrimPrefix(slots, " ")); err != nil {
				return err
			}
		}
	}
	return d.legend(legend)
}

func at(i int) float64 { return left + slot*float64(i) }

var words = regexp.MustCompile(`\S+( \S+)*`)

func (d *drawing) ruler(slots string) {
	d.height += lineHeight
	for _, word := range words.FindAllStringIndex(slots, -1) {
		d.text("time", "start", at(len([]rune(slots[:word[0]]))), d.height-2,
			slots[word[0]:word[1]])
	}
}

func (d *drawing) lane(name, slots string) error {
	d.height += lineHeight + 4
	d.text("name", "start", left, d.height-6, name)
	top := d.height + 2
	d.line("life", left, top, d.width-left, top)
	d.line("life", left, top+lanes, d.width-left, top+lanes)
	signs := []rune(slots)
	for i, r := range signs {
		if r != '-' && i+1 < len(signs) && signs[i+1] == '-' { // it stays open meanwhile
			d.sign('-', at(i), top)
		}
		if !d.sign(r, at(i), top) {
			return fmt.Errorf("unknown sign %q in the lane %q", r, name)
		}
	}
	if at(len(signs)) > d.width {
		return fmt.Errorf("the lane %q is too long", name)
	}
	d.height = top + lanes + 10
	return nil
}

// sign draws one slot of a lane whose server's line is at top.
func (d *drawing) sign(r rune, x, top float64) (known bool) {
	page := top + lanes
	switch r {
	case ' ':
	case '?', '^':
		d.arrow(map[rune]string{'?': "there", '^': "sent"}[r], x, page, x+slot*.6, top+1)
	case '.':
		d.arrow("empty", x, top, x+slot*.6, page-1)
	case 'm':
		d.arrow("back", x, top, x+slot*.6, page-1)
		d.sign('*', x, top)
	case '*':
		fmt.Fprintf(&d.b, `<circle class="back" cx="%g" cy="%g" r="4"/>`, x, top)
	case '-':
		d.line("open", x, top, x+slot, top)
	default:
		return false
	}
	return true
}

// legend explains the signs, as many in a row as fit.
func (d *drawing) legend(lines []string) error {
	x := left
	if len(lines) > 0 {
		d.height += 6
	}
	for i, line := range lines {
		sign, text, _ := strings.Cut(line, " ")
		width := 22 + widthOf(text) + 12
		if i == 0 || x+width > d.width {
			x = left
			d.height += lanes + 10
		}
		top := d.height - lanes
		if strings.ContainsAny(sign, "*-") { // one point of the server's line
			top += lanes / 2
		}
		if len([]rune(sign)) != 1 || !d.sign([]rune(sign)[0], x+4, top) {
			return fmt.Errorf("unknown sign in %q", line)
		}
		d.text("label", "start", x+22, d.height-lanes/2+4, text)
		x += width
	}
	d.height += 8
	return nil
}
