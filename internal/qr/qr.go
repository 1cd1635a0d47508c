// Package qr draws QR codes for the terminal and for pages.
package qr

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the width of the empty border, in modules.
const quiet = 2

// Terminal draws the text as a QR code for a dark terminal, with two rows of modules in
// one line.
func Terminal(text string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		for x := -quiet; x < code.Size+quiet; x++ {
			b.WriteString([]string{"█", "▄", "▀", " "}[cell(code, x, y)*2+cell(code, x, y+1)])
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// SVG draws the text as a QR code, one unit per module. Screen readers skip it.
func SVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", err
	}
	var dark strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&dark, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	size := code.Size + 2*quiet
	return fmt.Sprintf(
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges" aria-hidden="true">`+
			`<path fill="#fff" d="M0 0h%[1]dv%[1]dh-%[1]dz"/><path d="%[3]s"/></svg>`, size, size,
		dark.String()), nil
}

func cell(code *qr.Code, x, y int) int {
	if code.Black(x, y) {
		return 1
	}
	return 0
}
