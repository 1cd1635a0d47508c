package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/netsim"
)

// Plan is a comparison under several configurations: each workload over each network. A workload
// with networks of its own is measured over these instead. With a reconnect storm among the
// workloads, only its clients are cut off: it measures what the cut costs.
type Plan struct {
	Config                  // of every part, except what follows
	Workloads []string      // empty: Config.Workload
	Nets      []netsim.Link // empty: Config.Net

	// A field that is 0 has the default of the workload.
	Clients int
	Rate    float64
	Size    int
}

// Configs returns the configurations, the networks of the first workload first.
func (p Plan) Configs() []Config {
	var all []Config
	storms := slices.ContainsFunc(p.Workloads, func(name string) bool {
		w, _ := FindWorkload(name)
		return w.Storm
	})
	for _, workload := range orOne(p.Workloads, p.Workload) {
		w, _ := FindWorkload(workload)
		nets := orOne(p.Nets, p.Net)
		if len(w.Nets) > 0 {
			nets = w.Nets
		}
		for _, link := range nets {
			c := p.Config
			if storms && !w.Storm {
				c.Cut = 0
			}
			l := Defaults(workload)
			c.Workload, c.Net = workload, link
			c.Clients, c.Rate, c.Size = cmp.Or(p.Clients, l.Clients), cmp.Or(p.Rate, l.Rate),
				cmp.Or(p.Size, l.Size)
			all = append(all, c)
		}
	}
	return all
}

func orOne[T any](all []T, one T) []T {
	if len(all) == 0 {
		return []T{one}
	}
	return all
}

// Check returns what is wrong with a configuration, in one line.
func (p Plan) Check(lessons []lesson.Lesson) error {
	if err := known("workload", orOne(p.Workloads, p.Workload), Workloads()); err != nil {
		return err
	}
	seen := map[netsim.Link]bool{}
	for _, link := range p.Nets {
		if seen[link] {
			return lang.Errorf("network %s is named twice",
				"网络 %s 写了两次", link)
		}
		seen[link] = true
	}
	if p.hasNoUseForNets() {
		return lang.Errorf(
			"workload %s brings its own networks: leave --net out, or measure %s --rate %g over "+
				"the network that you want",
			"负载 %s 自带网络：请去掉 --net，或者在你要的网络上测量 %s --rate %g",
			HeadOfLine, Feed, Defaults(HeadOfLine).Rate)
	}
	all := p.Configs()
	for _, c := range all {
		if err := c.Check(lessons); err != nil && len(all) > 1 {
			return fmt.Errorf("%s over %s: %w", c.Workload, c.Net, err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// hasNoUseForNets reports whether networks were chosen but no workload is measured over them.
func (p Plan) hasNoUseForNets() bool {
	for _, workload := range orOne(p.Workloads, p.Workload) {
		if w, _ := FindWorkload(workload); len(w.Nets) == 0 {
			return false
		}
	}
	return slices.ContainsFunc(orOne(p.Nets, p.Net), func(l netsim.Link) bool {
		return l != netsim.Link{}
	})
}

// Command returns the command line that repeats the measurement.
func (p Plan) Command() string {
	c := p.Configs()[0]
	b, lanes := "lab compare", c.Transports
	for _, x := range c.Servers {
		b += fmt.Sprintf(" --to %s --as %s", x.URL, x.As)
		lanes = slices.DeleteFunc(slices.Clone(lanes), func(name string) bool {
			return name == x.Name()
		})
	}
	if len(lanes) > 0 {
		b += " --transports " + strings.Join(lanes, ",")
	}
	b += " --workload " + strings.Join(orOne(p.Workloads, p.Workload), ",")
	if p.Clients > 0 {
		b += fmt.Sprintf(" --clients %d", p.Clients)
	}
	if p.Rate > 0 {
		b += fmt.Sprintf(" --rate %g", p.Rate)
	}
	if p.Size > 0 {
		b += fmt.Sprintf(" --size %d", p.Size)
	}
	b += fmt.Sprintf(" --duration %s --interval %s", c.Duration, c.Interval)
	for _, link := range orOne(p.Nets, p.Net) {
		b += " --net " + link.String()
	}
	if c.TLS {
		b += " --tls"
	}
	b += fmt.Sprintf(" --cut %s --runs %d --seed %d", p.Cut, c.Runs, c.Seed)
	if c.SameProcess {
		b += " --same-process"
	}
	return b
}

// RunAll measures all configurations of p, one after the other. Like Run it returns the complete
// turns if ctx ends or a turn fails; the Document is then Incomplete. In the Progress that tell
// receives, Done and Of count all turns.
func (r Runner) RunAll(ctx context.Context, p Plan, tell func(Config, Progress)) (*Document,
	error) {
	if err := p.Check(r.Lessons); err != nil {
		return nil, err
	}
	all := p.Configs()
	var parts []*Report
	turns := p.Runs * len(p.Transports)
	began := time.Now()
	for i, c := range all {
		report, err := r.Run(ctx, c, func(now Progress) {
			now.Done, now.Of = now.Done+i*turns, len(all)*turns
			if rest := time.Duration(len(all) - i - 1); i > 0 {
				now.Left += rest * time.Since(began) / time.Duration(i+1)
			} else {
				now.Left += rest * time.Duration(turns) * (c.Duration + c.Cut + time.Second)
			}
			tell(c, now)
		})
		if report != nil && (len(report.Results) > 0 || err == nil) {
			parts = append(parts, report)
		}
		if err != nil {
			if len(all) > 1 {
				err = fmt.Errorf("%s over %s: %w", c.Workload, c.Net, err)
			}
			d, failed := NewDocument(p.Command(), parts)
			if failed == nil {
				d.Incomplete = &Incomplete{Turns: d.turns(), Of: len(all) * turns,
					Cause: err.Error()}
				if ctx.Err() != nil {
					d.Incomplete.Cause = interrupted
				}
			}
			return d, errors.Join(err, failed)
		}
	}
	return NewDocument(p.Command(), parts)
}
