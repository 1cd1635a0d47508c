package compare

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/netsim"
)

// written writes the document's page and returns its URL.
func written(t *testing.T, d *Document, language lang.Lang) string {
	var page bytes.Buffer
	require.NoError(t, d.HTML(&page, language, runner.Lessons))
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, page.Bytes(), 0o644))
	return "file://" + path
}

// The page's script shows each figure as the terminal's table does.
func TestThePageShowsWhatTheTableShows(t *testing.T) {
	d := noise(lanes(), 2)
	idle := measured()
	idle.Config.Workload = Idle
	idle.Results[0].Messages, idle.Results[0].Lost, idle.Results[0].Recovery = 0, 0, nil
	d.Parts = append(d.Parts, measured(), idle)
	d = document(d.Parts...)
	browser := labtest.NewBrowser(t)
	for _, language := range lang.All {
		tab := browser.Tab(t)
		tab.Open(written(t, d, language))
		got := labtest.Eval[[][][]string](tab,
			`[...document.querySelectorAll("table")].map(t => [...t.rows].map(r => [...r.cells].map(c => c.firstChild.textContent)))`)
		require.Len(t, got, len(d.Parts))
		for i, r := range d.Parts {
			want := [][]string{{language.Say("figure", "指标")}}
			for _, x := range r.Results {
				want[0] = append(want[0], x.Transport)
			}
			for _, f := range r.Figures(true) {
				row := []string{f.Title(language)}
				for _, x := range r.Results {
					row = append(row, f.Text(x))
				}
				want = append(want, row)
			}
			assert.Equal(t, want, got[i])
		}
		assert.Equal(t, language.Tag(), labtest.Eval[string](tab, `document.documentElement.lang`))
	}
}

func TestAFigureBelowTheClockIsNotDrawn(t *testing.T) {
	r := measured()
	r.Results[1].CPUPerMessage = 80
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(written(t, document(r), lang.English))
	const rows = `[...document.querySelectorAll("figure")].find(f => f.querySelector("h3").textContent === "Server CPU per message").querySelectorAll("li")`
	assert.Equal(t, []string{"< 30", "80"},
		labtest.Eval[[]string](tab, `[...`+rows+`].map(r => r.querySelector("b").textContent)`))
	assert.Equal(t, []int{0, 1}, labtest.Eval[[]int](tab,
		`[...`+rows+`].map(r => r.querySelectorAll("em").length)`))
}

func TestBestIsMarkedWhereTheSpreadsTellIt(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(written(t, document(measured()), lang.English))
	const best = `Object.fromEntries([...document.querySelectorAll("figure")].map(f => [f.querySelector("h3").textContent, [...f.querySelectorAll(".best")].map(r => r.firstChild.textContent)]))`
	got := labtest.Eval[map[string][]string](tab, best)
	assert.Equal(t, []string{"sse"}, got["Latency p50"])
	assert.Equal(t, []string{"sse"}, got["Bytes per message"])
	assert.Empty(t, got["Requests per message"], "both the same")
}

// Nothing is cut off on a phone, on a small projector, or on paper. Only a phone scrolls the table.
func TestNothingOnThePageIsCutOff(t *testing.T) {
	browser := labtest.NewBrowser(t)
	const overflowing = `[...document.querySelectorAll(SELECTOR)].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 300))`
	for _, d := range []*Document{noise(lanes(), 1), large(t, 1)} {
		for _, language := range lang.All {
			tab := browser.Tab(t)
			tab.Open(written(t, d, language))
			for _, width := range []int64{390, 1280, 700} {
				tab.Viewport(width, 800)
				if width == 700 { // A4 without its margins
					_, err := chromedp.Call(tab.Chromium(), emulation.SetEmulatedMedia,
						emulation.SetEmulatedMediaParams{Media: "print"})
					require.NoError(t, err)
				}
				assert.LessOrEqual(t, labtest.Eval[int64](tab,
					`document.documentElement.scrollWidth`), width)
				assert.Empty(t, labtest.Eval[[]string](tab,
					strings.Replace(overflowing, "SELECTOR", `"figure, ol"`, 1)), "%d px", width)
				if width == 1280 && d.Parts[0].Results[0].Messages < 100_000 || width == 700 {
					assert.Empty(t, labtest.Eval[[]string](tab,
						strings.Replace(overflowing, "SELECTOR", `".scroll"`, 1)), "%d px", width)
				}
			}
			table := labtest.Eval[string](tab,
				`(() => { const s = document.querySelector(".scroll"); s.focus(); return document.activeElement === s ? s.getAttribute("role") : "no focus" })()`)
			assert.Equal(t, "region", table, "a keyboard scrolls the table")
		}
	}
}

// Parts that differ only in the loss of packets are drawn as one series.
func TestLossIsASeries(t *testing.T) {
	d := noise([]string{"sse", "websocket"}, 4)
	for i, loss := range []float64{0.01, 0, 0.005, 0} {
		c := &d.Parts[i].Config
		c.Net = netsim.Link{RTT: 100 * time.Millisecond, Loss: loss}
		if i == 3 {
			c.Workload = Chat
		}
		c.Network = c.Net.String()
		for k := range d.Parts[i].Results {
			d.Parts[i].Results[k].Latency.P99 = 1000*loss + float64(k) + 1
			d.Parts[i].Results[k].Lost = 0
		}
	}
	d = document(d.Parts...)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(written(t, d, lang.English))
	assert.Equal(t, []string{"Workload feed as 0 %, 0.5 % and 1 % of the packets are lost"},
		labtest.Eval[[]string](tab,
			`[...document.querySelectorAll("[data-sweep] h2")].map(h => h.textContent)`))
	const p99 = `[...document.querySelectorAll("[data-sweep] figure")].find(f => f.querySelector("h3").textContent === "Latency p99")`
	assert.Equal(t, []string{"1.00 → 11.0", "2.00 → 12.0"},
		labtest.Eval[[]string](tab, `[...`+p99+`.querySelectorAll("b")].map(b => b.textContent)`))
	assert.Equal(t, []int{3, 3}, labtest.Eval[[]int](tab,
		`[...`+p99+`.querySelectorAll("polyline")].map(p => p.points.length)`))
	assert.False(t, labtest.Eval[bool](tab,
		`[...document.querySelectorAll("[data-sweep] h3")].some(h => h.textContent === "Messages lost")`), "none was lost")
}
