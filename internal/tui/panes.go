package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
	"realtimelab/internal/qr"
	"realtimelab/internal/terminal"
)

// area is a rectangle in cells.
type area struct{ width, height int }

// Sizes from which the anatomy stands beside the list, so that both can be read, and from which it
// stands below the list. In a smaller window it covers the list.
const (
	sideBySide = 150
	oneAbove   = 14
)

// split divides the pane between the list and the anatomy.
func (r *runScreen) split(width, height int) (list, detail area) {
	switch {
	case r.anatomy == nil:
		return area{width, height}, area{}
	case width >= sideBySide:
		return area{width * 55 / 100, height}, area{width - width*55/100, height}
	case height < oneAbove:
		return area{}, area{width, height}
	}
	above := max(height/3, 5)
	return area{width, above}, area{width, height - above}
}

func (r *runScreen) viewXray(width, height int) string {
	list, detail := r.split(width, height)
	switch {
	case r.demo.monitor != nil && r.demo.monitor.Running != nil &&
		r.demo.monitor.Running.Xray() == nil:
		return "\n " + soft.Render(r.say("It runs without the tap (--no-tap): there is no x-ray.",
			"它以 --no-tap 运行，所以没有线路透视。"))
	case len(r.rows.all) == 0:
		return "\n" + block(terminal.Wrap(" "+r.nothing(), width-1), width, height-1)
	case detail.height == 0:
		return r.rows.view(list.width, list.height)
	case list.height == 0:
		return r.anatomy.view(r.ui, width-1, height)
	case detail.width < width:
		left := block(r.rows.view(list.width-1, list.height), list.width-1, list.height)
		right := block(r.anatomy.view(r.ui, detail.width-2, detail.height), detail.width-2,
			detail.height)
		bar := soft.Render("│") + " "
		return beside(left, bar+strings.ReplaceAll(right, "\n", "\n"+bar), list.width-1)
	}
	text := r.anatomy.view(r.ui, width-1, detail.height-1)
	return block(r.rows.view(list.width, list.height), width, list.height) + "\n" +
		rule(width, r.more(r.anatomy.text.hidden())) + "\n" + text
}

// nothing says why the list of rows is empty, and how to fill it.
func (r *runScreen) nothing() string {
	switch {
	case r.demo.err != nil:
		return r.failure(r.demo.err)
	case r.demo.monitor == nil:
		return ""
	case r.demo.recorded():
		return soft.Render(r.say("There is no traffic in this file.", "这个文件里没有流量。"))
	case r.demo.foreign():
		return soft.Render(fmt.Sprintf(r.say(
			"Nothing has crossed the wire yet. Connect your client to %s instead of %s.",
			"线路上还没有任何数据。让客户端连接 %s，而不是 %s。"), r.demo.url(),
			r.demo.Title.In(r.lang)))
	}
	return soft.Render(r.say("Nothing has crossed the wire yet. Press o to open the page.",
		"线路上还没有任何数据。按 o 打开页面。"))
}

// code returns the demo's source as it runs.
func (d *demo) code() string {
	var b strings.Builder
	for _, ref := range d.Source {
		code, err := lesson.Region(d.entry.Source, ref)
		if err != nil {
			code = err.Error()
		}
		b.WriteString("\n " + bold.Render(ref) + "\n\n")
		for line := range splitLines(markdown.TerminalCode("go", code,
			lipgloss.DefaultRenderer())) {
			b.WriteString(" " + line + "\n")
		}
	}
	return b.String()
}

// codes are the QR codes of the demo's URLs on the local network.
func (r *runScreen) codes() string {
	if r.demo.monitor == nil || len(r.demo.monitor.Classroom) == 0 {
		return "\n " +
			r.say("A QR code leads phones in this room to the demo. Start the lab with --lan.",
				"二维码让教室里的手机进入演示。请用 --lan 启动实验室。")
	}
	var b strings.Builder
	for _, url := range r.demo.monitor.Classroom {
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
