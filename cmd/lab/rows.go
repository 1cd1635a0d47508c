package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
	"realtimelab/internal/xray"
)

// rowPrinter prints the rows of an x-ray as they arrive.
type rowPrinter struct {
	out    io.Writer
	name   string // printed at the start of each line; empty for a single demo
	lang   lang.Lang
	json   bool
	layers []xray.Layer // empty: all
}

// rowFlags holds the flags of commands that print rows.
type rowFlags struct {
	json   bool
	layers []string
}

func (f *rowFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.json, "json", false, "print the x-ray's rows on stdout as JSON lines")
	c.Flags().StringSliceVar(&f.layers, "layers", nil, "print only the rows of these layers: "+strings.Join(layerNames(), ", "))
}

func layerNames() []string {
	names := make([]string, len(xray.Layers))
	for i, l := range xray.Layers {
		names[i] = string(l)
	}
	return names
}

func (f *rowFlags) parse() ([]xray.Layer, error) {
	var layers []xray.Layer
	for _, name := range f.layers {
		if !slices.Contains(xray.Layers, xray.Layer(name)) {
			return nil, fmt.Errorf("--layers %q: unknown layer; the layers are %s", name, strings.Join(layerNames(), ", "))
		}
		layers = append(layers, xray.Layer(name))
	}
	return layers, nil
}

// rowsPerSecond bounds the rows printed as text. Rows beyond it are not read, so that a busy demo
// does not spend time on lines that scroll by too fast to see.
const rowsPerSecond = 1000

// print prints rows until the x-ray or ctx ends, and then the remaining rows.
func (p rowPrinter) print(ctx context.Context, x *xray.Xray) {
	rows := x.Watch()
	defer func() { rows.Close() }()
	second, printed := time.Now(), 0
	for going := true; going; {
		select {
		case <-rows.C:
		case <-x.Done():
			going = false
		case <-ctx.Done():
			going = false
		}
		if time.Since(second) >= time.Second {
			second, printed = time.Now(), 0
		}
		printed += p.all(rows)
		if printed >= rowsPerSecond && !p.json && going {
			rows.Close()
			going = p.rest(ctx, x, time.Until(second.Add(time.Second)))
			rows, second, printed = x.WatchNew(), time.Now(), 0
		}
	}
}

// all prints the available rows, at most one second's share, and returns their number.
func (p rowPrinter) all(rows *xray.Watcher) int {
	printed := 0
	batch := make([]*xray.Row, 100)
	for n := rows.Read(batch); n > 0; n = rows.Read(batch) {
		for _, row := range batch[:n] {
			printed += p.row(row)
		}
		if printed >= rowsPerSecond && !p.json {
			break
		}
	}
	return printed
}

// rest skips rows for the given time and says so. It reports whether to continue.
func (p rowPrinter) rest(ctx context.Context, x *xray.Xray, d time.Duration) bool {
	fmt.Fprintf(p.out, "%s(more than %d rows a second: the rest of this second is not shown; --json prints all)\n", p.prefix(), rowsPerSecond)
	select {
	case <-time.After(d):
		return true
	case <-x.Done():
	case <-ctx.Done():
	}
	return false
}

func (p rowPrinter) prefix() string {
	if p.name == "" {
		return ""
	}
	return p.name + "\t"
}

// row prints one row unless it is filtered out, and returns the number of printed rows.
func (p rowPrinter) row(row *xray.Row) int {
	if len(p.layers) > 0 && !slices.Contains(p.layers, row.Layer) {
		return 0
	}
	if !p.json {
		io.WriteString(p.out, p.prefix()+row.Line(p.lang)+"\n")
		return 1
	}
	line, err := json.Marshal(row)
	if err == nil && p.name != "" {
		line = append([]byte(fmt.Sprintf(`{"demo":%q,`, p.name)), line[1:]...)
	}
	p.out.Write(append(terminal.JSON(line), '\n'))
	return 1
}
