package screen

import (
	"os"
	"path/filepath"
	"strings"
)

// maxHistory bounds the lines that are kept.
const maxHistory = 500

// history is the lines that were typed, oldest first.
type history struct {
	file  string
	lines []string
	fresh int // lines of this run, at the end
	at    int // the line shown; len(lines) is the draft
	draft string
}

// openHistory reads the lines of earlier runs. A file that cannot be read is one without lines.
func openHistory(file string) *history {
	h := &history{file: file}
	if file != "" {
		if data, err := os.ReadFile(file); err == nil {
			h.lines = strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
			h.lines = h.lines[max(len(h.lines)-maxHistory, 0):]
		}
	}
	h.at = len(h.lines)
	return h
}

// add keeps a line, unless it repeats the one before or begins with a space, as in a shell.
func (h *history) add(line string) {
	repeated := len(h.lines) > 0 && h.lines[len(h.lines)-1] == line
	if line != "" && !strings.HasPrefix(line, " ") && !repeated {
		h.lines = append(h.lines, line)
		h.fresh++
	}
	h.at, h.draft = len(h.lines), ""
}

// move returns the line that many steps away from the one shown; now is the text in the prompt.
func (h *history) move(steps int, now string) string {
	if h.at == len(h.lines) {
		h.draft = now
	}
	h.at = min(max(h.at+steps, 0), len(h.lines))
	if h.at == len(h.lines) {
		return h.draft
	}
	return h.lines[h.at]
}

// save adds the lines of this run to the file, which only its owner can read: payloads hold tokens.
func (h *history) save() error {
	if h.file == "" || h.fresh == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	before := openHistory(h.file).lines // another run may have written meanwhile
	all := append(before, h.lines[len(h.lines)-h.fresh:]...)
	all = all[max(len(all)-maxHistory, 0):]
	return os.WriteFile(h.file, []byte(strings.Join(all, "\n")+"\n"), 0o600)
}
