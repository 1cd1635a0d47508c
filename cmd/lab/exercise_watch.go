package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
)

// pollEvery is how often --poll looks.
const pollEvery = time.Second

// presence is how often a student tells the class board that they are still there.
const presence = 20 * time.Second

func (d *desk) watchCommand() *cobra.Command {
	var poll bool
	var seat class.Seat
	c := &cobra.Command{
		Use: "watch", Short: "Check an exercise whenever you save it, until Ctrl-C", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if (seat.Board == "") != (seat.Name == "") {
				return errors.New("--class and --name go together: the board's address, and the name you choose")
			}
			if err := d.open(c); err != nil {
				return err
			}
			watch := &watcher{desk: d, seat: &seat}
			if poll {
				watch.poll = pollEvery
			}
			return watch.run(c.Context())
		},
	}
	c.Flags().BoolVar(&poll, "poll", false, "look every second, where file events do not work")
	c.Flags().StringVar(&seat.Board, "class", "", "the address of the class board, to show there how far you are")
	c.Flags().StringVar(&seat.Name, "name", "", "your name on the class board")
	return c
}

// watcher is one run of `lab exercise watch`.
type watcher struct {
	*desk
	poll    time.Duration
	seat    *class.Seat
	current string
	away    bool // the board did not answer last time
}

func (w *watcher) run(ctx context.Context) error {
	if err := w.join(ctx); err != nil {
		return err
	}
	saved, err := w.Watch(ctx, w.poll)
	if err != nil {
		return fmt.Errorf("no file events (%w): try --poll", err)
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

// next introduces the next exercise, unless it was the last.
func (w *watcher) next() {
	e, ok := w.Next()
	if !ok {
		w.current = ""
		fmt.Fprintln(w.out, w.say("All exercises are solved.", "所有练习都完成了。"))
		return
	}
	w.current = e.Name
	w.introduce(e)
	fmt.Fprintln(w.out, w.say("It is checked whenever you save it.", "每次保存都会检查。"))
}

func (w *watcher) saved(ctx context.Context, e exercise.Exercise) error {
	w.current = e.Name
	r, err := w.Workspace.Check(ctx, e, exercise.Options{})
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
		w.after([]exercise.Report{r})
	}
	w.report(ctx)
	return nil
}

// join takes the place on the board. A board that is away does not keep anybody from working; a refusal is to be answered.
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

// report tells the board how far the student is.
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

// tellAway says once that the board is away.
func (w *watcher) tellAway(err error) {
	if !w.away {
		fmt.Fprintln(w.err, "lab:", err, w.say("(you can work on; it is told when it is back)", "（可以继续做题；它回来之后会补报进度）"))
	}
	w.away = true
}
