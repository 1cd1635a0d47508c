package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/lang"
)

// examples are command lines to begin with, by the path of a command that has none of its own.
var examples = map[string][]string{
	"lab": {"lab", "lab run broadcast", "lab serve --lan",
		"lab lesson websocket | less", "lab compare --net 3g",
		"lab xray --to http://127.0.0.1:8080"},
	"lab list": {"lab list", "lab list --plain | cut -f1"},
	"lab run": {"lab run broadcast", "lab run sse ws-chat --open",
		"lab run long-polling --net 3g --proxy buffering",
		"lab run broadcast --plain --layers event,sio"},
	"lab serve": {"lab serve", "lab serve --lan --tls",
		"lab serve --plain --addr 127.0.0.1:4000"},
	"lab lesson": {"lab lesson", "lab lesson websocket | less",
		"lab lesson broadcast --lang zh"},
	"lab test": {"lab test", "lab test websocket"},
	"lab compare": {"lab compare", "lab compare --transports sse,websocket --net 3g",
		"lab compare --workload idle --clients 100 --report idle.html"},
	"lab ca": {"lab ca", "lab ca --remove"},
	"lab class": {"lab class", "lab class --keep class.json",
		"lab class --rehearse 20"},
	"lab version":       {"lab version", "lab version --json"},
	"lab exercise":      {"lab exercise next", "lab exercise check", "lab exercise watch"},
	"lab exercise list": {"lab exercise list", "lab exercise list --lesson websocket"},
	"lab exercise next": {"lab exercise next", "lab exercise next cursor"},
	"lab exercise show": {"lab exercise show cursor"},
	"lab exercise check": {"lab exercise check", "lab exercise check cursor",
		"lab exercise check --all"},
	"lab exercise watch": {"lab exercise watch",
		"lab exercise watch --class http://192.168.1.5:3333 --name ann"},
	"lab exercise hint":     {"lab exercise hint", "lab exercise hint cursor"},
	"lab exercise solution": {"lab exercise solution cursor"},
	"lab exercise diff":     {"lab exercise diff cursor"},
	"lab exercise reset":    {"lab exercise reset cursor"},
}

// explain puts the help of a command, and of those below it, into a language, with examples.
func explain(c *cobra.Command, language lang.Lang) {
	if lines := examples[c.CommandPath()]; c.Example == "" && len(lines) > 0 {
		c.Example = "  " + strings.Join(lines, "\n  ")
	}
	if c.Parent() == nil {
		c.SetUsageFunc(func(c *cobra.Command) error { return printUsage(c, language) })
	}
	if language == lang.Chinese {
		c.Short, c.Long = chinese(c.Short), chinese(c.Long)
		each := func(f *pflag.Flag) { f.Usage = chinese(f.Usage) }
		c.InitDefaultHelpFlag()
		c.InitDefaultVersionFlag()
		c.Flags().VisitAll(each)
		c.PersistentFlags().VisitAll(each)
	}
	for _, below := range c.Commands() {
		explain(below, language)
	}
}

// printUsage prints how to use a command: its form, examples, commands and flags.
func printUsage(c *cobra.Command, language lang.Lang) error {
	var b strings.Builder
	b.WriteString(language.Say("Usage:", "用法："))
	if c.Runnable() {
		b.WriteString("\n  " + strings.Replace(c.UseLine(), "[flags]",
			language.Say("[flags]", "[选项]"), 1))
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n  " + c.CommandPath() + language.Say(" COMMAND", " 命令"))
	}
	if c.HasExample() {
		b.WriteString("\n\n" + language.Say("Examples:", "示例：") + "\n" + c.Example)
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\n\n" + language.Say("Commands:", "命令："))
		for _, below := range c.Commands() {
			if below.IsAvailableCommand() {
				fmt.Fprintf(&b, "\n  %-*s %s", c.NamePadding(), below.Name(), below.Short)
			}
		}
	}
	for _, group := range []struct {
		heading lang.Text
		flags   *pflag.FlagSet
	}{
		{lang.Text{EN: "Flags:", ZH: "选项："}, c.LocalFlags()},
		{lang.Text{EN: "Flags of all these commands:", ZH: "这些命令共有的选项："},
			c.InheritedFlags()},
	} {
		if group.flags.HasAvailableFlags() {
			usages := strings.TrimRight(group.flags.FlagUsages(), "\n ")
			if language == lang.Chinese {
				usages = defaultOfFlag.ReplaceAllString(usages, "（默认 $1）")
			}
			b.WriteString("\n\n" + group.heading.In(language) + "\n" + usages)
		}
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, language.Say("\n\nMore about a command: %s COMMAND --help",
			"\n\n查看某个命令的帮助：%s 命令 --help"), c.CommandPath())
	}
	_, err := fmt.Fprintln(c.OutOrStderr(), b.String())
	return err
}

// defaultOfFlag matches the default value that pflag writes behind the help of a flag.
var defaultOfFlag = regexp.MustCompile(`(?m) \(default (.*)\)$`)

// chinese returns the Chinese for a text of the help. A text whose end depends on names of the lab
// is found by its beginning. Without one it returns the English.
func chinese(text string) string {
	for _, texts := range []map[string]string{helpInChinese, connectInChinese,
		loadInChinese} {
		if zh, found := texts[text]; found {
			return zh
		}
	}
	for en, zh := range beginningsInChinese {
		if rest, found := strings.CutPrefix(text, en); found {
			return zh + endingsInChinese.Replace(rest)
		}
	}
	return text
}
