package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
)

// pollEvery is the interval of --poll.
const pollEvery = time.Second

// presence is how often a student's program reports to the class board that the student is still
// there.
const presence = 20 * time.Second

func (d *exerciseEnv) watchCommand() *cobra.Command {
	var poll bool
	var seat attendance
	c := &cobra.Command{
		Use: "watch", Short: "Check an exercise whenever you save it, until Ctrl-C", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := seat.check(); err != nil {
				return err
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
	seat.addFlags(c)
	return c
}

// watcher is one run of `lab exercise watch`.
type watcher struct {
	*exerciseEnv
	poll    time.Duration
	seat    *attendance
	current string
	away    bool // the last report failed or was refused
}

func (w *watcher) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := w.join(ctx); err != nil {
		return err
	}
	saved, err := w.Watch(ctx, w.poll)
	if err != nil {
		return fmt.Errorf("file events are not available (%w): try --poll", err)
	}
	w.next()
	w.report(ctx, nil)
	assignments := w.follow(ctx)
	defer func() {
		cancel()
		for range assignments { // until the follower has ended
		}
	}()
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
		case a, ok := <-assignments:
			if !ok {
				return nil // ctx has ended
			}
			w.assigned(a)
			w.report(ctx, nil)
		case <-present.C:
			w.report(ctx, nil)
		}
	}
}

// next introduces the next exercise, if there is one.
func (w *watcher) next() {
	e, ok := w.nextOfToday()
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
	w.report(ctx, &r)
	return nil
}
