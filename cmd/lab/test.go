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

	"realtimelab/internal/gotest"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/terminal"
	"realtimelab/internal/tui"
	"realtimelab/lessons"
)

func testCommand() *cobra.Command {
	var langFlag string
	c := &cobra.Command{
		Use:   "test [LESSON]",
		Short: "Run the tests of one lesson or of all lessons",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			language, err := parseLang(langFlag)
			if err != nil {
				return err
			}
			folder := ""
			if len(names) == 1 {
				l, err := lessonNamed(names[0])
				if err != nil {
					return err
				}
				folder = l.Folder
			}
			return printTests(c.Context(), c.OutOrStdout(),
				cmp.Or(language, environmentLang()), folder)
		},
	}
	c.Flags().StringVar(&langFlag, "lang", "", "en or zh (default: the terminal's)")
	return c
}

func lessonNamed(name string) (lesson.Lesson, error) {
	var known []string
	for _, l := range lessons.All() {
		if l.Name == name {
			return l, nil
		}
		known = append(known, l.Name)
	}
	return lesson.Lesson{}, usagef("no lesson %q%s The lessons are: %s",
		"没有课程 %q%s课程有：%s", name,
		suggest(name, known), strings.Join(known, ", "))
}

// runTests runs the tests of a lesson's folder, or all lessons' tests if folder is empty.
func runTests(ctx context.Context, folder string, each func(gotest.Event)) error {
	here, _ := os.Getwd()
	program, _ := os.Executable()
	root, err := gotest.Source(here, filepath.Dir(program))
	if err != nil {
		return err
	}
	args := []string{"-count=1", "./" + cmp.Or(folder, "lessons") + "/..."}
	return gotest.Run(ctx, root, args, each)
}

// printTests prints a line for each test when it ends, and the output of failed tests.
func printTests(ctx context.Context, out io.Writer, language lang.Lang, folder string) error {
	var report gotest.Report
	printed := map[*gotest.Result]bool{}
	err := runTests(ctx, folder, func(e gotest.Event) {
		report.Add(e)
		if e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
			return
		}
		for _, r := range report.Results {
			if r.State != gotest.Running && !printed[r] {
				printed[r] = true
				printResult(out, language, r)
			}
		}
	})
	if err != nil && !errors.Is(err, gotest.ErrFailed) {
		return errors.New(tui.Reason(err, language))
	}
	c := report.Counts
	fmt.Fprintf(out, "\n"+lang.Text{EN: "%d passed, %d failed, %d skipped\n",
		ZH: "%d 个通过，%d 个失败，%d 个跳过\n"}.In(language),
		c[gotest.Passed], c[gotest.Failed], c[gotest.Skipped])
	return err
}

// printResult prints a test's result, except for subtests that passed.
func printResult(out io.Writer, language lang.Lang, r *gotest.Result) {
	if r.Subtest() && r.State == gotest.Passed {
		return
	}
	word := map[gotest.State]lang.Text{
		gotest.Passed: {EN: "pass", ZH: "通过"}, gotest.Failed: {EN: "FAIL", ZH: "失败"},
		gotest.Skipped: {EN: "skip", ZH: "跳过"},
	}[r.State].In(language)
	fmt.Fprintf(out, "%s  %s  %s  %s\n", word, r.Package, r.Name(),
		r.Elapsed.Round(10*time.Millisecond))
	if r.State == gotest.Failed {
		for _, line := range r.Output {
			fmt.Fprintln(out, "      "+terminal.Clean(line))
		}
	}
}
