package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
	"realtimelab/internal/qr"
)

// area is a rectangle in cells.
type area struct{ width, height int }

// sideBySide is the width from which the anatomy stands beside the list.
const sideBySide = 110

// split divides the pane between the list and the anatomy: beside each other if
// there is room, else one above the other.
func (r *runScreen) split(width, height int) (list, detail area) {
	switch {
	case r.anatomy == nil:
		return area{width, height}, area{}
	case width >= sideBySide:
		return area{width / 2, height}, area{width - width/2, height}
	}
	above := max(height/3, 3)
	return area{width, above}, area{width, height - above}
}

func (r *runScreen) viewXray(width, height int) string {
	list, detail := r.split(width, height)
	switch {
	case r.demo.probe != nil && r.demo.probe.Running != nil && r.demo.probe.Running.Xray() == nil:
		return "\n " + soft.Render(r.say("It runs without the tap (--no-tap): there is no x-ray.", "它在没有采集的情况下运行（--no-tap）：没有透视。"))
	case detail.height == 0:
		return r.rows.view(list.width, list.height)
	case detail.width < width:
		left := block(r.rows.view(list.width-1, list.height), list.width-1, list.height)
		right := block(r.anatomy.view(r.ui, detail.width-2, detail.height), detail.width-2, detail.height)
		bar := soft.Render("│") + " "
		return beside(left, bar+strings.ReplaceAll(right, "\n", "\n"+bar), list.width-1)
	}
	rule := soft.Render(strings.Repeat("─", width))
	return block(r.rows.view(list.width, list.height), width, list.height) + "\n" + rule + "\n" + r.anatomy.view(r.ui, width-1, detail.height-1)
}

// code returns the demo's source as it runs.
func (d *demo) code() string {
	var b strings.Builder
	for _, ref := range d.Source {
		code, err := lesson.Region(d.lesson.Source, ref)
		if err != nil {
			code = err.Error()
		}
		b.WriteString("\n " + bold.Render(ref) + "\n\n")
		for line := range splitLines(markdown.TerminalCode("go", code, lipgloss.DefaultRenderer())) {
			b.WriteString(" " + line + "\n")
		}
	}
	return b.String()
}

// codes are the QR codes of the demo's URLs on the local network.
func (r *runScreen) codes() string {
	if r.demo.probe == nil || len(r.demo.probe.Classroom) == 0 {
		return "\n " + r.say("A QR code leads phones in this room to the demo. Start the lab with --lan.", "二维码让教室里的手机进入演示。请用 --lan 启动实验室。")
	}
	var b strings.Builder
	for _, url := range r.demo.probe.Classroom {
		code, err := qr.Terminal(url)
		if err != nil {
			code = err.Error()
		}
		b.WriteString(" " + bold.Render(url) + "\n")
		for line := range splitLines(code) {
			b.WriteString("  " + paper.Render(line) + "\n")
		}
	}
	return b.String()
}
