// Package look holds the style sheet of the lab's reports.
package look

import (
	_ "embed"
	"html/template"
)

//go:embed report.css
var sheet string

// Style returns the style sheet. It suits screens of all widths, light and dark, and A4 paper.
func Style() template.CSS { return template.CSS(sheet) }
