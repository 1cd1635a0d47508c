package tui

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/draft"
	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
)

// A part is the part of the traffic that is saved.
type part struct {
	heading, about string
	file           string               // proposed name
	keep           func(*xray.Row) bool // nil keeps everything
}

// saveIt asks the model to save a part of the traffic of a demo.
type saveIt struct {
	dialog  *dialog
	demo    *demo
	part    part
	path    string
	replace bool // a file that is there
}

// saved is the end of a save.
type saved struct {
	saveIt
	says lang.Text
	err  error // fs.ErrExist if the file exists and may not be replaced
}

// saveCommands returns the keys that save the traffic and copy a row.
func (r *runScreen) saveCommands() []command {
	var all []command
	save := func(a *action, p part) {
		all = append(all, a.then(func() { r.askFile(p) }))
	}
	row := r.rows.current()
	if r.pane != xrayPane {
		row = nil
	}
	if row != nil {
		all = append(all, actCopyRow.on(func() tea.Cmd {
			return ask(copyText{rowText(r.ui, row),
				fmt.Sprintf(r.say("the row: %s", "这一行：%s"), row.Summary.In(r.lang))})
		}))
	}
	if r.demo.wire == nil {
		return all
	}
	save(actSaveAll, part{heading: r.say("Save all traffic", "保存全部流量"),
		about: r.say("It saves everything that is in memory, also rows that the filter hides.",
			"保存内存里的全部流量，包括被筛选隐藏的行。"),
		file: r.demo.Name + ".pcapng"})
	if id := r.chosenConn(row); id != 0 {
		save(actSaveConn, part{
			heading: fmt.Sprintf(r.say("Save connection #%d", "保存连接 #%d"), id),
			about: r.say("It saves all rows of the connection, also the hidden ones.",
				"保存这条连接的所有行，包括被筛选隐藏的行。"),
			file: fmt.Sprintf("%s-conn%d.pcapng", r.demo.Name, id),
			keep: func(row *xray.Row) bool { return row.Conn == id }})
	}
	if row != nil {
		save(actSaveRow, part{heading: r.say("Save the row", "保存这一行"),
			about: r.say(
				".jsonl has this row alone, .har its whole request, .pcapng its whole connection.",
				".jsonl 只含这一行，.har 含它所属的整个请求，.pcapng 含它所在的整条连接。"),
			file: fmt.Sprintf("%s-row%d.jsonl", r.demo.Name, row.ID),
			keep: func(other *xray.Row) bool { return other.ID == row.ID }})
	}
	return all
}

// chosenConn returns the number of the chosen connection, 0 for none.
func (r *runScreen) chosenConn(row *xray.Row) uint64 {
	if row != nil {
		return row.Conn
	}
	if shown := r.conns.shown(); r.pane == connPane && r.conns.cursor.at < len(shown) {
		return shown[r.conns.cursor.at].id
	}
	return 0
}

// askFile asks for the name of the file.
func (r *runScreen) askFile(p part) {
	about := p.about + "\n\n" + r.say(
		".pcapng  the bytes as packets, for Wireshark\n"+
			".jsonl   the rows with their bytes and fields, for jq\n"+
			".har     HTTP exchanges and messages of WebSockets, for browsers\n\n"+
			"lab xray open FILE shows it again. It can hold cookies and passwords.",
		".pcapng  字节，存为数据包，用 Wireshark 打开\n"+
			".jsonl   各行及其字节和字段，用 jq 处理\n"+
			".har     HTTP 请求与响应、WebSocket 消息，用浏览器打开\n\n"+
			"lab xray open 文件名 可以再次查看。文件里可能有 cookie 和密码。")
	d := newDialog(r.ui, p.heading, about, p.file)
	d.show(r.say("save", "保存"), func(path string) tea.Cmd {
		return ask(saveIt{dialog: d, demo: r.demo, part: p, path: path})
	})
}

// save writes a part of the traffic to a file.
func (m *model) save(s saveIt) tea.Cmd {
	wire, scheme := s.demo.wire, "http"
	if strings.HasPrefix(s.demo.url(), "https:") {
		scheme = "https"
	}
	recorded := s.demo.recorded()
	if recorded {
		scheme = "" // the ports tell
	}
	return func() tea.Msg {
		done := saved{saveIt: s}
		if !m.background.jobs.Enter() {
			done.err = host.ErrClosing
			return done
		}
		defer m.background.jobs.Leave()
		done.says, done.err = write(m.background.ctx, wire, s.path, s.part.keep, scheme,
			s.replace)
		if done.err == nil && s.part.keep == nil && !recorded && cutOff(wire, s.path) {
			done.says.EN += "; older traffic is no longer in memory"
			done.says.ZH += "；更早的流量已不在内存里"
		}
		return done
	}
}

func (m *model) saved(s saved) {
	switch {
	case errors.Is(s.err, fs.ErrExist) && s.dialog.shown():
		s.dialog.fail(nil)
		m.confirm(fmt.Sprintf(m.say("%s exists. Replace it?", "%s 已存在。要替换它吗？"), s.path),
			func() tea.Cmd {
				s.dialog.busy, s.replace = true, true
				return m.save(s.saveIt)
			})
	case s.err != nil && s.dialog.shown():
		s.dialog.fail(s.err)
	case s.err != nil:
		m.notice = lang.Message(s.err, m.lang)
	default:
		s.dialog.close()
		m.notice = s.says.In(m.lang)
	}
}

// write writes the rows to keep, or all, to the file at path, and says what the file has. Without
// replace, it returns fs.ErrExist for a file that is there.
func write(ctx context.Context, x *xray.Xray, path string, keep func(*xray.Row) bool,
	scheme string, replace bool) (says lang.Text, err error) {
	path, err = expand(path)
	if err != nil {
		return says, err
	}
	format, err := capture.FormatOf(path)
	if err != nil {
		return says, err
	}
	if _, err := os.Lstat(path); err == nil && !replace {
		return says, fs.ErrExist
	}
	out, err := draft.New(path, 0o600)
	if err != nil {
		return says, err
	}
	defer out.Discard()
	_ = x.Sync(ctx) // an x-ray that has ended has read everything
	content, err := capture.Write(out, format, x.Tap(), x.Held(), keep, scheme)
	switch {
	case err != nil:
		return says, err
	case content.Empty() && format == capture.HAR:
		return says, lang.Errorf("%s was not written: HAR holds HTTP requests, and there is none",
			"没有写入 %s：HAR 存的是 HTTP 请求，而这里没有", path)
	case content.Empty():
		return says, lang.Errorf("%s was not written: there is no traffic in memory",
			"没有写入 %s：内存里没有流量", path)
	}
	return content.In(path), out.Keep()
}

// expand replaces a ~ at the beginning of a path, as a shell does.
func expand(path string) (string, error) {
	rest, found := strings.CutPrefix(path, "~/")
	if !found {
		return path, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, rest), err
}

// cutOff reports whether the memory no longer has the beginning of the traffic, as far as the
// format of the file at path holds it.
func cutOff(x *xray.Xray, path string) bool {
	if format, _ := capture.FormatOf(path); format != capture.Pcapng {
		return x.Row(1) == nil || x.Counters().Skimmed > 0
	}
	events := x.Tap().NewReader()
	defer events.Close()
	first := make([]tap.Event, 1)
	return events.Read(first) > 0 && first[0].Seq > 0
}

// maxCopied bounds the bytes of a row that are copied. Terminals refuse more than about 70 KB.
const maxCopied = 16 << 10

// rowText returns a row as text: its line, then its bytes, in hex if they are not text.
func rowText(u *ui, row *xray.Row) string {
	data := row.Data[:min(len(row.Data), maxCopied)]
	var b strings.Builder
	b.WriteString(row.Line(u.lang) + "\n")
	if isText(data) {
		b.WriteString(strings.TrimRight(string(data), "\r\n") + "\n")
	} else {
		b.WriteString(hex.Dump(data))
	}
	if more := len(row.Data) - len(data); more > 0 {
		fmt.Fprintf(&b, u.say("and %s\n", "另有 %d 字节\n"), lang.Counted(more, "more byte"))
	}
	return b.String()
}

// isText reports whether bytes are text that can be pasted anywhere.
func isText(data []byte) bool {
	return utf8.Valid(data) && strings.IndexFunc(string(data), func(r rune) bool {
		return !unicode.IsPrint(r) && !strings.ContainsRune("\r\n\t", r)
	}) < 0
}
