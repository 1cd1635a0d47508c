package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/tap"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// Rows that the list holds, and how many it drops at once when there are more.
const (
	maxRows  = 10000
	dropRows = 2000
)

// quiet layers are not shown unless asked for: what they carry is shown above them.
var quiet = []xray.Layer{xray.TCP, xray.Body}

// rowList is the x-ray as a list that can be filtered, paused and scrolled.
type rowList struct {
	*ui
	all     []*xray.Row // their ids rise
	shown   []*xray.Row // those of all that pass the filter
	waiting []*xray.Row // that came while paused
	depth   map[uint64]int
	lastID  uint64
	dropped uint64
	paused  bool
	loud    bool // the quiet layers too

	filter   textinput.Model
	selected uint64 // a row's id; 0 follows the newest
	first    int    // row in the first line
	height   int    // lines of the last view
}

func newRowList(u *ui) *rowList {
	input := textinput.New()
	input.Prompt = "/"
	input.CharLimit = 200
	input.Cursor.SetMode(cursor.CursorStatic)
	l := &rowList{ui: u, filter: input}
	l.reset()
	return l
}

// reset forgets all rows; the next may begin at 1 again.
func (l *rowList) reset() {
	l.clear()
	l.lastID, l.dropped, l.paused = 0, 0, false
}

func (l *rowList) clear() {
	l.all, l.shown, l.waiting, l.depth, l.selected, l.first = nil, nil, nil, map[uint64]int{}, 0, 0
}

// add takes rows that came, and how many did not.
func (l *rowList) add(rows []*xray.Row, dropped uint64) {
	l.dropped += dropped
	for _, row := range rows {
		if row.ID <= l.lastID {
			continue // it was read before the screen was left
		}
		l.lastID = row.ID
		if l.paused {
			l.waiting = append(l.waiting, row)
		} else {
			l.put(row)
		}
	}
	if more := len(l.waiting) - maxRows; more > 0 {
		l.waiting = slices.Delete(l.waiting, 0, more)
		l.dropped += uint64(more)
	}
	l.trim()
}

func (l *rowList) put(row *xray.Row) {
	if up, ok := l.depth[row.Parent]; ok && row.Parent != 0 {
		l.depth[row.ID] = min(up+1, 6)
	} else {
		l.depth[row.ID] = 0
	}
	l.all = append(l.all, row)
	if l.passes(row) {
		l.shown = append(l.shown, row)
	}
}

func (l *rowList) trim() {
	if len(l.all) <= maxRows {
		return
	}
	cut := len(l.all) - maxRows + dropRows
	for _, row := range l.all[:cut] {
		delete(l.depth, row.ID)
	}
	l.all = slices.Clone(l.all[cut:])
	gone := 0
	for gone < len(l.shown) && l.shown[gone].ID < l.all[0].ID {
		gone++
	}
	l.shown = slices.Clone(l.shown[gone:])
	l.first = max(l.first-gone, 0)
}

// passes reports whether a row has every word of the filter: in its layer, its
// connection (#3), or what it says. A word after a minus must not be there.
func (l *rowList) passes(row *xray.Row) bool {
	if !l.loud && slices.Contains(quiet, row.Layer) {
		return false
	}
	words := strings.Fields(strings.ToLower(l.filter.Value()))
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(fmt.Sprintf("%s #%d %s", row.Layer, row.Conn, row.Summary.In(l.lang)))
	for _, word := range words {
		bare, not := strings.CutPrefix(word, "-")
		if bare != "" && strings.Contains(text, bare) == not {
			return false
		}
	}
	return true
}

func (l *rowList) refilter() {
	l.shown = nil
	for _, row := range l.all {
		if l.passes(row) {
			l.shown = append(l.shown, row)
		}
	}
}

func (l *rowList) typing() bool { return l.filter.Focused() }

func (l *rowList) pause() {
	l.paused = !l.paused
	if !l.paused {
		for _, row := range l.waiting {
			l.put(row)
		}
		l.waiting = nil
		l.trim()
	}
}

// index is the selected row's place in shown; the newest if none is selected.
func (l *rowList) index() int {
	if l.selected == 0 {
		return len(l.shown) - 1
	}
	i, _ := slices.BinarySearchFunc(l.shown, l.selected, func(r *xray.Row, id uint64) int {
		return int(int64(r.ID) - int64(id))
	})
	return min(i, len(l.shown)-1)
}

// current is the selected row, nil if there is none.
func (l *rowList) current() *xray.Row {
	if i := l.index(); i >= 0 {
		return l.shown[i]
	}
	return nil
}

// choose selects the i-th row that is shown; the last one follows the newest.
func (l *rowList) choose(i int) {
	i = max(min(i, len(l.shown)-1), 0)
	l.selected = 0
	if i < len(l.shown)-1 {
		l.selected = l.shown[i].ID
	}
}

func (l *rowList) key(k tea.KeyMsg) tea.Cmd {
	if l.typing() {
		return l.typed(k)
	}
	page := max(l.height-1, 1)
	switch k.String() {
	case "up", "k":
		l.choose(l.index() - 1)
	case "down", "j":
		l.choose(l.index() + 1)
	case "pgup":
		l.choose(l.index() - page)
	case "pgdown":
		l.choose(l.index() + page)
	case "home", "g":
		l.choose(0)
	case "end", "G":
		l.selected = 0
	case "enter":
		if row := l.current(); row != nil {
			l.selected = row.ID // it stays while the reader looks at it
		}
	case "p":
		l.pause()
	case "a":
		l.loud = !l.loud
		l.refilter()
	case "x":
		l.clear()
	case "/":
		return l.filter.Focus()
	}
	return nil
}

// typed edits the filter, which holds as it is typed.
func (l *rowList) typed(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "esc":
		l.filter.Reset()
		l.filter.Blur()
	case "enter":
		l.filter.Blur()
	default:
		var cmd tea.Cmd
		l.filter, cmd = l.filter.Update(k)
		l.refilter()
		return cmd
	}
	l.refilter()
	return nil
}

// mouse scrolls and chooses. It reports whether a row was clicked.
func (l *rowList) mouse(m tea.MouseMsg) bool {
	switch {
	case m.Button == tea.MouseButtonWheelUp:
		l.choose(l.index() - 3)
	case m.Button == tea.MouseButtonWheelDown:
		l.choose(l.index() + 3)
	case m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress:
		if i := l.first + m.Y; m.Y >= 0 && m.Y < l.height && i < len(l.shown) {
			l.selected = l.shown[i].ID
			return true
		}
	}
	return false
}

// status says what is shown and what is not.
func (l *rowList) status() string {
	var parts []string
	switch {
	case l.typing():
		return l.filter.View()
	case l.filter.Value() != "":
		parts = append(parts, busy.Render("/"+terminal.Clean(l.filter.Value())))
	}
	if l.dropped > 0 {
		parts = append(parts, bad.Render(fmt.Sprintf(l.say("%d rows too fast to show", "%d 行来得太快，未显示"), l.dropped)))
	}
	switch {
	case l.paused:
		parts = append(parts, busy.Render(fmt.Sprintf(l.say("paused, %d rows wait", "已暂停，%d 行等待"), len(l.waiting))))
	case l.selected == 0:
		parts = append(parts, good.Render(l.say("live", "实时")))
	default:
		parts = append(parts, soft.Render(fmt.Sprintf("%d/%d", l.index()+1, len(l.shown))))
	}
	return strings.Join(parts, "  ")
}

func (l *rowList) view(width, height int) string {
	l.height = height
	if len(l.shown) == 0 {
		text := l.say("Nothing has crossed the wire yet. Press o to open the page.", "线路上还没有任何数据。按 o 打开页面。")
		if len(l.all) > 0 {
			text = l.say("No row passes the filter.", "没有符合筛选条件的行。")
		}
		return "\n " + soft.Render(text)
	}
	at := l.index()
	l.first = window(l.first, at, len(l.shown), height)
	var b strings.Builder
	for i := l.first; i < min(l.first+height, len(l.shown)); i++ {
		b.WriteString(l.line(l.shown[i], i == at, width) + "\n")
	}
	return b.String()
}

// line is a row: time, connection, direction, layer, and what it says.
func (l *rowList) line(row *xray.Row, selected bool, width int) string {
	arrow := "→"
	if row.Dir == tap.Out {
		arrow = "←"
	}
	head := fmt.Sprintf("#%-3d%s %-7s ", row.Conn, arrow, row.Layer)
	if width >= 70 {
		head = row.Time.Format("15:04:05.000 ") + head
	}
	if width >= 100 {
		head += fmt.Sprintf("%6s ", strconv.Itoa(row.Size))
	}
	text := strings.Repeat("  ", l.depth[row.ID]) + terminal.Clean(row.Summary.In(l.lang))
	if row.Problem != nil {
		text += " ! " + terminal.Clean(row.Problem.In(l.lang))
	}
	if selected {
		return chosen.Render(fit("▸"+head+text, width))
	}
	if row.Problem != nil {
		text = bad.Render(text)
	}
	return cut(" "+soft.Render(head)+text, width)
}
