package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

// demoFlags holds the flags that belong to single demos.
type demoFlags struct {
	command *cobra.Command
	all     []demoFlag
}

// demoFlag is the flag of one option.
type demoFlag struct {
	demo   lesson.Demo
	option lesson.Option
	value  *string
}

// add adds a flag for each option of each demo.
func (f *demoFlags) add(c *cobra.Command) {
	f.command = c
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			for _, o := range d.Options {
				flag := demoFlag{d, o, new(string)}
				c.Flags().StringVar(flag.value, o.Name, o.Default, "demo "+d.Name+": "+o.Usage)
				f.all = append(f.all, flag)
			}
		}
	}
}

// given returns the values that the user has given, by the names of their flags.
func (f *demoFlags) given() map[string]string {
	given := map[string]string{}
	for _, flag := range f.all {
		if f.command.Flags().Changed(flag.option.Name) {
			given[flag.option.Name] = *flag.value
		}
	}
	return given
}

// check returns an error for a value that its option refuses, and for a flag of a demo that is not
// among those to run. Without names, every demo runs.
func (f *demoFlags) check(names []string) error {
	given := f.given()
	for _, flag := range f.all {
		if _, found := given[flag.option.Name]; !found {
			continue
		}
		if _, err := flag.demo.Settings(given); err != nil {
			return usageError{err}
		}
		if len(names) > 0 && !slices.Contains(names, flag.demo.Name) {
			return usagef("--%s belongs to the demo %s, which is not among those to run: %s",
				"--%s 属于演示 %s，它不在要运行的演示之中：%s",
				flag.option.Name, flag.demo.Name, strings.Join(names, ", "))
		}
	}
	return nil
}
