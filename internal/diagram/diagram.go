// Package diagram draws the diagrams of the lessons as SVG. A diagram is written as lines of text,
// and a terminal shows these lines. The SVG has classes and no style of its own, so a page's style
// sheet colours it for light and dark.
//
// A sequence has its participants in the first line, and below them, in the order of time, arrows,
// notes and rules:
//
//	Browser | Server
//	Browser → Server: GET /ws
//	Server ✕ Browser: an answer that is lost
//	Server: a note
//	— from here on: frames —
//
// A timeline has lanes of equal slots. A lane is a name and its slots: "?" is a request, "." an
// empty answer, "*" a message that waits at the server, "m" a message on its way to the page, "^"
// one from the page, "-" a request that is held or a connection that is open. Lines without a "|"
// explain the signs. A lane without a name is the ruler: its labels begin at their slots, two
// spaces or more apart.
//
//	              | 0 s  1 s
//	short polling | ?.   ?m
//	? a request
package diagram

import (
	"fmt"
	"html"
	"strings"
	"unicode"
)

// SVG draws a diagram of a kind, "sequence" or "timeline". The title is its accessible name.
func SVG(kind, title, text string) (string, error) {
	d, err := draw(kind, text)
	if err != nil {
		return "", fmt.Errorf("diagram %q: %w", title, err)
	}
	return d.svg(kind, title, "", ""), nil
}

func draw(kind, text string) (*drawing, error) {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	d := &drawing{}
	switch kind {
	case "sequence":
		return d, d.sequence(lines)
	case "timeline":
		return d, d.timeline(lines)
	}
	return nil, fmt.Errorf("no diagram of kind %q: take sequence or timeline", kind)
}

// svg returns the drawing as an element with further attributes, and something before its content.
func (d *drawing) svg(kind, title, attributes, before string) string {
	return fmt.Sprintf(
		`<svg class="%s-diagram" viewBox="0 0 %g %g" role="img" aria-label="%s"%s>%s%s</svg>`,
		kind, d.width, d.height, html.EscapeString(title), attributes, before, d.b.String())
}

// A drawing is the SVG of a diagram while it grows downwards.
type drawing struct {
	width, height float64
	b             strings.Builder
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&d.b, `<line class="%s" x1="%g" y1="%g" x2="%g" y2="%g"/>`, class, x1, y1, x2, y2)
}

// arrow draws a line with a head at its end.
func (d *drawing) arrow(class string, x1, y1, x2, y2 float64) {
	d.line(class, x1, y1, x2, y2)
	back, side := 7.0, 3.5
	if x2 < x1 {
		back = -back
	}
	if steep := (y2 - y1) / (x2 - x1); steep > 1 || steep < -1 { // down or up
		back = 6
		if y2 < y1 {
			back = -back
		}
		fmt.Fprintf(&d.b, `<path class="%s" d="M%g %gl%g %gh%gz"/>`, class, x2, y2, -side,
			-back, 2*side)
		return
	}
	fmt.Fprintf(&d.b, `<path class="%s" d="M%g %gl%g %gv%gz"/>`, class, x2, y2, -back,
		-side, 2*side)
}

// text writes a line of text. anchor is start, middle or end.
func (d *drawing) text(class, anchor string, x, y float64, text string) {
	fmt.Fprintf(&d.b, `<text class="%s" x="%g" y="%g" text-anchor="%s">%s</text>`, class, x, y,
		anchor, html.EscapeString(text))
}

const lineHeight = 16 // of text, in units of the drawing

// widthOf estimates the width of text in the drawing's size.
func widthOf(text string) (width float64) {
	for _, r := range text {
		switch {
		case wide(r):
			width += 13
		case unicode.IsUpper(r), strings.ContainsRune("mwMW@%→✕", r):
			width += 10
		case strings.ContainsRune("iljtf.,:;'|!() ", r):
			width += 4.4
		default:
			width += 7.6
		}
	}
	return width
}

// wide reports whether a line may break beside r.
func wide(r rune) bool { return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0xffef }

// wrap breaks text into lines, at spaces and between Chinese characters.
func wrap(text string, width float64) (lines []string) {
	line, word := "", ""
	flush := func() {
		if line != "" && widthOf(strings.TrimRight(line+word, " ")) > width {
			lines, line = append(lines, strings.TrimSpace(line)), ""
		}
		line, word = line+word, ""
	}
	closing := "，。、；：？！）”」》"
	for _, r := range text {
		switch {
		case strings.ContainsRune(closing, r): // never first in a line
			word += string(r)
		case wide(r):
			flush()
			word = string(r)
		case r == ' ':
			word += " "
			flush()
		default:
			if last := []rune(word); len(last) > 0 && wide(last[len(last)-1]) {
				flush()
			}
			word += string(r)
		}
	}
	flush()
	if line = strings.TrimSpace(line); line != "" {
		lines = append(lines, line)
	}
	return lines
}
