package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"realtimelab/internal/middlebox"
)

// proxyHelp is the help of the flag --proxy.
var proxyHelp = "put a proxy before each demo: none, which forwards everything, or " +
	strings.Join(middlebox.Names(), ", ") + "; several between commas, such as buffering,idle=10s"

// proxyFlag is the flag --proxy of the commands that run demos.
type proxyFlag struct{ text string }

func (f *proxyFlag) add(c *cobra.Command) {
	c.Flags().StringVar(&f.text, "proxy", "", proxyHelp)
	cobra.CheckErr(c.RegisterFlagCompletionFunc("proxy", completeKinds))
}

// kinds returns the kinds of the proxy, and nil without the flag.
func (f proxyFlag) kinds(c *cobra.Command) (*middlebox.Kinds, error) {
	if !c.Flags().Changed("proxy") {
		return nil, nil
	}
	k, err := middlebox.Parse(f.text)
	if err != nil {
		return nil, usageError{err}
	}
	return &k, nil
}

// completeKinds completes the last of the kinds between commas. It offers each kind once.
func completeKinds(_ *cobra.Command, _ []string, typed string) ([]string,
	cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexAny(typed, ",+")+1]
	taken := strings.FieldsFunc(before, func(r rune) bool { return r == ',' || r == '+' })
	var all []string
	for _, k := range middlebox.All() {
		if !slices.ContainsFunc(taken, func(t string) bool {
			name, _, _ := strings.Cut(t, "=")
			return name == k.Name
		}) {
			all = append(all, before+k.Name+"\t"+k.Says.EN)
		}
	}
	if before == "" {
		all = append(all, "none\tforwards everything")
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
