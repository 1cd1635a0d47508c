package gocheck

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/gotool"
	"realtimelab/internal/process"
)

// compileTime bounds the compiler. The first time it also compiles the standard library.
const compileTime = 3 * time.Minute

// maxLines bounds how many compile errors or stack frames are shown.
const maxLines = 5

// compile builds a program of the exercise with the go command's args, such as "test", "-c"; tmp is
// a folder for its use. It returns a problem if the student's files do not compile, and an error if
// the machine or the lab fails.
func (p Package) compile(ctx context.Context, tmp string, args ...string) (*exercise.Problem,
	error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return exercise.NewProblem(exercise.Toolchain,
			"There is no Go on this machine (or not in PATH): install it from https://go.dev/dl. "+
				"The exercises to predict bytes need no Go.",
			"这台机器上没有 Go（或者不在 PATH 里）：请到 https://go.dev/dl "+
				"安装。“预测字节”类的练习不需要 Go。"), nil
	}
	overlay, err := p.overlay(tmp)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, compileTime)
	defer cancel()
	c := process.New(ctx, tool, append(args, "-overlay", overlay, "./"+p.Lesson+"/"+p.Name)...)
	c.Dir = p.Module
	c.Env = append(gotool.Environ(ctx), "GOTOOLCHAIN=local", "GOPROXY=off", "GOWORK=off",
		"GO111MODULE=on", "GOFLAGS=-mod=readonly", "CGO_ENABLED="+cgo(args))
	out := &process.Head{Limit: outputLimit}
	c.Stdout, c.Stderr = out, out
	if err := c.Run(); err == nil {
		return nil, nil
	}
	if needed, yes := gotool.TooOld(out.String()); yes {
		return exercise.NewProblem(exercise.Toolchain,
			"The Go on this machine is too old: the exercises need Go "+needed+
				". Install it from https://go.dev/dl. The exercises to predict bytes need no Go.",
			"这台机器上的 Go 太旧：练习需要 Go "+needed+
				"。请到 https://go.dev/dl 安装。“预测字节”类的练习不需要 Go。"), nil
	}
	if ctx.Err() != nil {
		return exercise.NewProblem(exercise.Time, "The compiler did not finish.",
			"编译没有结束。"), nil
	}
	return p.compileProblem(out.String()), nil
}

// Only the race detector needs cgo, and with it a C compiler.
func cgo(args []string) string {
	for _, a := range args {
		if a == "-race" {
			return "1"
		}
	}
	return "0"
}

var compileLine = regexp.MustCompile(`^(?:vet: )?(.+?\.go):(\d+):(?:(\d+):)? (.*)$`)

// declaredAgain matches the compiler's words for a name that two files declare.
var declaredAgain = regexp.MustCompile(
	`^(?:other declaration of (\S+)|(\S+) redeclared in this block|(?:method|field) (\S+) already declared at (.+?\.go):.*)$`)

func (p Package) compileProblem(out string) *exercise.Problem {
	problem := exercise.NewProblem(exercise.Compile, "It does not compile yet.", "还不能通过编译。")
	starter, err := p.Starter()
	if err != nil {
		starter = nil // then no file counts as a copy
	}
	inCheck, copied, name := false, "", ""
	for _, line := range strings.Split(out, "\n") {
		m := compileLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		number, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		file := filepath.Base(m[1])
		if !p.Edits(file) {
			inCheck = true
		}
		if d := declaredAgain.FindStringSubmatch(m[4]); d != nil && starter != nil && copied == "" {
			for _, candidate := range []string{file, filepath.Base(d[4])} {
				if _, known := starter[candidate]; !known && p.Edits(candidate) {
					copied, name = candidate, d[1]+d[2]+d[3]
				}
			}
		}
		if len(problem.Lines) < maxLines {
			problem.Lines = append(problem.Lines, exercise.SourceLine{File: file, Line: number,
				Column: column, Text: p.line(file, number), Message: m[4]})
		}
	}
	switch {
	case copied != "":
		problem.Text.EN = "“" + copied + "” also declares " + name +
			": remove it, or rename it so that its name does not end in .go."
		problem.Text.ZH = "“" + copied + "” 里也声明了 " + name +
			"：请删掉它，或者改名，不要以 .go 结尾。"
	case inCheck:
		problem.Text.EN = "It does not compile with its check: keep the names and " +
			"types of the starter."
		problem.Text.ZH = "和检查代码放在一起编译不过：请保留初始文件里的名字和类型。"
	case len(problem.Lines) == 0: // not an error in a line but a message of the toolchain
		problem.Cause = exercise.Toolchain
		problem.Text.EN = "The go command failed: " + firstLine(out)
		problem.Text.ZH = "go 命令失败：" + firstLine(out)
	}
	return problem
}

// line returns one line of the student's file, or "" beyond its end.
func (p Package) line(name string, number int) string {
	data, err := os.ReadFile(filepath.Join(p.Folder(), name))
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
