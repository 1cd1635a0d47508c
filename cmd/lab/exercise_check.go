package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
)

func (d *exerciseEnv) checkCommand() *cobra.Command {
	var all, asJSON bool
	var o workspace.Options
	c := &cobra.Command{
		Use: "check [NAME]", Short: "Check an exercise, by default the next one", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := d.open(c); err != nil {
				return err
			}
			chosen, err := d.choose(args, all)
			if err != nil {
				return err
			}
			if o.Target != "" && (all || chosen[0].Kind != exercise.BlackBox) {
				return errors.New("--target needs the name of one black box exercise")
			}
			return d.check(c, chosen, o, all, asJSON)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "check every exercise that you have changed")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&o.Target, "target", "", "black box: the URL of your server, in any language")
	c.Flags().BoolVar(&o.Race, "race", false, "compile with the race detector (needs a C compiler)")
	return c
}

func (d *exerciseEnv) choose(args []string, all bool) ([]exercise.Exercise, error) {
	if all && len(args) > 0 {
		return nil, errors.New("give either an exercise name or --all, not both")
	}
	if all {
		return d.Catalogue, nil
	}
	e, err := d.named(args)
	return []exercise.Exercise{e}, err
}

// check checks the chosen exercises in order. With --all it skips unchanged exercises, which cannot
// be solved. It returns an error if any is not solved, which sets the exit status.
func (d *exerciseEnv) check(c *cobra.Command, chosen []exercise.Exercise, o workspace.Options, all, asJSON bool) error {
	reports := []exercise.Report{}
	passed := 0
	slow := time.AfterFunc(3*time.Second, func() {
		fmt.Fprintln(d.err, d.say("Compiling; the first time takes about a minute.", "正在编译，第一次要一分钟左右。"))
	})
	defer slow.Stop()
	for _, e := range chosen {
		r := exercise.Report{Name: e.Name, Lesson: e.Lesson, Kind: e.Kind}
		if !all || !d.Untouched(e) {
			var err error
			if r, err = d.Workspace.Check(c.Context(), e, o); err != nil {
				return err
			}
		} else if !asJSON {
			fmt.Fprintf(d.out, "· %s  %s\n", e.Name, d.say("not begun", "还没开始"))
			reports = append(reports, r)
			continue
		}
		reports = append(reports, r)
		if r.Passed {
			passed++
		}
		if !asJSON {
			fmt.Fprint(d.out, r.Render(d.lang, d.style))
		}
	}
	if asJSON {
		if err := json.NewEncoder(d.out).Encode(reports); err != nil {
			return err
		}
	} else {
		d.after(reports)
	}
	if passed == len(chosen) {
		return nil
	}
	return fmt.Errorf("%s %d/%d", d.say("solved:", "通过："), passed, len(chosen))
}

// after suggests the next step.
func (d *exerciseEnv) after(reports []exercise.Report) {
	if len(reports) != 1 {
		return
	}
	r := reports[0]
	if !r.Passed {
		fmt.Fprintf(d.out, "\n%s lab exercise hint %s\n", d.say("Stuck?", "卡住了？"), r.Name)
		return
	}
	fmt.Fprintf(d.out, "%s lab exercise diff --solution %s\n", d.say("See how we did it:", "看看我们的写法："), r.Name)
	if next, ok := d.Next(); ok {
		fmt.Fprintf(d.out, "%s %s (lab exercise next)\n", d.say("Next:", "下一个："), next.Name)
	}
}
