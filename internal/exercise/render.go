package exercise

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// Style colours what is printed; the zero value is for a file or a pipe.
type Style struct{ Color bool }

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) good(text string) string { return s.paint("32", text) }
func (s Style) bad(text string) string  { return s.paint("31", text) }
func (s Style) bold(text string) string { return s.paint("1", text) }
func (s Style) soft(text string) string { return s.paint("2", text) }

// width is the column at which text is wrapped.
const width = 96

// Render returns the report as text for a reader.
func (r Report) Render(language lang.Lang, s Style) string {
	var b strings.Builder
	if r.Target != "" {
		fmt.Fprintf(&b,
			language.Say(
				"Server: %s, the last --target. lab exercise reset %s forgets it.\n",
				"服务器：%s，上次用 --target 指定的。lab exercise reset %s 会清除它。\n"),
			terminal.Clean(r.Target), r.Name)
	}
	if r.Passed {
		fmt.Fprintf(&b, "%s %s  %s\n", s.good("✓"), s.bold(r.Name),
			lang.Text{EN: "solved", ZH: "通过"}.In(language))
		return b.String()
	}
	step := fmt.Sprintf(lang.Text{EN: "step %d of %d", ZH: "第 %d 步，共 %d 步"}.In(language),
		min(r.Passing+1, r.Steps), r.Steps)
	if title := r.Step.In(language); title != "" {
		step += lang.Text{EN: ": ", ZH: "："}.In(language) + title
	}
	fmt.Fprintf(&b, "%s %s  %s\n\n", s.bad("✗"), s.bold(r.Name), s.soft(step))
	if r.Problem != nil {
		b.WriteString(indent(ansi.Wrap(terminal.CleanLines(r.Problem.Text.In(language)),
			width, "")))
		if details := renderLines(r.Problem.Lines, s) + r.Problem.renderFields(language,
			s); details != "" {
			b.WriteString("\n" + details)
		}
	}
	if r.Output != "" {
		fmt.Fprintf(&b, "\n%s\n%s", indent(lang.Text{EN: "Your program printed:",
			ZH: "你的程序输出："}.In(language)), indent(terminal.CleanLines(lastLines(r.Output))))
	}
	return b.String()
}

// printedLines bounds the lines of a program's output that are shown.
const printedLines = 20

func lastLines(text string) string {
	text = strings.ReplaceAll(ansi.Strip(text), "\r\n", "\n")
	lines := strings.Split(terminal.CleanLines(text), "\n")
	if len(lines) > printedLines {
		lines = append([]string{"…"}, lines[len(lines)-printedLines:]...)
	}
	return strings.Join(lines, "\n")
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString("  " + strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func renderLines(lines []SourceLine, s Style) string {
	var b strings.Builder
	for _, l := range lines {
		text := terminal.Clean(l.Text)
		place := fmt.Sprintf("%s:%d", terminal.Clean(l.File), l.Line)
		fmt.Fprintf(&b, "    %s  %s\n", s.soft(place), text)
		if l.Message == "" {
			continue
		}
		caret := ansi.StringWidth(place) + 2
		if l.Column > 0 && l.Column-1 <= len(l.Text) {
			caret += ansi.StringWidth(terminal.Clean(l.Text[:l.Column-1]))
		}
		fmt.Fprintf(&b, "    %s%s\n", strings.Repeat(" ", caret),
			s.bad("^ "+terminal.Clean(l.Message)))
	}
	return b.String()
}

// renderFields shows a matching field in one line, and a wrong one in two. It hides right values
// that are not revealed yet.
func (p *Problem) renderFields(language lang.Lang, s Style) string {
	fields, hidden := p.Fields, p.Counts && p.Answer == ""
	yours, want := lang.Text{EN: "yours", ZH: "你的"}.In(language),
		lang.Text{EN: "expected", ZH: "应为"}.In(language)
	name, label := 0, max(ansi.StringWidth(yours), ansi.StringWidth(want))
	for _, f := range fields {
		name = max(name, ansi.StringWidth(f.Name))
	}
	var b strings.Builder
	for _, f := range fields {
		f.Yours, f.Want = terminal.Clean(f.Yours), terminal.Clean(f.Want)
		if f.OK {
			fmt.Fprintf(&b, "    %s %s  %s  %s\n", s.good("✓"), pad(f.Name, name), pad("", label),
				f.Yours)
			continue
		}
		fmt.Fprintf(&b, "    %s %s  %s  %s\n", s.bad("✗"), pad(f.Name, name), pad(yours, label),
			s.bad(f.Yours))
		if hidden {
			continue
		}
		spec := ""
		if f.Spec != "" {
			spec = "   " + s.soft(f.Spec)
		}
		fmt.Fprintf(&b, "      %s  %s  %s%s\n", pad("", name), pad(want, label),
			s.good(f.Want), spec)
	}
	if p.Answer != "" {
		fmt.Fprintf(&b, "    %s  %s\n", lang.Text{EN: "right:", ZH: "正确答案："}.In(language),
			s.good(p.Answer))
	}
	return b.String()
}

func pad(text string, to int) string {
	return text + strings.Repeat(" ", max(0, to-ansi.StringWidth(text)))
}

// Bar returns a progress bar of that many cells.
func Bar(done, all, cells int) string {
	full := 0
	if all > 0 {
		full = cells * done / all
	}
	if done > 0 {
		full = max(1, full) // the first step shows
	}
	return strings.Repeat("█", full) + strings.Repeat("░", cells-full)
}

// Rule returns the line above a result, with the time.
func (s Style) Rule(now time.Time) string {
	return s.soft("── " + now.Format("15:04:05") + " " + strings.Repeat("─", width-12))
}
