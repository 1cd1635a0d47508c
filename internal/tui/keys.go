package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// keys parts keys that were pressed so fast that they came as one. Pasted text is never a
// command.
func (m *model) keys(k tea.KeyMsg) tea.Cmd {
	switch {
	case k.Paste && !m.typing():
		return nil
	case k.Type == tea.KeyEsc && k.Alt: // Escape twice, as terminals send it
		k.Alt = false
		return tea.Sequence(m.key(k), m.key(k))
	case k.Type != tea.KeyRunes || len(k.Runes) < 2 || k.Paste:
		return m.key(k)
	}
	var all []tea.Cmd
	for _, r := range k.Runes {
		all = append(all, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: k.Alt}))
	}
	return tea.Sequence(all...)
}

// field takes keys as text.
type field interface{ key(tea.KeyMsg) tea.Cmd }

// field returns what takes keys as text now, nil if keys are commands.
func (m *model) field() field {
	if m.question != nil {
		return nil
	}
	if d, ok := m.over.(*dialog); ok {
		return d
	}
	if p := m.at.search(); p != nil && p.typing() && m.over == nil {
		return p
	}
	return nil
}

// typing reports whether keys are text now.
func (m *model) typing() bool { return m.field() != nil }

func (m *model) key(k tea.KeyMsg) tea.Cmd {
	m.notice = ""
	name := k.String()
	switch {
	case actInterrupt.has(name):
		return m.interrupt()
	case m.question != nil:
		return m.answer(name)
	case m.typing():
		return m.field().key(k)
	}
	cmd, _ := perform(m.commands(), name)
	return cmd
}

// commands returns all keys that work now.
func (m *model) commands() []command {
	if m.over != nil {
		return append(m.over.commands(), m.everywhere()...)
	}
	all := m.at.commands()
	if at := m.place(m.at); at >= 0 {
		all = append(all, tabCommands(at, len(m.places), func(i int) tea.Cmd {
			return m.enter(m.places[i])
		})...)
	}
	quit := actQuit.on(m.leave)
	if len(m.from) == 0 {
		quit = quit.as("quit", "退出")
	}
	all = append(all, actBack.on(m.back), quit, actHelp.then(func() {
		m.over = newHelp(m.ui, m.commands())
	}))
	return append(all, m.everywhere()...)
}

// everywhere returns the keys that work in an overlay, too.
func (m *model) everywhere() []command {
	return []command{
		actLanguage.on(func() tea.Cmd { m.lang = m.otherLang(); return m.resized() }),
		actSuspend.on(func() tea.Cmd { return tea.Suspend }),
		actInterrupt.on(m.interrupt),
	}
}

// answer ends a question.
func (m *model) answer(key string) tea.Cmd {
	q := m.question
	m.question = nil
	if key == "y" || key == "Y" {
		return q.yes()
	}
	return nil
}

// back leaves what is open: first the filter, then what the screen has opened, then the screen.
func (m *model) back() tea.Cmd {
	if p := m.at.search(); p != nil && p.value() != "" {
		p.clear()
		return nil
	}
	if cmd, done := m.up(); done {
		return cmd
	}
	return m.enter(m.root)
}

// leave goes one level up, and quits at the top.
func (m *model) leave() tea.Cmd {
	if cmd, done := m.up(); done {
		return cmd
	}
	return m.quit()
}

// up goes one level up. It reports false at the top.
func (m *model) up() (tea.Cmd, bool) {
	if cmd, done := m.at.back(); done {
		return cmd, true
	}
	if len(m.from) == 0 {
		return nil, false
	}
	if r, ok := m.at.(*runScreen); ok && r.demo.foreign() {
		return m.leaveXray(r.demo), true
	}
	return m.enter(m.from[len(m.from)-1]), true
}

// quit ends the program. It asks first if something would be lost by it.
func (m *model) quit() tea.Cmd {
	lost := m.atStake()
	if lost == "" {
		return tea.Quit
	}
	text := fmt.Sprintf(m.say("%s. Quit?", "%s。退出吗？"), lost)
	m.question = &question{text: text, quits: true, yes: func() tea.Cmd { return tea.Quit }}
	return nil
}

// interrupt quits. Twice it always does: the first one may ask.
func (m *model) interrupt() tea.Cmd {
	if m.question != nil && m.question.quits {
		return tea.Quit
	}
	return m.quit()
}

// atStake says what the end of the program would end; empty if nothing.
func (m *model) atStake() string {
	var all []string
	clients := 0
	for _, d := range m.demos {
		clients += d.clients
	}
	if clients > 0 {
		all = append(all, fmt.Sprintf(m.say("%s connected", "有 %s连接"), m.clients(clients)))
	}
	if m.measures.running {
		all = append(all, m.say("a measurement is running", "正在测量"))
	}
	for _, e := range m.entries {
		if e.tests.running {
			all = append(all, m.say("tests are running", "正在运行测试"))
			break
		}
	}
	return strings.Join(all, m.say(", ", "，"))
}
