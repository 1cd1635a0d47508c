package tui

import (
	"strings"

	"rsc.io/qr"
)

// QR draws the text as a QR code for a dark terminal, with two rows of modules in
// one line.
func QR(text string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for y := -2; y < code.Size+2; y += 2 {
		for x := -2; x < code.Size+2; x++ {
			b.WriteString([]string{"█", "▄", "▀", " "}[cell(code, x, y)*2+cell(code, x, y+1)])
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func cell(code *qr.Code, x, y int) int {
	if code.Black(x, y) {
		return 1
	}
	return 0
}
