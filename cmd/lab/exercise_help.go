package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
)

// onOne returns a command on one exercise, by default the next one. It opens the folder with open,
// which is d.open or d.look.
func (d *exerciseEnv) onOne(use, short string, open func(*cobra.Command) error,
	do func(exercise.Exercise) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " [NAME]", Short: short, Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := open(c); err != nil {
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

func (d *exerciseEnv) hintCommand() *cobra.Command {
	return d.onOne("hint", "Show the next of three hints", d.open, d.hint)
}

func (d *exerciseEnv) hint(e exercise.Exercise) error {
	hint, number, err := d.Hint(e)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "%s %d/%d\n\n", e.Name, number, len(e.Hints))
	return printMarkdown(d.out, hint.In(d.lang))
}

// unsolved returns an error that says why the solution is not shown yet.
func (d *exerciseEnv) unsolved(e exercise.Exercise, err error) error {
	if !errors.Is(err, workspace.ErrUnsolved) {
		return err
	}
	return lang.Errorf("%s is not solved yet: try a hint, or use --force",
		"%s 还没有通过：先看看提示，或者加上 --force", e.Name)
}

func (d *exerciseEnv) solutionCommand() *cobra.Command {
	var force bool
	c := d.onOne("solution", "Show our solution after you have solved it", d.look,
		func(e exercise.Exercise) error {
			files, err := d.ShowSolution(e, force)
			if err != nil {
				return d.unsolved(e, err)
			}
			for _, name := range slices.Sorted(maps.Keys(files)) {
				fmt.Fprintf(d.out, "// %s\n%s", name, files[name])
			}
			return nil
		})
	c.Flags().BoolVar(&force, "force", false, "show it even if the exercise is not solved")
	return d.withTeacher(c)
}

func (d *exerciseEnv) diffCommand() *cobra.Command {
	var solution, force bool
	c := d.onOne("diff", "What you changed", d.look, func(e exercise.Exercise) error {
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
	c.Flags().BoolVar(&solution, "solution", false,
		"compare your code with our solution, after you have solved it")
	c.Flags().BoolVar(&force, "force", false, "show it even if the exercise is not solved")
	return c
}

func (d *exerciseEnv) resetCommand() *cobra.Command {
	return d.onOne("reset", "Restore the starting files and keep a copy of yours", d.open, d.reset)
}

func (d *exerciseEnv) reset(e exercise.Exercise) error {
	backup, err := d.Reset(e)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "%s %s\n", d.say("Reset. Your files were copied to",
		"已重置。你原来的文件已备份到"), backup)
	return nil
}
