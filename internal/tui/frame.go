package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"realtimelab/internal/terminal"
)

// View is the header, the screen, and the bar.
func (m *model) View() string {
	if m.width == 0 {
		return ""
	}
	if m.small() {
		return block(fmt.Sprintf(m.say(
			"The window is %d×%d.\nThe lab needs %d×%d.\nMake it larger, or press q.",
			"窗口为 %d×%d，\n实验室需要 %d×%d。\n请放大窗口，或按 q 退出。"),
			m.width, m.height+2, minWidth, minHeight), m.width, m.height+2)
	}
	body := ""
	if m.help {
		body = m.helpView()
	} else {
		body = m.at.view(m.width, m.height)
	}
	return m.header() + "\n" + block(body, m.width, m.height) + "\n" + m.bar()
}

func (m *model) header() string {
	title := accent.Render(m.say("Real-time lab", "实时通信实验室"))
	if m.at != screen(m.home) {
		title += soft.Render(" › ") + bold.Render(m.at.title())
	}
	n := 0
	for _, d := range m.demos {
		if d.state == running {
			n++
		}
	}
	right := ""
	if n > 0 {
		right = good.Render(fmt.Sprintf(m.say("● %d running ", "● %d 个在运行 "), n))
	}
	return ends(" "+title, right, m.width)
}

func (m *model) global() []key.Binding {
	all := []key.Binding{m.bind("?", "help", "帮助"), m.bind("q", "quit", "退出")}
	if m.at != screen(m.home) {
		all = append([]key.Binding{m.bind("esc", "back", "返回")}, all...)
	}
	return all
}

// bar shows what just happened, or as many keys as fit; help and quit always do.
func (m *model) bar() string {
	if m.notice != "" {
		return cut(" "+busy.Render(terminal.Clean(m.notice)), m.width)
	}
	last := hints(m.global())
	if m.at.typing() {
		last = "" // the keys are text now
	}
	room := m.width - width(last) - 2
	first := ""
	for _, b := range m.at.bindings() {
		more := first + hints([]key.Binding{b}) + "  "
		if width(more) > room {
			break
		}
		first = more
	}
	return fit(" "+first+last, m.width)
}

func hints(all []key.Binding) string {
	var parts []string
	for _, b := range all {
		parts = append(parts, bold.Render(b.Help().Key)+" "+soft.Render(b.Help().Desc))
	}
	return strings.Join(parts, "  ")
}

// roomyHelp is the height from which the help has empty lines in it.
const roomyHelp = 18

// helpView lists every key of the screen, and those that work everywhere.
func (m *model) helpView() string {
	var b strings.Builder
	everywhere := append(m.global(), m.bind("L", "English / 中文", "中文 / English"), m.bind("ctrl+c", "quit, in the midst of typing too", "退出，输入时也有效"))
	for _, group := range [][]key.Binding{m.at.bindings(), everywhere} {
		for _, k := range group {
			b.WriteString("   " + fit(bold.Render(k.Help().Key), 10) + " " + k.Help().Desc + "\n")
		}
		if m.height >= roomyHelp {
			b.WriteByte('\n')
		}
	}
	b.WriteString("   " + soft.Render(m.say("Mouse: click to choose, wheel to scroll.", "鼠标：点击选择，滚轮滚动。")))
	return b.String()
}
