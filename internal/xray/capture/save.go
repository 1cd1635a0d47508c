package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"realtimelab/internal/draft"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/har"
	"realtimelab/internal/xray/pcapng"
)

// A Format is the format of a file of traffic.
type Format string

// The formats. When a file is read, Pcapng also stands for pcap.
const (
	JSONL  Format = "jsonl"
	HAR    Format = "har"
	Pcapng Format = "pcapng"
)

// FormatOf returns the format of a file by its extension.
func FormatOf(path string) (Format, error) {
	ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	for _, f := range []Format{Pcapng, JSONL, HAR} {
		if ext == string(f) {
			return f, nil
		}
	}
	return "", lang.Errorf("%q: want a name that ends in .pcapng, .jsonl or .har",
		"%q：名字应以 .pcapng、.jsonl 或 .har 结尾", path)
}

// filePerm lets only the user read a file of traffic: it may hold cookies and passwords.
const filePerm = 0o600

// Write writes rows in a format, oldest first. keep returns true for a row to write; nil writes
// all. An archive holds the whole requests of these rows, and a pcapng the packets of their
// connections, as far as the tap has them. scheme is the scheme of the URLs in an archive; if it is
// empty, the port decides.
func Write(w io.Writer, f Format, t *tap.Tap, rows []*xray.Row, keep func(*xray.Row) bool,
	scheme string) (Content, error) {
	if f == HAR {
		count, err := har.Write(w, rows, keep, scheme)
		return Content{format: f, requests: count.Requests, messages: count.Messages}, err
	}
	rows = kept(rows, keep)
	if f == JSONL {
		lines := json.NewEncoder(w)
		for _, r := range rows {
			if err := lines.Encode(r); err != nil {
				return Content{}, err
			}
		}
		return Content{format: f, rows: len(rows)}, nil
	}
	wanted, numbers := map[*tap.Peer]bool{}, map[uint64]bool{}
	for _, r := range rows {
		wanted[r.Peer()], numbers[r.Conn] = true, true
	}
	content := Content{format: f, conns: slices.Sorted(maps.Keys(numbers))}
	return content, pcapng.Write(w, t, func(p *tap.Peer) bool { return wanted[p] })
}

// A Saver saves the traffic of an x-ray while it runs. JSON lines are written as they come; Finish
// writes the other formats from memory. The file appears at its path only after Finish.
type Saver struct {
	path   string
	format Format
	scheme string
	xray   *xray.Xray
	rows   *xray.Watcher // nil once Finish was called
	events *tap.Reader

	lines *rowWriter  // of JSONL
	file  *draft.File // of the other formats
	stop  chan struct{}
	done  chan struct{} // nil without lines
}

// Save begins to save the traffic. It fails at once if the path cannot be written. scheme is the
// scheme of the URLs in an archive. Call Finish at the end.
func Save(path string, x *xray.Xray, scheme string) (*Saver, error) {
	format, err := FormatOf(path)
	if err != nil {
		return nil, err
	}
	s := &Saver{path: path, format: format, scheme: scheme, xray: x, stop: make(chan struct{})}
	if format == JSONL {
		out, err := draft.Stream(path, filePerm)
		if err != nil {
			return nil, err
		}
		s.lines = &rowWriter{out: out}
	} else if s.file, err = draft.New(path, filePerm); err != nil {
		return nil, err
	}
	s.rows, s.events = x.Watch(), x.Tap().NewReader()
	s.events.Lazy(true)
	if s.lines != nil {
		s.done = make(chan struct{})
		go s.follow()
	}
	return s, nil
}

// follow writes rows as they come.
func (s *Saver) follow() {
	defer close(s.done)
	for {
		select {
		case <-s.stop:
			return
		case <-s.rows.C:
			s.lines.all(s.rows)
		}
	}
}

// Finish writes what is left and puts the file in place. It returns a sentence about what the file
// holds and lacks. Call it once, after the last row was made; the Xray may be closed already.
func (s *Saver) Finish() (lang.Text, error) {
	close(s.stop)
	if s.done != nil {
		<-s.done
	}
	defer s.events.Close()
	defer s.rows.Close()
	if s.lines != nil {
		return s.finishLines()
	}
	defer s.file.Discard()
	content, err := Write(s.file, s.format, s.xray.Tap(), s.xray.Held(), nil, s.scheme)
	if err != nil {
		return lang.Text{}, err
	}
	if content.Empty() {
		return notWritten(s.path), nil
	}
	if err := s.file.Keep(); err != nil {
		return lang.Text{}, err
	}
	return s.without(content.In(s.path), s.lost()), nil
}

func (s *Saver) finishLines() (lang.Text, error) {
	s.lines.all(s.rows)
	if err := errors.Join(s.lines.err, s.lines.out.Close()); err != nil {
		return lang.Text{}, err
	}
	if s.lines.written == 0 {
		return notWritten(s.path), nil
	}
	content := Content{format: JSONL, rows: s.lines.written}
	return s.without(content.In(s.path), s.rows.Lost()+s.lines.over), nil
}

// lost returns how much is no longer in memory: events of a pcapng, and rows of the others.
func (s *Saver) lost() uint64 {
	if s.format == Pcapng {
		s.events.Read(make([]tap.Event, 1))
		return s.events.Lost()
	}
	s.rows.Read(make([]*xray.Row, 1))
	return s.rows.Lost()
}

// without adds to a sentence how much is no longer in memory.
func (s *Saver) without(says lang.Text, lost uint64) lang.Text {
	if lost == 0 {
		return says
	}
	what, zhWhat := "rows", "行"
	if s.format == Pcapng {
		what, zhWhat = "reads and writes", "次读写"
	}
	return lang.Text{
		EN: fmt.Sprintf("%s. The first %d %s are missing, because the memory was full.", says.EN,
			lost, what),
		ZH: fmt.Sprintf("%s。最早的 %d %s因空间不足而缺失。", says.ZH, lost, zhWhat),
	}
}

// notWritten says why no file was written.
func notWritten(path string) lang.Text {
	return lang.Text{
		EN: fmt.Sprintf("no traffic that this format can hold: %s was not written",
			path),
		ZH: fmt.Sprintf("线路上没有这种格式能存的数据：没有写入 %s", path),
	}
}

func kept(rows []*xray.Row, keep func(*xray.Row) bool) (all []*xray.Row) {
	for _, r := range rows {
		if keep == nil || keep(r) {
			all = append(all, r)
		}
	}
	return all
}

// maxLines bounds a file of JSON lines, in bytes.
const maxLines = 4 << 30

// rowWriter writes rows as JSON lines.
type rowWriter struct {
	out     io.WriteCloser
	size    int64
	written int
	over    uint64 // rows beyond maxLines
	err     error
}

// all writes the rows that are there.
func (w *rowWriter) all(rows *xray.Watcher) {
	batch := make([]*xray.Row, 100)
	for n := rows.Read(batch); n > 0; n = rows.Read(batch) {
		for _, r := range batch[:n] {
			w.row(r)
		}
	}
}

func (w *rowWriter) row(r *xray.Row) {
	switch {
	case w.err != nil:
	case w.size > maxLines:
		w.over++
	default:
		var line []byte
		if line, w.err = json.Marshal(r); w.err == nil {
			_, w.err = w.out.Write(append(line, '\n'))
			w.size += int64(len(line)) + 1
			w.written++
		}
	}
}
