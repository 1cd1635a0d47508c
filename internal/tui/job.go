package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/host"
)

// A job is work that goes on while the screens are used. It tells news of type N while it runs, and
// ends with a result of type R.
type job[N, R any] struct {
	news   chan N
	done   chan outcome[R] // receives once, after news is closed
	cancel context.CancelFunc
}

// outcome is the end of a job.
type outcome[R any] struct {
	result R
	err    error
}

// maxBatch bounds the news of one message, so that keys come through.
const maxBatch = 256

// startJob begins a job, which the end of the lab cancels. do calls tell for its news; tell blocks
// while too many are unread.
func startJob[N, R any](b *background,
	do func(ctx context.Context, tell func(N)) (R, error)) *job[N, R] {
	ctx, cancel := context.WithCancel(b.ctx)
	j := &job[N, R]{news: make(chan N, maxBatch), done: make(chan outcome[R], 1), cancel: cancel}
	if !b.jobs.Enter() {
		cancel()
		close(j.news)
		j.done <- outcome[R]{err: host.ErrClosing}
		return j
	}
	go func() {
		defer b.jobs.Leave()
		defer cancel()
		result, err := do(ctx, func(n N) {
			select {
			case j.news <- n:
			case <-ctx.Done():
			}
		})
		close(j.news)
		j.done <- outcome[R]{result, err}
	}()
	return j
}

// told carries the news of a job since the message before.
type told[N, R any] struct {
	to   screen
	job  *job[N, R]
	news []N
	end  *outcome[R] // nil while it runs
}

func (t told[N, R]) recipient() screen { return t.to }

// begin returns the command that starts a job for a screen.
func begin[N, R any](to screen, start func() *job[N, R]) tea.Cmd {
	return func() tea.Msg { return told[N, R]{to: to, job: start()} }
}

// next waits for news, and takes all that are there.
func (j *job[N, R]) next(to screen) tea.Cmd {
	return func() tea.Msg {
		t := told[N, R]{to: to, job: j}
		n, open := <-j.news
		for open {
			t.news = append(t.news, n)
			if len(t.news) == maxBatch {
				return t
			}
			select {
			case n, open = <-j.news:
			default:
				return t
			}
		}
		end := <-j.done
		t.end = &end
		return t
	}
}
