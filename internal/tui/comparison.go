package tui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"realtimelab/internal/compare"
	"realtimelab/internal/netsim"
)

// comparisonScreen measures the transports side by side, and draws it as it goes.
type comparisonScreen struct {
	*ui
	background *background

	config  compare.Config // of the next run
	setting int            // in settings: the one that enter changes
	shown   int            // index in figures()

	job       *comparisonJob // the last run; nil before the first
	measuring compare.Config // of that run
	running   bool
	now       compare.Progress
	report    *compare.Report      // of the turns that were whole
	latencies map[string][]float64 // by transport: the medians of each moment, ms, the newest last
	err       error
	stopped   bool // by the reader
}

type (
	comparisonJob  = job[compare.Progress, *compare.Report]
	comparisonTold = told[compare.Progress, *compare.Report]
)

// The choices of the screen. The command has more.
var (
	durations = []time.Duration{2 * time.Second, 4 * time.Second, 10 * time.Second,
		30 * time.Second}
	clientCounts = []int{1, 10, 50, 200}
	rates        = []float64{1, 2, 10, 50}
)

func newComparison(u *ui, b *background) *comparisonScreen {
	c := &comparisonScreen{ui: u, background: b, config: compare.Default(b.config.Lessons)}
	c.config.Duration = 4 * time.Second // in class
	return c
}

// startComparison begins a run.
func (b *background) startComparison(c compare.Config) *comparisonJob {
	return startJob(b, func(ctx context.Context, tell func(compare.Progress)) (*compare.Report,
		error) {
		return b.config.Compare(ctx, c, tell)
	})
}

func (c *comparisonScreen) title() string { return c.say("Comparison", "比较") }

func (c *comparisonScreen) search() *prompt { return nil }

func (c *comparisonScreen) back() (tea.Cmd, bool) { return nil, false }

func (c *comparisonScreen) commands() []command {
	figures := []command{
		actRight.then(func() { c.turn(1) }).as("next figure", "下一个指标"),
		actLeft.then(func() { c.turn(-1) }).as("previous figure", "上一个指标"),
	}
	if c.running {
		return append([]command{actStop.on(c.stop)}, figures...)
	}
	move := func(by int) { c.setting = max(min(c.setting+by, len(c.settings())-1), 0) }
	all := []command{
		actRun.on(c.start).as("measure", "开始测量"),
		actOpen.on(func() tea.Cmd {
			return c.settings()[c.setting].change()
		}).as("change the setting", "修改这项设置"),
		actNetwork.on(c.chooseNetwork),
	}
	return append(append(all, figures...), byLine(move)...)
}

// setting is one setting of the next run.
type setting struct {
	text   string
	change func() tea.Cmd
}

func (c *comparisonScreen) settings() []setting {
	m := c.config
	return []setting{
		{m.Workload, c.chooseWorkload},
		{c.clients(m.Clients), func() tea.Cmd {
			chooseOf(c, c.say("Clients", "客户端数"), clientCounts, &c.config.Clients, "%d")
			return nil
		}},
		{fmt.Sprintf(c.say("%g/s", "%g/秒"), m.Rate), func() tea.Cmd {
			chooseOf(c, c.say("Messages a second", "每秒消息数"), rates, &c.config.Rate, "%g")
			return nil
		}},
		{m.Duration.String(), func() tea.Cmd {
			chooseOf(c, c.say("Duration of a run", "每一轮的时长"), durations,
				&c.config.Duration, "%s")
			return nil
		}},
		{c.say("network ", "网络 ") + m.Net.String(), c.chooseNetwork},
	}
}

// chooseOf lets the reader choose the value of a setting.
func chooseOf[T comparable](c *comparisonScreen, heading string, values []T, to *T, format string) {
	var options []option
	for _, v := range values {
		options = append(options, option{name: fmt.Sprintf(format, v)})
	}
	c.choose(heading, options, slices.Index(values, *to), func(i int) tea.Cmd {
		*to = values[i]
		c.check()
		return nil
	})
}

func (c *comparisonScreen) chooseWorkload() tea.Cmd {
	names := compare.Workloads()
	var options []option
	for _, name := range names {
		w, _ := compare.FindWorkload(name)
		options = append(options, option{name, w.Says.In(c.lang)})
	}
	c.choose(c.say("Workload", "负载"), options, slices.Index(names, c.config.Workload),
		func(i int) tea.Cmd {
			c.config.Workload = names[i]
			c.config.Size, c.shown = compare.Defaults(names[i]).Size, 0
			if nets := c.networks(); !slices.Contains(nets, c.config.Net.String()) {
				c.config.Net, _ = netsim.Parse(nets[0])
			}
			c.check()
			return nil
		})
	return nil
}

func (c *comparisonScreen) chooseNetwork() tea.Cmd {
	c.chooseLink(c.config.Net, c.networks(), func(to netsim.Link) tea.Cmd {
		c.config.Net = to
		c.check()
		return nil
	})
	return nil
}

// check says at once if the settings do not go together.
func (c *comparisonScreen) check() { c.err = c.config.Check(c.background.config.Lessons) }

func (c *comparisonScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case comparisonTold:
		return c.take(msg)
	case tea.MouseMsg:
		c.turn(wheel(msg))
	}
	return nil
}

// turn shows another figure.
func (c *comparisonScreen) turn(by int) {
	count := len(c.figures())
	c.shown = ((c.shown+by)%count + count) % count
}

// networks returns the networks to choose from: the workload's own, if it has some.
func (c *comparisonScreen) networks() []string {
	w, _ := compare.FindWorkload(c.config.Workload)
	if len(w.Nets) == 0 {
		return netsim.Names()
	}
	var names []string
	for _, link := range w.Nets {
		names = append(names, link.String())
	}
	return names
}

// start begins a run.
func (c *comparisonScreen) start() tea.Cmd {
	if c.check(); c.running || c.err != nil {
		return nil
	}
	c.running, c.stopped, c.job, c.report, c.now, c.latencies = true, false, nil, nil,
		compare.Progress{}, map[string][]float64{}
	c.measuring = c.config
	config := c.config
	return begin(c, func() *comparisonJob { return c.background.startComparison(config) })
}

// stop ends the run. The completed turns keep their results.
func (c *comparisonScreen) stop() tea.Cmd {
	if c.job == nil {
		return nil // it is about to begin
	}
	c.stopped = true
	run := c.job
	return func() tea.Msg { run.cancel(); return nil }
}

// kept is how many moments of a transport are remembered.
const kept = 120

func (c *comparisonScreen) take(said comparisonTold) tea.Cmd {
	c.job = said.job
	for _, now := range said.news {
		c.now, c.report = now, now.Report
		if l := now.Live; l != nil && l.Recent > 0 {
			all := append(c.latencies[now.Transport], l.Recent)
			c.latencies[now.Transport] = all[max(len(all)-kept, 0):]
		}
	}
	if said.end == nil {
		return said.job.next(c)
	}
	c.running, c.now = false, compare.Progress{}
	if said.end.result != nil {
		c.report = said.end.result
	}
	if !c.stopped {
		c.err = said.end.err
	}
	return nil
}

// measured is the run that the screen shows, else the one to come.
func (c *comparisonScreen) measured() compare.Config {
	if c.job != nil && (c.running || c.report != nil) {
		return c.measuring
	}
	return c.config
}

func (c *comparisonScreen) figures() []compare.Figure {
	return compare.FiguresOf(c.measured().Workload)
}

// value returns the figure of a transport as a number and as text, and false if it is not known.
func (c *comparisonScreen) value(f compare.Figure, transport string) (float64, string, bool) {
	if c.running && c.now.Live != nil && c.now.Transport == transport && f.Live != nil &&
		c.now.Live.Delivered > 0 {
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
