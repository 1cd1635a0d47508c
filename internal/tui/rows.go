package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/filter"
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
	shown   []*xray.Row // rows of all that pass the filter
	waiting []*xray.Row // that came while paused
	depth   map[uint64]int
	lastID  uint64
	missed  uint64 // rows that came too fast to be shown
	cut     uint64 // old rows that were dropped for newer ones
	paused  bool
	loud    bool // the quiet layers too
	sides   bool // a row is of a side of a proxy

	filter   *prompt
	wanted   filter.Filter // of the last text that could be read
	wrong    *filter.Error // why the text cannot be read; nil if it can
	seen     filter.Seen
	selected uint64 // a row's id; 0 follows the newest
	cursor   cursor
	top      int // lines above the rows in the last view
}

func newRowList(u *ui) *rowList {
	l := &rowList{ui: u}
	l.filter = newPrompt(l.refilter)
	l.filter.suggest = l.complete
	l.reset()
	return l
}

// reset forgets all rows and the filter; the next row may begin at 1 again.
func (l *rowList) reset() {
	l.clear()
	l.lastID, l.paused, l.sides, l.seen = 0, false, false, filter.Seen{}
	l.filter.clear()
}

// clear forgets the rows so far.
func (l *rowList) clear() {
	l.all, l.shown, l.waiting, l.depth = nil, nil, nil, map[uint64]int{}
	l.selected, l.cursor.first, l.missed, l.cut = 0, 0, 0, 0
}

// add takes rows that came, and how many did not.
func (l *rowList) add(rows []*xray.Row, missed uint64) {
	l.missed += missed
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
		l.cut += uint64(more)
	}
	l.trim()
}

func (l *rowList) put(row *xray.Row) {
	if up, ok := l.depth[row.Parent]; ok && row.Parent != 0 {
		l.depth[row.ID] = min(up+1, 6)
	} else {
		l.depth[row.ID] = 0
	}
	l.sides = l.sides || row.Side != ""
	l.all = append(l.all, row)
	l.seen.Note(row)
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
	l.cut += uint64(cut)
	gone := 0
	for gone < len(l.shown) && l.shown[gone].ID < l.all[0].ID {
		gone++
	}
	l.shown = slices.Clone(l.shown[gone:])
	l.cursor.first = max(l.cursor.first-gone, 0)
}

// passes reports whether the filter lets a row pass. Quiet layers are shown when asked for.
func (l *rowList) passes(row *xray.Row) bool {
	return (l.loud || !slices.Contains(quiet, row.Layer)) && l.wanted.Match(row, l.lang)
}

// complete returns the filter with its last term completed.
func (l *rowList) complete(text string) (all []string) {
	start, terms := filter.Complete(text, l.seen)
	for _, term := range terms {
		all = append(all, string([]rune(text)[:start])+term)
	}
	return all
}

// refilter reads the filter. One that cannot be read leaves the one before in force.
func (l *rowList) refilter() {
	l.wrong = nil
	if wanted, err := filter.Parse(l.filter.value()); err == nil {
		l.wanted = wanted
	} else {
		errors.As(err, &l.wrong)
	}
	l.shown = nil
	for _, row := range l.all {
		if l.passes(row) {
			l.shown = append(l.shown, row)
		}
	}
}

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

// current returns the selected row, nil for an empty list.
func (l *rowList) current() *xray.Row {
	if i := l.index(); i >= 0 {
		return l.shown[i]
	}
	return nil
}

// move moves the selection. At the last row it follows the newest.
func (l *rowList) move(by int) {
	i := max(min(l.index()+by, len(l.shown)-1), 0)
	l.selected = 0
	if i < len(l.shown)-1 {
		l.selected = l.shown[i].ID
	}
}

// commands returns the keys of the list, except the moving ones.
func (l *rowList) commands(move func(by int)) []command {
	pause, layers := actPause.then(l.pause), actLayers.then(l.toggleLayers)
	if l.paused {
		pause = pause.as("go on", "继续")
	}
	if l.loud {
		layers = layers.as("without TCP and bodies", "不显示 TCP 与正文")
	}
	filters := l.filter.filters(move)
	filters[0].notes = lang.Text{EN: ": word #3 row=54", ZH: "：词 #3 row=54"}
	return append(filters, pause, layers, actClear.then(l.clear))
}

func (l *rowList) toggleLayers() {
	l.loud = !l.loud
	l.refilter()
}

// mouse scrolls and chooses. It reports whether a row was clicked.
func (l *rowList) mouse(m tea.MouseMsg) bool {
	if by := wheel(m); by != 0 {
		l.move(3 * by)
		return false
	}
	l.cursor.at = l.index()
	i := l.cursor.mouse(m, l.top, len(l.shown))
	if i >= 0 {
		l.selected = l.shown[i].ID
	}
	return i >= 0
}

// status says what is shown and what is not.
func (l *rowList) status() string {
	var parts []string
	if l.wrong != nil {
		parts = append(parts, bad.Render(l.wrong.In(l.lang)))
	}
	if l.filter.typing() {
		return strings.Join(append(parts, l.filter.view()), "  ")
	}
	if l.filter.value() != "" {
		parts = append(parts, l.filter.view()+soft.Render(fmt.Sprintf(l.say(" %d of %d", " %d/%d"),
			len(l.shown), len(l.all))))
	}
	if l.missed > 0 {
		parts = append(parts,
			bad.Render(fmt.Sprintf(l.say("%s too fast to show", "%d 行来得太快，未显示"),
				lang.Counted(l.missed, "row"))))
	}
	if l.cut > 0 {
		parts = append(parts,
			busy.Render(fmt.Sprintf(l.say("%s dropped", "已丢弃 %d 行旧数据"),
				lang.Counted(l.cut, "old row"))))
	}
	switch {
	case l.paused:
		parts = append(parts,
			busy.Render(fmt.Sprintf(l.say("paused, %s waiting", "已暂停，%d 行等待"),
				lang.Counted(len(l.waiting), "row"))))
	case l.selected == 0:
		parts = append(parts, good.Render(l.say("live", "实时")))
	default:
		parts = append(parts, soft.Render(fmt.Sprintf("%d/%d", l.index()+1, len(l.shown))))
	}
	return strings.Join(parts, "  ")
}

// headedList is the height from which the columns have names.
const headedList = 5

func (l *rowList) view(width, height int) string {
	if len(l.shown) == 0 {
		return "\n " + soft.Render(l.say("No row passes the filter. esc clears it.",
			"没有符合筛选条件的行。按 esc 清除。"))
	}
	var b strings.Builder
	l.top = 0
	if height >= headedList {
		l.top = 1
		b.WriteString(l.columns(width) + "\n")
	}
	l.cursor.at = l.index()
	from, to := l.cursor.span(len(l.shown), height-l.top)
	for i := from; i < to; i++ {
		b.WriteString(l.line(l.shown[i], i == l.cursor.at, width) + "\n")
	}
	return b.String()
}

// Widths from which a row has its time, and its number and size.
const (
	timedRow = 70
	sizedRow = 100
)

// rowNumber is the width of the numbers of rows.
const rowNumber = 5

// columns names the columns of line.
func (l *rowList) columns(width int) string {
	side := 0
	if l.sides {
		side = 2
	}
	head := fit(l.say("conn", "连接"), 4+side+2) + fit(l.say("layer", "层"), 8)
	if width >= timedRow {
		head = fit(l.say("time", "时间"), 13) + head
	}
	if width >= sizedRow {
		head = fit(l.say("row", "行"), rowNumber+1) + head + fit(l.say(" bytes", "  字节"), 7)
	}
	return cut(" "+soft.Render(head+l.say("→ to the server, ← to the client",
		"→ 发往服务器，← 发往客户端")), width)
}

// sideMark marks the side of a proxy that a row is of.
var sideMark = map[tap.Side]string{tap.ClientSide: "c ", tap.ServerSide: "s "}

// line is a row: number, time, connection, direction, layer, size, and what it says.
func (l *rowList) line(row *xray.Row, selected bool, width int) string {
	arrow := "→"
	if row.Dir == tap.Out {
		arrow = "←"
	}
	side := sideMark[row.Side]
	if l.sides {
		side = fit(side, 2)
	}
	head := fmt.Sprintf("#%-3d%s%s %-7s ", row.Conn, side, arrow, row.Layer)
	if width >= timedRow {
		head = row.Time.Format("15:04:05.000 ") + head
	}
	if width >= sizedRow {
		head = fmt.Sprintf("%-*d ", rowNumber, row.ID) + head + fmt.Sprintf("%6d ", row.Size)
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
