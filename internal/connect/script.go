package connect

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// maxLine bounds a line of a script, in bytes.
const maxLine = 16 << 20

// Parse checks the configuration and reads commands, before anything is sent. Without As, a command
// may be of any protocol; Session.Check says whether it is of the one that the server speaks. The
// error is a *Failure.
func (c Config) Parse(lines []string) (all []command.Command, err error) {
	if _, err := c.check(); err != nil {
		return nil, err
	}
	parser := command.Parser{Protocol: c.As, ReadFile: c.ReadFile}
	for _, line := range lines {
		parsed, err := parser.Parse(line)
		if err != nil {
			verb, _, _ := strings.Cut(line, " ")
			return nil, &Failure{Code: Wrong, Err: fmt.Errorf("--%s: %w", verb, err)}
		}
		all = append(all, parsed)
	}
	return all, nil
}

// Check reports the first command that is not of the session's protocol, as a *Failure.
func (s *Session) Check(commands []command.Command) error {
	for _, c := range commands {
		if err := s.parser.Check(c); err != nil {
			return &Failure{Code: Wrong, Err: err}
		}
	}
	return nil
}

// CheckScript reports the first line of a script that cannot be read, as a *Failure. It runs none.
func (s *Session) CheckScript(script io.Reader) error {
	lines := scanLines(script)
	for n := 1; lines.Scan(); n++ {
		c, err := s.parser.Parse(lines.Text())
		switch {
		case err != nil:
			return failf(Wrong, "line %d: %w",
				"第 %d 行：%w", n, err)
		case c.Verb == "quit":
			return nil
		}
	}
	return scriptError(lines)
}

// scanLines returns the lines of a script.
func scanLines(script io.Reader) *bufio.Scanner {
	lines := bufio.NewScanner(script)
	lines.Buffer(nil, maxLine)
	return lines
}

// scriptError returns why the lines ended early.
func scriptError(lines *bufio.Scanner) error {
	if err := lines.Err(); err != nil {
		return failf(Wrong, "cannot read the script: %w",
			"无法读取脚本：%w", err)
	}
	return nil
}

// Line parses and runs one line. Its error is that of Do; a line that cannot be read is a *Failure.
func (s *Session) Line(ctx context.Context, line string) error {
	c, err := s.parser.Parse(line)
	if err != nil {
		return &Failure{Code: Wrong, Err: err}
	}
	return s.Do(ctx, c)
}

// Run runs the lines of a script, and stops at the first that fails: the failure names its line. If
// failed is not nil, it is called with each failure, and Run goes on. Run ends with the script,
// with `quit` or with ctx.
func (s *Session) Run(ctx context.Context, script io.Reader, failed func(*Failure)) error {
	lines := scanLines(script)
	for n := 1; lines.Scan(); n++ {
		if failed != nil {
			s.Skip()
		}
		err := s.Line(ctx, lines.Text())
		var f *Failure
		switch {
		case errors.Is(err, ErrQuit):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &f) && failed != nil:
			failed(f)
		case errors.As(err, &f):
			return &Failure{Code: f.Code, Hint: f.Hint, Err: lang.Errorf("line %d: %w",
				"第 %d 行：%w", n, f.Err)}
		case err != nil:
			return err
		}
	}
	return scriptError(lines)
}

// Print writes the events of a log, one per line, until the log ends or ctx does.
func Print(ctx context.Context, out io.Writer, r *Reader, l lang.Lang, asJSON bool) error {
	for {
		events := r.Read(ctx)
		if events == nil {
			return nil
		}
		for _, e := range events {
			line := []byte(e.Line(l))
			if asJSON {
				data, err := json.Marshal(e)
				if err != nil {
					return err
				}
				line = terminal.JSON(data)
			}
			if _, err := out.Write(append(line, '\n')); err != nil {
				return err
			}
		}
	}
}
