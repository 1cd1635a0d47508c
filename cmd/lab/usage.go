package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/lang"
	"realtimelab/internal/nearest"
)

// The exit codes of the command, besides 0.
const (
	exitFailed = 1 // the command could not do what it was asked to
	exitUsage  = 2 // the command line is wrong, and nothing was done
)

// usageError is an error of the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// ExitStatus returns the exit code of the command.
func (usageError) ExitStatus() int { return exitUsage }

// usagef returns an error of the command line, see lang.Errorf.
func usagef(en, zh string, args ...any) error {
	return usageError{lang.Errorf(en, zh, args...)}
}

// exitCode returns the exit code for an error: its own, if it has one.
func exitCode(err error) int {
	var own interface{ ExitStatus() int }
	if errors.As(err, &own) {
		return own.ExitStatus()
	}
	return exitFailed
}

// languageOf returns the language of a command line, before it is parsed: that of --lang, else the
// terminal's. Help and errors of the command line are in it.
func languageOf(args []string) lang.Lang {
	for i, arg := range args {
		value, found := strings.CutPrefix(arg, "--lang=")
		switch {
		case arg == "--":
			return environmentLang()
		case arg == "--lang" && i+1 < len(args):
			value = args[i+1]
		case !found:
			continue
		}
		if language, err := parseLang(value); err == nil && language != "" {
			return language
		}
	}
	return environmentLang()
}

// speak makes a command and those below it answer a wrong command line in the words of a person.
func speak(c *cobra.Command) {
	args, before := c.Args, c.PreRunE
	c.Args = func(c *cobra.Command, given []string) error {
		if args == nil {
			args = cobra.ArbitraryArgs
		}
		if err := args(c, given); err != nil {
			return usageError{argsError(c, given, err)}
		}
		return nil
	}
	c.PreRunE = func(c *cobra.Command, given []string) error {
		for _, check := range []func(*cobra.Command) error{missingFlag, conflict} {
			if err := check(c); err != nil {
				return err
			}
		}
		if before != nil {
			return before(c, given)
		}
		return nil
	}
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{flagError(c, err)}
	})
	for _, below := range c.Commands() {
		speak(below)
	}
}

// argsError says what is wrong with the arguments of a command. Errors of the lab's own checks
// stay.
func argsError(c *cobra.Command, given []string, err error) error {
	says := func(prefix string) bool { return strings.HasPrefix(err.Error(), prefix) }
	switch {
	case says("unknown command") && c.HasAvailableSubCommands():
		var known []string
		for _, below := range c.Commands() {
			if below.IsAvailableCommand() {
				known = append(known, below.Name())
			}
		}
		return lang.Errorf("no command %q%s See: %s --help", "没有命令 %q%s请看：%s --help",
			c.CommandPath()+" "+given[0], suggest(given[0], known), c.CommandPath())
	case says("unknown command"):
		return lang.Errorf("%s takes no arguments: leave %q out", "%s 不带参数：请去掉 %q",
			c.CommandPath(), strings.Join(given, " "))
	case says("accepts") || says("requires"):
		return lang.Errorf("%s was given %s: want %s", "%s 收到 %d 个参数：应为 %s",
			c.CommandPath(), lang.Counted(len(given), "argument"), c.UseLine())
	}
	return err
}

// flagError says what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var empty *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if shorts := unknown.GetSpecifiedShortnames(); shorts != "" {
			return lang.Errorf("no flag -%s: flags begin with two dashes. See: %s --help",
				"没有选项 -%s：选项以两个连字符开头。请看：%s --help", shorts, c.CommandPath())
		}
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		near := nearest.To(strings.ToLower(name), known)
		if near != "" {
			near = "--" + near
		}
		return lang.Errorf("%s has no flag --%s%s See: %[1]s --help",
			"%s 没有选项 --%s%s请看：%[1]s --help", c.CommandPath(), name, meant(near))
	case errors.As(err, &empty):
		return lang.Errorf("--%s needs a value: %s", "--%s 需要一个值：%s",
			empty.GetSpecifiedName(), empty.GetFlag().Usage)
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(),
			invalid.Unwrap())
	}
	return err
}

// missingFlag returns an error that names a flag without which the command cannot run.
func missingFlag(c *cobra.Command) (err error) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if required := f.Annotations[cobra.BashCompOneRequiredFlag]; err != nil ||
			len(required) == 0 || f.Changed {
			return
		}
		example, _, _ := strings.Cut(strings.TrimSpace(c.Example), "\n")
		if example == "" {
			example = c.UseLine()
		}
		err = usagef("--%s is missing: %s. For example: %s", "缺少 --%s：%s。例如：%s", f.Name,
			f.Usage, example)
	})
	return err
}

// conflicts are pairs of flags of which a command takes one, with the reason.
var conflicts = []struct {
	a, b   string
	reason lang.Text
	only   string // the path of the command that has it; empty: any
}{
	{"plain", "json", lang.Text{EN: "are two formats", ZH: "是两种格式"}, ""},
	{"plain", "accessible", lang.Text{EN: "are two formats", ZH: "是两种格式"}, ""},
	{"json", "accessible", lang.Text{EN: "are two formats", ZH: "是两种格式"}, ""},
	{"no-tap", "layers", noRows, ""},
	{"no-tap", "json", noRows, "lab run"},
	{"no-tap", "lab-files", noRows, ""},
}

var noRows = lang.Text{EN: "exclude each other, since without the tap there are no rows",
	ZH: "互相排斥，因为没有线路透视就没有行"}

// conflict returns an error for two flags of which the command takes one.
func conflict(c *cobra.Command) error {
	for _, pair := range conflicts {
		if c.Flags().Changed(pair.a) && c.Flags().Changed(pair.b) &&
			(pair.only == "" || pair.only == c.CommandPath()) {
			return usagef("--%s and --%s %s: use one of them",
				"--%s 和 --%s %s：请只用一个", pair.a,
				pair.b, pair.reason)
		}
	}
	return nil
}
