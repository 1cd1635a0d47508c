// Command lab runs the demos of the real-time lab.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "lab",
		Short:         "A teaching lab for real-time web transports",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := printList(c.OutOrStdout()); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "\nRun one with: lab run broadcast")
			return nil
		},
	}
	root.AddCommand(
		listCommand(),
		runCommand(),
		xrayCommand(),
		exerciseCommand(),
	)
	return root
}
