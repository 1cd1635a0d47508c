// Command lab runs the demos of the real-time lab.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"realtimelab/internal/site"
	"realtimelab/internal/terminal"
)

func main() {
	prepareConsole()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the process
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(terminal.NewWriter(os.Stderr), "lab:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	o := runOptions{addr: "127.0.0.1:3000", directory: &site.Directory{}}
	var plain, accessible bool
	root := &cobra.Command{
		Use:           "lab",
		Short:         "A teaching lab for real-time web transports",
		Version:       thisVersion().String(),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, _ []string) error {
			lang, err := parseLang(o.lang)
			switch {
			case err != nil:
				return err
			case accessible:
				return printSentences(c.OutOrStdout(), cmp.Or(lang, environmentLang()))
			case !plain && inTerminal(c.OutOrStdout()):
				return o.screens(c.Context(), cmp.Or(lang, environmentLang()), nil)
			}
			if err := printList(c.OutOrStdout()); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "\nRun one with: lab run broadcast\nServe all: lab serve")
			return nil
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	addAllowHost(root, &o.allowHosts)
	root.SetErr(terminal.NewWriter(os.Stderr)) // logs, errors and rows contain text from clients
	root.Flags().BoolVar(&o.lan, "lan", false, "listen on all addresses, for the whole classroom")
	root.Flags().StringVar(&o.lang, "lang", "", "en or zh (default: the terminal's)")
	root.Flags().BoolVar(&plain, "plain", false, "print the lessons and demos as plain lines")
	root.Flags().BoolVar(&accessible, "accessible", false, "for screen readers: print sentences, one per line")
	root.AddCommand(
		listCommand(),
		runCommand(),
		serveCommand(),
		lessonCommand(),
		testCommand(),
		compareCommand(),
		xrayCommand(),
		exerciseCommand(),
		classCommand(),
		versionCommand(),
	)
	return root
}
