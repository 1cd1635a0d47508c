package compare

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"realtimelab/internal/lang"
)

//go:embed report.html
var reportPage string

// page is what the template of the report is filled with.
type page struct {
	Lang    lang.Lang
	Heading string
	Command string // that makes the report again
	Rows    [][]string
	Charts  []drawing
	Notes   []string
}

// drawing is a chart with its title.
type drawing struct {
	Title string
	SVG   template.HTML
}

// Say picks a text of the template.
func (p page) Say(en, zh string) string { return p.Lang.Say(en, zh) }

// HTML writes the report as one page that needs nothing else: no network, no script.
// It is meant for the screen and for A4.
func (r *Report) HTML(w io.Writer, language lang.Lang) error {
	p := page{Lang: language, Heading: r.heading(language), Command: r.Config.command(), Rows: r.rows(language)}
	p.Notes = r.Remarks(language)
	for _, c := range r.charts(p.Say) {
		svg, err := c.draw()
		if err != nil {
			return fmt.Errorf("drawing %q: %w", c.title, err)
		}
		p.Charts = append(p.Charts, drawing{c.title, template.HTML(svg)}) // ours: the library escapes its labels
	}
	t, err := template.New("report").Parse(reportPage)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// command is the line that measures the same again.
func (c Config) command() string {
	return fmt.Sprintf("lab compare --transports %s --workload %s --clients %d --rate %g --size %d --duration %s --interval %s --net %s --cut %s --runs %d --seed %d",
		strings.Join(c.Transports, ","), c.Workload, c.Clients, c.Rate, c.Size, c.Duration, c.Interval, c.Net, c.Cut, c.Runs, c.Seed)
}
