package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/lang"
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
		Use: "watch", Short: "Check an exercise whenever you save it, until Ctrl-C",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := seat.check(); err != nil {
				return err
			}
			if err := d.open(c); err != nil {
				return err
			}
			watch := &watcher{exerciseEnv: d, seat: &seat, in: c.InOrStdin()}
			if poll {
				watch.poll = pollEvery
			}
			return watch.run(c.Context())
		},
	}
	c.Flags().BoolVar(&poll, "poll", false,
		"check the files every second, for systems without file events")
	d.addFilter(c)
	seat.addFlags(c)
	return c
}

// watcher is one run of `lab exercise watch`.
type watcher struct {
	*exerciseEnv
	poll    time.Duration
	seat    *attendance
	in      io.Reader // of the keys
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
		return lang.Errorf("file events are not available (%w): try --poll",
			"无法使用文件事件（%w）：请试试 --poll", err)
	}
	keys, err := readKeys(ctx, w.in)
	if err != nil {
		return err
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
		case key, ok := <-keys:
			if !ok {
				keys = nil // there is no keyboard
				continue
			}
			if key == "q" {
				return nil
			}
			if err := w.press(key); err != nil {
				return err
			}
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
		fmt.Fprintln(w.out, workspace.AllSolved.In(w.lang))
		return
	}
	w.begin(e)
}

// begin introduces an exercise and the keys.
func (w *watcher) begin(e exercise.Exercise) {
	w.current = e.Name
	if err := w.introduce(e); err != nil {
		fmt.Fprintln(w.err, "lab:", lang.Message(err, w.lang))
	}
	w.progress()
	fmt.Fprintln(w.out, w.say("It is checked each time you save.", "每次保存都会检查。"))
	fmt.Fprintln(w.out, w.say("Keys, with Enter: h hint, n next, l list, r reset, q quit",
		"按键加回车：h 提示，n 下一个，l 列表，r 重置，q 退出"))
}

func (w *watcher) saved(ctx context.Context, e exercise.Exercise) error {
	if w.Untouched(e) {
		return nil // it was reset
	}
	w.current = e.Name
	r, err := w.Workspace.Check(ctx, e, workspace.Options{})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "\n%s\n%s", w.style.Rule(time.Now()), r.Render(w.lang, w.style))
	w.advise(r)
	if r.Passed {
		fmt.Fprintln(w.out)
		w.next()
	}
	w.report(ctx, &r)
	return nil
}
