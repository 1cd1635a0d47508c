package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
	"realtimelab/internal/lang"
)

// attendance is a watcher's seat in a class. Without a class it does nothing.
type attendance struct {
	class.Seat
	key    string          // of the ticket in the workspace
	today  []string        // the exercises that the teacher has chosen; empty means all
	pushes int             // the last push that the watcher has followed
	lost   *class.Progress // with a check that the class did not get
}

func (a *attendance) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&a.Class, "class", "",
		"address of the class, where the teacher sees your progress")
	c.Flags().StringVar(&a.Code, "code", "", "join code of the class; the teacher shows it")
	c.Flags().StringVar(&a.Name, "name", "", "your name in the class")
	c.Flags().StringVar(&a.SeatCode, "seat", "",
		"your seat code, from your class page: the same student on this laptop")
	c.Flags().BoolVar(&a.Claim, "claim", false,
		"if your name is taken, ask the teacher for the seat")
}

// check reports flags that do not fit together.
func (a *attendance) check() error {
	named := a.Name != "" || a.SeatCode != ""
	if (a.Class == "") == named {
		return usagef(
			"--class needs --name or --seat, and they need --class: the address of the class, "+
				"and your name or your seat code",
			"--class 要和 --name 或 --seat 合用：课堂的地址，以及你的名字或座位码")
	}
	return nil
}

// join takes the seat. The student can work while the class is away, but a refusal is an error.
func (w *watcher) join(ctx context.Context) error {
	if w.seat.Class == "" {
		return nil
	}
	w.seat.Class = strings.TrimRight(w.seat.Class, "/")
	w.seat.key = w.seat.Name
	if w.seat.SeatCode != "" {
		w.seat.key = "seat " + w.seat.SeatCode
	}
	w.seat.Ticket = w.Ticket(w.seat.Class, w.seat.key)
	if w.seat.Claim {
		fmt.Fprintln(w.err,
			w.say("If the name is taken, the teacher must confirm that it is yours.",
				"如果名字已被占用，要等老师确认是你。"))
	}
	err := w.seat.Join(ctx)
	switch {
	case errors.Is(err, class.ErrAway):
		w.tellAway(err)
		return nil
	case err != nil && err.Error() == class.ErrCode.Error() && w.seat.Code == "":
		return lang.Errorf("%w: add --code CODE",
			"%w：请加上 --code CODE", err)
	case err != nil && err.Error() == class.ErrTaken.Error():
		return lang.Errorf("%w, or take your own seat with --seat CODE or --claim",
			"%w；也可以用 --seat CODE 或 --claim 取回你自己的座位", err)
	case err != nil:
		return err
	}
	return w.keepTicket()
}

func (w *watcher) keepTicket() error {
	return w.KeepTicket(w.seat.Class, w.seat.key, w.seat.Ticket)
}

// report sends the student's progress, with a check that was just made. A check that the class did
// not get is sent with the next report.
func (w *watcher) report(ctx context.Context, r *exercise.Report) {
	if w.seat.Class == "" {
		return
	}
	p := class.Progress{Current: w.current, States: map[string]exercise.State{},
		Hints: w.HintsTaken()}
	for _, e := range w.Catalogue {
		if s := w.State(e); s != exercise.New {
			p.States[e.Name] = s
		}
	}
	switch {
	case r != nil:
		p.Check = &class.Check{Exercise: r.Name, Passed: r.Passed, Step: r.Passing,
			Steps: max(r.Steps, r.Passing)}
		if r.Problem != nil {
			p.Check.Message = r.Problem.Text
		}
	case w.seat.lost != nil:
		p.Check = w.seat.lost.Check
	}
	before := w.seat.Ticket
	if err := w.seat.Report(ctx, p); err != nil {
		if p.Check != nil {
			w.seat.lost = &p
		}
		if ctx.Err() == nil {
			w.tellAway(err)
		}
		return
	}
	w.seat.lost, w.away = nil, false
	if w.seat.Ticket != before {
		if err := w.keepTicket(); err != nil {
			fmt.Fprintln(w.err, "lab:", lang.Message(err, w.lang))
		}
	}
}

// follow returns the teacher's assignments, or an empty channel without a class.
func (w *watcher) follow(ctx context.Context) <-chan class.Assignment {
	if w.seat.Class != "" {
		return w.seat.Follow(ctx)
	}
	none := make(chan class.Assignment)
	context.AfterFunc(ctx, func() { close(none) })
	return none
}

// assigned goes to the exercise that the teacher has given to everyone, or to the first of a new
// list.
func (w *watcher) assigned(a class.Assignment) {
	changed := !slices.Equal(a.Today, w.seat.today)
	w.seat.today = a.Today
	if a.Push != "" && a.Pushes != w.seat.pushes {
		w.seat.pushes = a.Pushes
		for _, e := range w.Catalogue {
			if e.Name == a.Push {
				fmt.Fprintln(w.out, w.say("The teacher has given everyone this exercise:",
					"老师让全班做这道题："))
				w.begin(e)
			}
		}
		return
	}
	if changed && len(a.Today) > 0 && !slices.Contains(a.Today, w.current) {
		fmt.Fprintln(w.out, w.say("The teacher's list for today:", "老师今天布置的练习："),
			strings.Join(a.Today, ", "))
		w.next()
	}
}

// nextOfToday returns the first exercise of the teacher's list that is not solved, or the first of
// all.
func (w *watcher) nextOfToday() (exercise.Exercise, bool) {
	for _, e := range w.Catalogue {
		if slices.Contains(w.seat.today, e.Name) && w.State(e) != exercise.Done {
			return e, true
		}
	}
	return w.Next(w.filter)
}

// tellAway says once that the class does not answer, or that it refused the student.
func (w *watcher) tellAway(err error) {
	advice := w.say("Keep working: your progress is sent when the class is back.",
		"可以继续做题：课堂恢复之后会补报进度。")
	if !errors.Is(err, class.ErrAway) {
		advice = w.say("Keep working: your progress is kept here.",
			"可以继续做题：进度保存在本机。")
	}
	if !w.away {
		fmt.Fprintf(w.err, w.say("lab: %s. %s\n", "lab: %s。%s\n"), lang.Message(err, w.lang),
			advice)
	}
	w.away = true
}
