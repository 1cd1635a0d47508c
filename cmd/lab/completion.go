package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"realtimelab/internal/compare"
	"realtimelab/internal/exercise"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
	"realtimelab/lessons"
)

// A candidate is a value that the shell offers, with what it means.
type candidate struct {
	name  string
	about lang.Text
}

// candidates maps flags to the values that they take. Flags of one name take the same values in all
// commands.
var candidates = map[string]func() []candidate{
	"lang":       langCandidates,
	"net":        netCandidates,
	"transports": transportCandidates,
	"workload":   workloadCandidates,
	"layers":     func() []candidate { return plainCandidates(layerNames()) },
	"as":         func() []candidate { return plainCandidates(lesson.AllAs(lessons.All())) },
	"format":     func() []candidate { return plainCandidates(compare.Formats()) },
	"lesson":     lessonCandidates,
	"set":        setCandidates,
}

// arguments maps commands, by their paths, to the arguments that they take.
var arguments = map[string]func() []candidate{
	"lab run": demoCandidates,
	"lab lesson": func() []candidate {
		return append(lessonCandidates(), demoCandidates()...)
	},
	"lab test":              lessonCandidates,
	"lab exercise next":     exerciseCandidates,
	"lab exercise show":     exerciseCandidates,
	"lab exercise check":    exerciseCandidates,
	"lab exercise hint":     exerciseCandidates,
	"lab exercise solution": exerciseCandidates,
	"lab exercise diff":     exerciseCandidates,
	"lab exercise reset":    exerciseCandidates,
}

// files are the flags whose values are files or folders, which the shell completes itself.
var files = []string{"cert", "key", "report", "dist", "keep", "dir", "save", "board", "open"}

// complete registers what the shell offers for a command and for those below it.
func complete(c *cobra.Command, language lang.Lang) {
	if list, found := arguments[c.CommandPath()]; found {
		many := c.CommandPath() == "lab run"
		c.ValidArgsFunction = func(_ *cobra.Command, given []string, _ string) ([]string,
			cobra.ShellCompDirective) {
			if len(given) > 0 && !many {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return offer(list(), given, "", language), cobra.ShellCompDirectiveNoFileComp
		}
	} else if c.ValidArgsFunction == nil && !strings.Contains(c.Use, "FILE") {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	each := func(f *pflag.Flag) {
		if _, done := c.GetFlagCompletionFunc(f.Name); done || f.Value.Type() == "bool" ||
			slices.Contains(files, f.Name) && candidates[f.Name] == nil {
			return
		}
		values := cobra.CompletionFunc(cobra.NoFileCompletions)
		if list, found := candidates[f.Name]; found {
			values = completeList(list, language)
		}
		cobra.CheckErr(c.RegisterFlagCompletionFunc(f.Name, values))
	}
	c.Flags().VisitAll(each)
	c.PersistentFlags().VisitAll(each)
	for _, below := range c.Commands() {
		complete(below, language)
	}
}

// completeList completes the last of the values between commas with values that are not there yet.
func completeList(list func() []candidate, language lang.Lang) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		return offer(list(), strings.Split(before, ","), before, language),
			cobra.ShellCompDirectiveNoFileComp
	}
}

// offer returns the candidates that are not given yet, in the form of cobra.
func offer(all []candidate, given []string, before string, language lang.Lang) (out []string) {
	for _, c := range all {
		if !slices.Contains(given, c.name) {
			value := before + c.name
			if about := c.about.In(language); about != "" {
				value = cobra.CompletionWithDesc(value, about)
			}
			out = append(out, value)
		}
	}
	return out
}

func plainCandidates(names []string) (all []candidate) {
	for _, name := range names {
		all = append(all, candidate{name: name})
	}
	return all
}

func langCandidates() []candidate {
	return []candidate{{string(lang.English), lang.Same("English")},
		{string(lang.Chinese), lang.Same("简体中文")}}
}

func netCandidates() (all []candidate) {
	for _, name := range netsim.Names() {
		if link, err := netsim.Parse(name); err == nil {
			all = append(all, candidate{name, link.Describe()})
		}
	}
	return all
}

func transportCandidates() []candidate {
	all := []candidate{{"all", lang.Text{EN: "every transport", ZH: "全部传输"}}}
	for _, name := range lesson.LaneNames(lessons.All()) {
		_, lane, _ := lesson.FindLane(lessons.All(), name)
		all = append(all, candidate{name, lane.Title})
	}
	return all
}

func workloadCandidates() (all []candidate) {
	for _, w := range compare.AllWorkloads() {
		all = append(all, candidate{w.Name, w.Says})
	}
	return all
}

func lessonCandidates() (all []candidate) {
	for _, l := range lessons.All() {
		all = append(all, candidate{l.Name, l.Title})
	}
	return all
}

func demoCandidates() (all []candidate) {
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			all = append(all, candidate{d.Name, d.Title})
		}
	}
	return all
}

func exerciseCandidates() (all []candidate) {
	exercises, err := exercise.Catalogue(lessons.All())
	if err != nil {
		return nil // the command itself says why
	}
	for _, e := range exercises {
		all = append(all, candidate{e.Name, e.Title})
	}
	return all
}

func setCandidates() (all []candidate) {
	for _, s := range exercise.Sets {
		all = append(all, candidate{string(s), s.Title()})
	}
	return all
}
