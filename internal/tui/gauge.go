package tui

import (
	"slices"
	"strings"
	"time"
)

// gaugeSeconds are remembered.
const gaugeSeconds = 60

// gauge remembers by how much a counter rose in each of the last seconds.
type gauge struct {
	total  int64
	second int64   // Unix time of the last bucket
	rises  []int64 // one a second, the newest last
}

// add takes the counter's value at a time.
func (g *gauge) add(at time.Time, total int64) {
	now := at.Unix()
	switch {
	case g.rises == nil:
		g.rises, g.second = []int64{0}, now
	case now-g.second > gaugeSeconds:
		g.rises, g.second = make([]int64, gaugeSeconds), now
	}
	for ; g.second < now; g.second++ {
		g.rises = append(g.rises, 0)
	}
	g.rises = g.rises[max(len(g.rises)-gaugeSeconds, 0):]
	g.rises[len(g.rises)-1] += total - g.total
	g.total = total
}

var levels = []rune("▁▂▃▄▅▆▇█")

// spark draws the last seconds, as many as the width, scaled to the highest.
func (g *gauge) spark(width int) string {
	rises := g.rises[max(len(g.rises)-width, 0):]
	if len(rises) == 0 {
		return strings.Repeat(string(levels[0]), width)
	}
	top := max(slices.Max(rises), 1)
	b := []rune(strings.Repeat(string(levels[0]), width-len(rises)))
	for _, n := range rises {
		level := int64(0)
		if n > 0 {
			level = 1 + (n*int64(len(levels)-2))/top
		}
		b = append(b, levels[level])
	}
	return string(b)
}

// scale is the highest of the last seconds that spark draws, a second; empty if nothing was
// counted.
func (g *gauge) scale(width int) string {
	rises := g.rises[max(len(g.rises)-width, 0):]
	if len(rises) == 0 {
		return ""
	}
	return " ≤ " + size(slices.Max(rises)) + "/s"
}
