package exercise

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// compileTime bounds the compiler. The first time it also compiles the standard library.
const compileTime = 3 * time.Minute

// maxLines bounds how many compile errors or stack frames are shown.
const maxLines = 5

// compile builds a program of the exercise with the go command's args, such as "test", "-c". The result is nil or what is
// wrong with the student's file.
func (w *Workspace) compile(ctx context.Context, e Exercise, args ...string) *Problem {
	tool, err := exec.LookPath("go")
	if err != nil {
		return problem(Toolchain,
			"There is no Go on this machine (or not in PATH): install it from https://go.dev/dl. The exercises to predict need none.",
			"这台机器上没有 Go（或者不在 PATH 里）：请到 https://go.dev/dl 安装。“预测字节”类的练习不需要 Go。")
	}
	ctx, cancel := context.WithTimeout(ctx, compileTime)
	defer cancel()
	c := exec.CommandContext(ctx, tool, append(args, "./"+e.Lesson+"/"+e.Name)...)
	c.Dir = w.Dir
	c.Env = append(os.Environ(), "GOFLAGS=", "GOTOOLCHAIN=local", "GOPROXY=off", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED="+cgo(args))
	var out output
	c.Stdout, c.Stderr = &out, &out
	ownGroup(c)
	if err := c.Run(); err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return problem(Time, "The compiler did not come to an end.", "编译没有结束。")
	}
	return w.compileProblem(e, out.String())
}

// cgo is off, so that no C compiler is needed; the race detector cannot do without.
func cgo(args []string) string {
	for _, a := range args {
		if a == "-race" {
			return "1"
		}
	}
	return "0"
}

var compileLine = regexp.MustCompile(`^(?:vet: )?(\S+\.go):(\d+):(?:(\d+):)? (.*)$`)

func (w *Workspace) compileProblem(e Exercise, out string) *Problem {
	p := problem(Compile, "It does not compile yet.", "还不能通过编译。")
	inCheck := false
	for _, line := range strings.Split(out, "\n") {
		m := compileLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		name := filepath.Base(m[1])
		if !e.edited(name) {
			inCheck = true
		}
		if len(p.Lines) < maxLines {
			p.Lines = append(p.Lines, SourceLine{File: name, Line: number, Column: column, Text: w.line(e, name, number), Message: m[4]})
		}
	}
	switch {
	case inCheck:
		p.Text.EN = "It does not compile with its check: keep the names and types that the starter had."
		p.Text.ZH = "和检查代码放在一起编译不过：请保留初始文件里的名字和类型。"
	case len(p.Lines) == 0: // not a fault in a line: the toolchain's own words
		p.Cause = Toolchain
		p.Text.EN = "The go command failed: " + firstLine(out)
		p.Text.ZH = "go 命令失败：" + firstLine(out)
	}
	return p
}

// line returns one line of the student's file as it is, empty if there is none.
func (w *Workspace) line(e Exercise, name string, number int) string {
	data, err := os.ReadFile(filepath.Join(w.Folder(e), name))
	if err != nil {
		return ""
	}
	lines := strings.Split(string(data), "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[number-1], "\r")
}

func firstLine(s string) string {
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return "it said nothing"
}
