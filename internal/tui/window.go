package tui

import (
	"fmt"
	"strings"

	"realtimelab/internal/terminal"
)

// View is the header, the screen, and the bar.
func (m *model) View() string {
	switch {
	case m.width == 0:
		return ""
	case m.small():
		return block(m.tooSmall(), m.width, m.height+2)
	}
	body := ""
	if m.over != nil {
		body = m.over.view(m.width, m.height)
	} else {
		body = m.at.view(m.width, m.height)
	}
	return m.header() + "\n" + block(body, m.width, m.height) + "\n" + m.bar()
}

func (m *model) tooSmall() string {
	if m.question != nil {
		return terminal.Wrap(terminal.Clean(m.question.text)+"\n"+
			m.say("y yes, esc no", "y 是，esc 否"), m.width)
	}
	return fmt.Sprintf(m.say(
		"The window is %d×%d.\nThe lab needs %d×%d.\nMake it larger, or press q.",
		"窗口为 %d×%d，\n实验室需要 %d×%d。\n请放大窗口，或按 q 退出。"),
		m.width, m.height+2, minWidth, minHeight)
}

// roomyHeader is the width from which the header has the name of the lab beside the tabs.
const roomyHeader = 80

// tabs returns the tabs of the lab and the column that they begin in. None is shown within a
// screen that a tab leads to.
func (m *model) tabs() (t tabs, left int) {
	t.shown = m.place(m.at)
	for _, p := range m.places {
		t.names = append(t.names, p.label())
	}
	if m.width < roomyHeader {
		t.short = m.width < roomyTabs
		return t, 0
	}
	return t, cells(m.name()) + 2
}

func (m *model) name() string { return m.say("Real-time lab", "实时通信实验室") }

func (m *model) header() string {
	right := ""
	n := 0
	for _, d := range m.demos {
		if d.state == running {
			n++
		}
	}
	if n > 0 {
		right = good.Render(fmt.Sprintf(m.say("● %d running ", "● %d 个在运行 "), n))
	}
	name := " " + accent.Render(m.name())
	tabs, left := m.tabs()
	switch {
	case tabs.shown < 0:
		return ends(name+soft.Render(" › ")+bold.Render(m.at.title()), right, m.width)
	case left == 0:
		return ends(tabs.view(), right, m.width)
	}
	return ends(name+" "+tabs.view(), right, m.width)
}

// bar shows a question, else what just happened, else as many keys as fit. The key for the rest of
// them always does.
func (m *model) bar() string {
	switch {
	case m.question != nil:
		return ends(" "+busy.Render(terminal.Clean(m.question.text)),
			"  "+hint("y", m.say("yes", "是"))+"  "+hint("esc", m.say("no", "否"))+" ", m.width)
	case m.notice != "":
		return cut(" "+busy.Render(terminal.Clean(m.notice)), m.width)
	case m.over == nil && m.typing():
		return cut(" "+hint("enter", m.say("keep it", "保留"))+"  "+
			hint("esc", m.say("clear it", "清除")), m.width)
	case m.typing():
		enter := m.over.commands()[0].label.In(m.lang)
		return cut(" "+hint("enter", enter)+"  "+hint("esc", m.say("back", "返回")), m.width)
	case m.over != nil:
		return cut(" "+hint("esc", m.say("back", "返回")), m.width)
	}
	return m.keyBar()
}

func (m *model) keyBar() string {
	more := hint("?", m.say("more", "更多"))
	line := " "
	for _, c := range m.commands() {
		if c.section != ofScreen {
			continue
		}
		next := line + hint(keyName(c.keys[0]), c.label.In(m.lang)) + "  "
		if cells(next)+2+cells(more) > m.width {
			break
		}
		line = next
	}
	return fit(line+soft.Render("… ")+more, m.width)
}

// hint is a key with what it does.
func hint(key, does string) string { return bold.Render(key) + " " + soft.Render(does) }

// rule is a line across the screen with a remark at its right end.
func rule(width int, remark string) string {
	if remark == "" {
		return soft.Render(strings.Repeat("─", width))
	}
	remark = cut(" "+remark+" ", width-2)
	return soft.Render(strings.Repeat("─", max(width-cells(remark)-1, 0)) + remark + "─")
}
