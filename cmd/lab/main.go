// Command lab runs the demos of the real-time lab.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/site"
	"realtimelab/internal/terminal"
)

func main() {
	prepareConsole()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the process
	logLibraries()
	language := languageOf(os.Args[1:])
	if err := command(language).ExecuteContext(ctx); err != nil {
		fmt.Fprintln(terminal.NewWriter(os.Stderr), "lab:", lang.Message(err, language))
		os.Exit(exitCode(err))
	}
}

// command returns the command lab, whose help and errors are in the language.
func command(language lang.Lang) *cobra.Command {
	o := runOptions{addr: "127.0.0.1:3000", directory: &site.Directory{}}
	var plain, accessible bool
	root := &cobra.Command{
		Use:           "lab",
		Short:         "A teaching lab for real-time web transports",
		Long:          rootHelp.In(language),
		Version:       thisVersion().String(),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := parseLang(o.lang)
			switch {
			case err != nil:
				return err
			case accessible:
				return printSentences(c.OutOrStdout(), language)
			case !plain && inTerminal(c.OutOrStdout()):
				return o.screens(c.Context(), language, nil)
			}
			if err := printList(c.OutOrStdout(), language); err != nil {
				return err
			}
			_, err = fmt.Fprint(c.OutOrStdout(),
				language.Say("\nRun one with: lab run broadcast\nServe all: lab serve\n",
					"\n运行一个：lab run broadcast\n全部运行：lab serve\n"))
			return err
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	addAllowHost(root, &o.allowHosts)
	root.SetErr(terminal.NewWriter(os.Stderr)) // logs, errors and rows contain text from clients
	root.Flags().BoolVar(&o.lan, "lan", false, "listen on all addresses, for the whole classroom")
	root.Flags().StringVar(&o.lang, "lang", "", "en or zh (default: the terminal's)")
	root.Flags().BoolVar(&plain, "plain", false, "print the lessons and demos as plain lines")
	root.Flags().BoolVar(&accessible, "accessible", false,
		"for screen readers: print sentences, one per line")
	root.AddCommand(
		listCommand(),
		runCommand(),
		serveCommand(),
		lessonCommand(),
		testCommand(),
		compareCommand(language),
		loadCommand(language),
		xrayCommand(language),
		connectCommand(),
		tunnelCommand(language),
		caCommand(language),
		exerciseCommand(),
		classCommand(language),
		versionCommand(),
	)
	guardFlags(root)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	complete(root, language)
	speak(root)
	explain(root, language)
	return root
}

// rootHelp says what the command does without and with others.
var rootHelp = lang.Text{
	EN: `A teaching lab for real-time web transports: polling, streaming, SSE, WebSocket,
Socket.IO and WebTransport.

Without a command, lab opens its screens in a terminal: lessons, demos with their x-ray,
exercises and the comparison. Without a terminal it lists the lessons and demos.

Exit codes:
  0  done, or ended by Ctrl-C
  1  it could not be done; standard error says why
  2  the command line is wrong, and nothing was done
  3 and more: see lab connect --help and lab load --help

Completion of commands, names and flags: lab completion bash, zsh, fish or powershell.`,
	ZH: `实时 Web 传输的教学实验室：轮询、流式响应、SSE、WebSocket、Socket.IO 和 WebTransport。

不带命令时，lab 在终端里打开它的界面：课程、演示及其线路透视、练习和比较。
不在终端里时，它列出课程和演示。

退出码：
  0  完成，或由 Ctrl-C 结束
  1  没能完成；标准错误输出说明原因
  2  命令行有误，什么也没有做
  3 及以上：见 lab connect --help 和 lab load --help

命令、名称和选项的补全：lab completion bash、zsh、fish 或 powershell。`,
}
