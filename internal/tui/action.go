package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
)

// An action is the meaning of a key. A key means the same on every screen that has it.
type action struct {
	keys    []string // as Bubble Tea names them; the key bar shows the first
	help    lang.Text
	section section
}

// section is a part of the help.
type section int

const (
	ofScreen section = iota
	ofMoving
	ofEverywhere
	sections
)

// actions lists all actions. No two of them share a key.
var actions []*action

func newAction(s section, en, zh string, keys ...string) *action {
	a := &action{keys, lang.Text{EN: en, ZH: zh}, s}
	actions = append(actions, a)
	return a
}

var (
	actOpen     = newAction(ofScreen, "open", "打开", "enter")
	actRun      = newAction(ofScreen, "run", "运行", "r")
	actStop     = newAction(ofScreen, "stop", "停止", "s")
	actText     = newAction(ofScreen, "text", "课文", "i")
	actTests    = newAction(ofScreen, "tests", "测试", "t")
	actBrowser  = newAction(ofScreen, "browser", "浏览器", "o")
	actCopy     = newAction(ofScreen, "copy", "复制", "c")
	actCopyRow  = newAction(ofScreen, "copy the row", "复制这一行", "y")
	actSaveRow  = newAction(ofScreen, "save the row", "保存这一行", "M")
	actSaveConn = newAction(ofScreen, "save the connection", "保存这条连接", "C")
	actSaveAll  = newAction(ofScreen, "save all traffic", "保存全部流量", "E")
	actXray     = newAction(ofScreen, "x-ray of a server", "服务器的线路透视", "x")
	actKeyURL   = newAction(ofScreen, "URL with the key", "带密钥的网址", "K")
	actNetwork  = newAction(ofScreen, "network", "网络", "w")
	actProxy    = newAction(ofScreen, "proxy", "代理", "v")
	actPause    = newAction(ofScreen, "pause", "暂停", "p")
	actLayers   = newAction(ofScreen, "TCP and bodies too", "也显示 TCP 与正文", "a")
	actClear    = newAction(ofScreen, "clear", "清空", "ctrl+l")
	actFailures = newAction(ofScreen, "failures only", "只看失败", "f")
	actEdit     = newAction(ofScreen, "edit", "编辑", "e")
	actHint     = newAction(ofScreen, "hint", "提示", "H")
	actDiff     = newAction(ofScreen, "diff", "差异", "d")
	actSolution = newAction(ofScreen, "solution", "答案", "S")
	actReset    = newAction(ofScreen, "reset", "重置", "R")
	actUpNext   = newAction(ofScreen, "next exercise", "下一个练习", "u")
	actCheckAll = newAction(ofScreen, "check all", "全部检查", "A")
	actWatch    = newAction(ofScreen, "check when saved", "保存时检查", "W")
	actSearch   = newAction(ofScreen, "search", "搜索", "/")
	actNext     = newAction(ofScreen, "next match", "下一处匹配", "n")
	actPrevious = newAction(ofScreen, "previous match", "上一处匹配", "N")

	actUp       = newAction(ofMoving, "line up", "上移一行", "up", "k")
	actDown     = newAction(ofMoving, "line down", "下移一行", "down", "j")
	actHalfUp   = newAction(ofMoving, "half a page up", "上移半页", "ctrl+u")
	actHalfDown = newAction(ofMoving, "half a page down", "下移半页", "ctrl+d")
	actPageUp   = newAction(ofMoving, "page up", "上一页", "pgup", "b")
	actPageDown = newAction(ofMoving, "page down", "下一页", "pgdown", " ")
	actFirst    = newAction(ofMoving, "beginning", "开头", "home", "g")
	actLast     = newAction(ofMoving, "end", "末尾", "end", "G")
	actLeft     = newAction(ofMoving, "view to the left", "左边的视图", "left", "h")
	actRight    = newAction(ofMoving, "view to the right", "右边的视图", "right", "l")
	actTab      = newAction(ofMoving, "next tab", "下一个标签页", "tab")
	actBackTab  = newAction(ofMoving, "previous tab", "上一个标签页", "shift+tab")
	actNumber   = newAction(ofMoving, "tab with this number", "编号对应的标签页", "1", "2", "3",
		"4", "5", "6", "7", "8", "9")

	actBack = newAction(ofEverywhere, "back; clears a filter", "返回；先清除筛选", "esc",
		"backspace")
	actQuit      = newAction(ofEverywhere, "back", "返回", "q")
	actHelp      = newAction(ofEverywhere, "help", "帮助", "?")
	actLanguage  = newAction(ofEverywhere, "中文", "English", "L")
	actSuspend   = newAction(ofEverywhere, "suspend; fg returns", "挂起，fg 返回", "ctrl+z")
	actInterrupt = newAction(ofEverywhere, "quit; twice forces it", "退出；按两次强制退出",
		"ctrl+c")
)

// A command binds an action to what it does on one screen.
type command struct {
	*action
	label lang.Text // in place of the action's help
	notes lang.Text // what the help adds
	do    func(key string) tea.Cmd
}

// on returns the command that runs do.
func (a *action) on(do func() tea.Cmd) command {
	return command{action: a, label: a.help, do: func(string) tea.Cmd { return do() }}
}

// then returns the command that runs do, which leads to no message.
func (a *action) then(do func()) command {
	return a.on(func() tea.Cmd { do(); return nil })
}

// as returns the command with words of its own for what it does here.
func (c command) as(en, zh string) command {
	c.label = lang.Text{EN: en, ZH: zh}
	return c
}

// keyNames are the keys that people call otherwise than Bubble Tea does.
var keyNames = map[string]string{
	"up": "↑", "down": "↓", "left": "←", "right": "→", " ": "space", "pgup": "PgUp",
	"pgdown": "PgDn",
	"home":   "Home", "end": "End", "shift+tab": "Shift-Tab", "backspace": "Backspace",
	"tab": "Tab",
}

// keyName returns a key's name for people.
func keyName(k string) string {
	if name, found := keyNames[k]; found {
		return name
	}
	if letter, control := strings.CutPrefix(k, "ctrl+"); control {
		return "Ctrl-" + strings.ToUpper(letter)
	}
	return k
}

// names returns all keys of an action for people.
func (a *action) names() string {
	if a == actNumber {
		return "1 … 9"
	}
	names := make([]string, len(a.keys))
	for i, k := range a.keys {
		names[i] = keyName(k)
	}
	return strings.Join(names, " ")
}

// has reports whether a key is one of the action's.
func (a *action) has(key string) bool { return slices.Contains(a.keys, key) }

// perform runs the command of a key. It reports whether there is one.
func perform(all []command, key string) (tea.Cmd, bool) {
	for _, c := range all {
		if c.has(key) {
			return c.do(key), true
		}
	}
	return nil, false
}
