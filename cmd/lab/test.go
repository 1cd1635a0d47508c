package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/lesson"
	"realtimelab/internal/race"
	"realtimelab/internal/tui"
	"realtimelab/internal/tui/gotest"
)

func testCommand() *cobra.Command {
	var langFlag string
	c := &cobra.Command{
		Use:   "test [LESSON]",
		Short: "Run a lesson's own tests, or those of all lessons",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			lang, err := parseLang(langFlag)
			if err != nil {
				return err
			}
			name := ""
			if len(names) == 1 {
				if name, err = lessonNamed(names[0]); err != nil {
					return err
				}
			}
			return printTests(c.Context(), c.OutOrStdout(), cmp.Or(lang, environmentLang()), name)
		},
	}
	c.Flags().StringVar(&langFlag, "lang", "", "en or zh (default: the terminal's)")
	return c
}

func lessonNamed(name string) (string, error) {
	var known []string
	for _, l := range everyLesson() {
		if l.Name == name {
			return name, nil
		}
		known = append(known, l.Name)
	}
	return "", fmt.Errorf("no lesson %q; did you mean %q? The lessons are: %s", name, nearest(name, known), strings.Join(known, ", "))
}

// runTests runs a lesson's tests, all lessons' for an empty name.
func runTests(ctx context.Context, name string, each func(gotest.Event)) error {
	here, _ := os.Getwd()
	program, _ := os.Executable()
	root, err := gotest.Source(here, filepath.Dir(program))
	if err != nil {
		return err
	}
	packages := []string{"./" + filepath.ToSlash(filepath.Join("lessons", name)) + "/..."}
	if name == race.Name {
		packages = []string{"./internal/compare", "./internal/netsim", "./internal/race"}
	}
	return gotest.Run(ctx, root, packages, each)
}

// printTests prints a line for each test when it ends, and what the failed ones said.
func printTests(ctx context.Context, out io.Writer, lang lesson.Lang, name string) error {
	var report gotest.Report
	printed := map[*gotest.Result]bool{}
	err := runTests(ctx, name, func(e gotest.Event) {
		report.Add(e)
		if e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
			return
		}
		for _, r := range report.Results {
			if r.State != gotest.Running && !printed[r] {
				printed[r] = true
				printResult(out, lang, r)
			}
		}
	})
	if err != nil && !errors.Is(err, gotest.ErrFailed) {
		return errors.New(tui.Reason(err, lang))
	}
	c := report.Counts
	fmt.Fprintf(out, "\n"+lesson.Text{EN: "%d passed, %d failed, %d skipped\n", ZH: "%d 个通过，%d 个失败，%d 个跳过\n"}.In(lang),
		c[gotest.Passed], c[gotest.Failed], c[gotest.Skipped])
	return err
}

// printResult leaves out subtests that passed.
func printResult(out io.Writer, lang lesson.Lang, r *gotest.Result) {
	if r.Subtest() && r.State == gotest.Passed {
		return
	}
	word := map[gotest.State]lesson.Text{
		gotest.Passed: {EN: "pass", ZH: "通过"}, gotest.Failed: {EN: "FAIL", ZH: "失败"}, gotest.Skipped: {EN: "skip", ZH: "跳过"},
	}[r.State].In(lang)
	fmt.Fprintf(out, "%s  %s  %s  %s\n", word, r.Package, r.Name(), r.Elapsed.Round(10*time.Millisecond))
	if r.State == gotest.Failed {
		for _, line := range r.Output {
			fmt.Fprintln(out, "      "+tui.Clean(line))
		}
	}
}
