package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
)

func (d *exerciseEnv) checkCommand() *cobra.Command {
	var all, asJSON bool
	var o workspace.Options
	c := &cobra.Command{
		Use: "check [NAME]", Short: "Check an exercise, by default the next one",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := d.open(c); err != nil {
				return err
			}
			return d.check(c.Context(), args, o, all, asJSON)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "check every exercise that you have changed")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&o.Target, "target", "",
		"black box: the URL of your server, in any language")
	c.Flags().BoolVar(&o.Race, "race", false, "compile with the race detector (needs a C compiler)")
	d.addFilter(c)
	return c
}

// check checks the named exercise, or all. It returns an error if any is not solved, which sets the
// exit status.
func (d *exerciseEnv) check(ctx context.Context, args []string, o workspace.Options,
	all, asJSON bool) error {
	slow := time.AfterFunc(3*time.Second, func() {
		fmt.Fprintln(d.err, d.say("Still checking; compiling takes about a minute the first time.",
			"还在检查；第一次编译要一分钟左右。"))
	})
	defer slow.Stop()
	reports, passed := []exercise.Report{}, 0
	tell := func(r exercise.Report, checked bool) {
		reports = append(reports, r)
		if r.Passed {
			passed++
		}
		switch {
		case asJSON:
		case checked:
			fmt.Fprint(d.out, r.Render(d.lang, d.style))
		default:
			fmt.Fprintf(d.out, "· %s  %s\n", r.Name, d.say("not begun", "还没开始"))
		}
	}
	if all {
		if len(args) > 0 {
			return usagef("give either an exercise name or --all, not both",
				"练习名和 --all 请只写一个")
		}
		if o.Target != "" {
			return errTarget
		}
		if err := d.CheckAll(ctx, d.filter, o, tell); err != nil {
			return err
		}
	} else {
		e, err := d.named(args)
		if err != nil {
			return err
		}
		if o.Target != "" && e.Kind != exercise.BlackBox {
			return errTarget
		}
		r, err := d.Check(ctx, e, o)
		if err != nil {
			return err
		}
		tell(r, true)
		if !asJSON {
			d.advise(r)
		}
	}
	if asJSON {
		if err := json.NewEncoder(d.out).Encode(reports); err != nil {
			return err
		}
	}
	if passed == len(reports) {
		return nil
	}
	return lang.Errorf("solved: %d/%d", "通过：%d/%d", passed, len(reports))
}

var errTarget = usagef("--target needs the name of one black box exercise",
	"--target 需要一个黑盒练习的名字")

// advise suggests the next step after a check.
func (d *exerciseEnv) advise(r exercise.Report) {
	fmt.Fprintf(d.out, "\n%s", d.Advise(r, d.filter).Render(d.lang, workspace.Moves{
		Hint: "lab exercise hint " + r.Name, Solution: "lab exercise diff --solution " + r.Name,
		Next: "lab exercise next",
	}))
}
