package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
	"realtimelab/internal/exercise/workspace"
)

// pollEvery is the interval of --poll.
const pollEvery = time.Second

// presence is how often a student's program reports to the class board that the student is still
// there.
const presence = 20 * time.Second

func (d *exerciseEnv) watchCommand() *cobra.Command {
	var poll bool
	var seat class.Seat
	c := &cobra.Command{
		Use: "watch", Short: "Check an exercise whenever you save it, until Ctrl-C", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if (seat.Board == "") != (seat.Name == "") {
				return errors.New("--class needs --name, and --name needs --class: the board's address, and a name of your choice")
			}
			if err := d.open(c); err != nil {
				return err
			}
			watch := &watcher{exerciseEnv: d, seat: &seat}
			if poll {
				watch.poll = pollEvery
			}
			return watch.run(c.Context())
		},
	}
	c.Flags().BoolVar(&poll, "poll", false, "check the files every second, for systems without file events")
	c.Flags().StringVar(&seat.Board, "class", "", "address of the class board, which shows your progress")
	c.Flags().StringVar(&seat.Code, "code", "", "join code of the class board; the teacher shows it")
	c.Flags().StringVar(&seat.Name, "name", "", "your name on the class board")
	return c
}

// watcher is one run of `lab exercise watch`.
type watcher struct {
	*exerciseEnv
	poll    time.Duration
	seat    *class.Seat
	current string
	away    bool // the last report failed or was refused
}

func (w *watcher) run(ctx context.Context) error {
	if err := w.join(ctx); err != nil {
		return err
	}
	saved, err := w.Watch(ctx, w.poll)
	if err != nil {
		return fmt.Errorf("file events are not available (%w): try --poll", err)
	}
	w.next()
	w.report(ctx)
	present := time.NewTicker(presence)
	defer present.Stop()
	for {
		select {
		case e, ok := <-saved:
			if !ok {
				return nil
			}
			if err := w.saved(ctx, e); err != nil {
				return err
			}
		case <-present.C:
			w.report(ctx)
		}
	}
}

// next introduces the next exercise, if there is one.
func (w *watcher) next() {
	e, ok := w.Next(w.filter)
	if !ok {
		w.current = ""
		fmt.Fprintln(w.out, w.say("All exercises are solved.", "所有练习都完成了。"))
		return
	}
	w.current = e.Name
	w.introduce(e)
	fmt.Fprintln(w.out, w.say("It is checked each time you save.", "每次保存都会检查。"))
}

func (w *watcher) saved(ctx context.Context, e exercise.Exercise) error {
	w.current = e.Name
	r, err := w.Workspace.Check(ctx, e, workspace.Options{})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "\n%s\n%s", w.style.Rule(time.Now()), r.Render(w.lang, w.style))
	if r.Passed {
		fmt.Fprintln(w.out)
		w.next()
	} else {
		w.advise(r)
	}
	w.report(ctx)
	return nil
}

// join takes a place on the board. The student can work while the board is unreachable, but a
// refusal is an error.
func (w *watcher) join(ctx context.Context) error {
	if w.seat.Board == "" {
		return nil
	}
	board := w.seat.Board
	w.seat.Ticket = w.Ticket(board, w.seat.Name)
	err := w.seat.Join(ctx)
	switch {
	case errors.Is(err, class.ErrAway):
		w.tellAway(err)
		return nil
	case err != nil:
		return err
	}
	return w.KeepTicket(board, w.seat.Name, w.seat.Ticket)
}

// report sends the student's progress to the board.
func (w *watcher) report(ctx context.Context) {
	if w.seat.Board == "" {
		return
	}
	states := map[string]exercise.State{}
	for _, e := range w.Catalogue {
		if s := w.State(e); s != exercise.New {
			states[e.Name] = s
		}
	}
	before := w.seat.Ticket
	if err := w.seat.Report(ctx, states, w.current); err != nil {
		if ctx.Err() == nil {
			w.tellAway(err)
		}
		return
	}
	w.away = false
	if w.seat.Ticket != before {
		if err := w.KeepTicket(w.seat.Board, w.seat.Name, w.seat.Ticket); err != nil {
			fmt.Fprintln(w.err, "lab:", err)
		}
	}
}

// tellAway says once that the board does not answer, or that it refused the student.
func (w *watcher) tellAway(err error) {
	advice := w.say("Keep working: your progress is sent when the board is back.", "可以继续做题：它回来之后会补报进度。")
	if !errors.Is(err, class.ErrAway) {
		advice = w.say("Keep working: your progress is kept here.", "可以继续做题：进度保存在本机。")
	}
	if !w.away {
		fmt.Fprintf(w.err, "lab: %v. %s\n", err, advice)
	}
	w.away = true
}
