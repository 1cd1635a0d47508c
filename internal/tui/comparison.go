package tui

import (
	"context"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/compare"
	"realtimelab/internal/netsim"
)

// comparisonScreen measures the transports side by side, and draws it as it goes.
type comparisonScreen struct {
	*ui
	stage *stage

	config compare.Config // of the next run
	shown  int            // index in figures()

	run       *comparisonRun // the last one that was begun; nil before the first
	running   bool
	now       compare.Progress
	report    *compare.Report      // of the turns that were whole
	latencies map[string][]float64 // by transport: the medians of each moment, ms, the newest last
	err       error
	stopped   bool // by the reader
}

// comparisonRun is one run.
type comparisonRun struct {
	config compare.Config
	news   chan compare.Progress
	done   chan comparisonEnd // receives once, after news is closed
	cancel context.CancelFunc
}

type comparisonEnd struct {
	report *compare.Report
	err    error
}

// comparisonNews is what a run said since the last one.
type comparisonNews struct {
	to   *comparisonScreen
	run  *comparisonRun
	said *compare.Progress
	end  *comparisonEnd
}

func (n comparisonNews) recipient() screen { return n.to }

// The choices of the screen. The command has more.
var (
	durations    = []time.Duration{2 * time.Second, 4 * time.Second, 10 * time.Second, 30 * time.Second}
	clientCounts = []int{1, 10, 50, 200}
	rates        = []float64{1, 2, 10, 50}
)

func newComparison(u *ui, s *stage) *comparisonScreen {
	c := &comparisonScreen{ui: u, stage: s, config: compare.Default(s.config.Lessons)}
	c.config.Duration = 4 * time.Second // in class
	return c
}

// startComparison begins a run; close ends it.
func (s *stage) startComparison(c compare.Config) *comparisonRun {
	ctx, cancel := context.WithCancel(s.ctx)
	r := &comparisonRun{config: c, news: make(chan compare.Progress, 64), done: make(chan comparisonEnd, 1), cancel: cancel}
	if !s.working.Enter() {
		close(r.news)
		r.done <- comparisonEnd{err: errClosing}
		return r
	}
	go func() {
		defer s.working.Leave()
		defer cancel()
		report, err := s.config.Compare(ctx, c, func(p compare.Progress) {
			select {
			case r.news <- p:
			case <-ctx.Done():
			}
		})
		close(r.news)
		r.done <- comparisonEnd{report, err}
	}()
	return r
}

// next waits for what a run says.
func (c *comparisonScreen) next(r *comparisonRun) tea.Cmd {
	return func() tea.Msg {
		if p, open := <-r.news; open {
			return comparisonNews{to: c, run: r, said: &p}
		}
		end := <-r.done
		return comparisonNews{to: c, run: r, end: &end}
	}
}

func (c *comparisonScreen) title() string { return c.say("Comparison", "比较") }

func (c *comparisonScreen) typing() bool { return false }

func (c *comparisonScreen) bindings() []key.Binding {
	if c.running {
		return []key.Binding{c.bind("r", "stop", "停止"), c.bind("tab", "next figure", "下一个指标")}
	}
	return []key.Binding{
		c.bind("r", "measure", "开始测量"), c.bind("tab", "next figure", "下一个指标"), c.bind("w", "workload", "负载"), c.bind("n", "network", "网络"),
		c.bind("d", "duration", "时长"), c.bind("c", "clients", "客户端数"), c.bind("f", "rate", "速率"),
	}
}

func (c *comparisonScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case comparisonNews:
		return c.take(msg)
	case tea.KeyMsg:
		return c.key(msg)
	case tea.MouseMsg:
		c.turn(wheel(msg))
	}
	return nil
}

func (c *comparisonScreen) key(k tea.KeyMsg) tea.Cmd {
	switch k.String() {
	case "esc", "left", "backspace":
		return ask(goBack{})
	case "r", "enter":
		return c.toggle()
	case "tab", "right", "down":
		c.turn(1)
	case "shift+tab", "up":
		c.turn(-1)
	default:
		if !c.running {
			c.choose(k.String())
		}
	}
	return nil
}

// turn shows another figure.
func (c *comparisonScreen) turn(by int) {
	count := len(c.figures())
	c.shown = ((c.shown+by)%count + count) % count
}

// choose changes the next run.
func (c *comparisonScreen) choose(k string) {
	switch k {
	case "w":
		c.config.Workload = after(compare.Workloads(), c.config.Workload)
		c.config.Size, c.shown = compare.Defaults(c.config.Workload).Size, 0
	case "n":
		c.config.Net, _ = netsim.Parse(after(netsim.Names(), c.config.Net.String()))
	case "d":
		c.config.Duration = after(durations, c.config.Duration)
	case "f":
		c.config.Rate = after(rates, c.config.Rate)
	case "c":
		c.config.Clients = after(clientCounts, c.config.Clients)
	default:
		return
	}
	c.err = c.config.Check(c.stage.config.Lessons)
}

// after is the item after that one, the first after the last.
func after[T comparable](all []T, one T) T { return all[(slices.Index(all, one)+1)%len(all)] }

// toggle begins a run, or ends the one under way.
func (c *comparisonScreen) toggle() tea.Cmd {
	if c.running {
		if c.run == nil {
			return nil // it is about to begin
		}
		run := c.run
		c.stopped = true
		return func() tea.Msg { run.cancel(); return nil }
	}
	if c.err = c.config.Check(c.stage.config.Lessons); c.err != nil {
		return nil
	}
	c.running, c.stopped, c.run, c.report, c.now, c.latencies = true, false, nil, nil, compare.Progress{}, map[string][]float64{}
	config := c.config
	return func() tea.Msg {
		return comparisonNews{to: c, run: c.stage.startComparison(config)}
	}
}

// kept is how many moments of a transport are remembered.
const kept = 120

func (c *comparisonScreen) take(n comparisonNews) tea.Cmd {
	c.run = n.run
	switch {
	case n.end != nil:
		c.running, c.now = false, compare.Progress{}
		if n.end.report != nil {
			c.report = n.end.report
		}
		if !c.stopped {
			c.err = n.end.err
		}
		return nil
	case n.said != nil:
		c.now, c.report = *n.said, n.said.Report
		if l := n.said.Live; l != nil && l.Recent > 0 {
			all := append(c.latencies[n.said.Transport], l.Recent)
			c.latencies[n.said.Transport] = all[max(len(all)-kept, 0):]
		}
	}
	return c.next(n.run)
}

// measured is the run that the screen shows, else the one to come.
func (c *comparisonScreen) measured() compare.Config {
	if c.run != nil && (c.running || c.report != nil) {
		return c.run.config
	}
	return c.config
}

func (c *comparisonScreen) figures() []compare.Figure {
	return compare.FiguresOf(c.measured().Workload)
}

// value is what is known of a transport, as a number and as text; false if nothing is.
func (c *comparisonScreen) value(f compare.Figure, transport string) (float64, string, bool) {
	if c.running && c.now.Live != nil && c.now.Transport == transport && f.Live != nil && c.now.Live.Delivered > 0 {
		v := f.Live(*c.now.Live)
		return v, f.Format(v), true
	}
	if c.report != nil {
		for _, r := range c.report.Results {
			if r.Transport == transport {
				v, measured := f.Of(r)
				return v, f.Text(r), measured
			}
		}
	}
	return 0, "", false
}
