package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
)

// onOne is a command on the exercise that is named, or the next one.
func (d *desk) onOne(use, short string, do func(exercise.Exercise) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " [NAME]", Short: short, Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := d.open(c); err != nil {
				return err
			}
			e, err := d.named(args)
			if err != nil {
				return err
			}
			return do(e)
		},
	}
}

func (d *desk) hintCommand() *cobra.Command {
	return d.onOne("hint", "The next of three hints", func(e exercise.Exercise) error {
		hint, number, err := d.Hint(e)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "%s %d/%d\n\n%s\n", e.Name, number, len(e.Hints), hint.In(d.lang))
		return nil
	})
}

// unsolved explains why there is no solution to be seen yet.
func (d *desk) unsolved(e exercise.Exercise, err error) error {
	if !errors.Is(err, exercise.ErrUnsolved) {
		return err
	}
	return errors.New(d.say(e.Name+" is not solved yet: try a hint, or say --force", e.Name+" 还没有通过：先看看提示，或者加上 --force"))
}

func (d *desk) solutionCommand() *cobra.Command {
	var force bool
	c := d.onOne("solution", "Our solution, once you have yours", func(e exercise.Exercise) error {
		files, err := d.ShowSolution(e, force)
		if err != nil {
			return d.unsolved(e, err)
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(d.out, "// %s\n%s", name, files[name])
		}
		return nil
	})
	c.Flags().BoolVar(&force, "force", false, "show it though the exercise is not solved")
	return c
}

func (d *desk) diffCommand() *cobra.Command {
	var solution, force bool
	c := d.onOne("diff", "What you changed", func(e exercise.Exercise) error {
		text, err := d.Diff(e)
		if solution {
			text, err = d.DiffSolution(e, force)
		}
		if err != nil {
			return d.unsolved(e, err)
		}
		fmt.Fprint(d.out, text)
		return nil
	})
	c.Flags().BoolVar(&solution, "solution", false, "from yours to our solution, once you have yours")
	c.Flags().BoolVar(&force, "force", false, "show it though the exercise is not solved")
	return c
}

func (d *desk) resetCommand() *cobra.Command {
	return d.onOne("reset", "Begin an exercise anew; what you had is kept", func(e exercise.Exercise) error {
		backup, err := d.Reset(e)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "%s %s\n", d.say("Reset. What you had is in", "已重置。你原来的文件在"), backup)
		return nil
	})
}
