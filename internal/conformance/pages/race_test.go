package pages

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/internal/race"
	"realtimelab/lessons"
	"realtimelab/web"
)

// runRace serves the comparison's page until the test ends.
func runRace(t *testing.T, lang lesson.Lang) (url string) {
	anyPort := func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
	l := race.Lesson(race.Config{Lessons: lessons.All(), Web: web.Pages, Listen: anyPort, Seed: 1})
	listener, err := anyPort()
	require.NoError(t, err)
	r, err := host.Start(host.Config{Lesson: l, Demo: l.Demos[0], Listener: listener, Client: web.Client(), Web: web.Pages, Lang: lang, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return "http://" + listener.Addr().String()
}

// slide moves a slider as a hand does.
func slide(tab *labtest.Tab, id string, value int) {
	labtest.Eval[bool](tab, fmt.Sprintf(`(() => { const s = document.getElementById(%q); s.value = %d; s.dispatchEvent(new Event("input")); return true; })()`, id, value))
}

// figure is what a lane's row shows.
func figure(lane, key string) string {
	return fmt.Sprintf(`parseFloat(document.querySelector("[data-lane=%s] [data-key=%s]").textContent)`, lane, key)
}

const allRace = `document.querySelectorAll("#lanes li").length === 7 && [...document.querySelectorAll("[data-key=latency]")].every((e) => e.textContent !== "–")`

func TestRacePage(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors() // of the connections that are reset
	tab.Open(runRace(t, lesson.English))
	tab.WaitFor(allRace)
	tab.WaitText("#status", "racing")

	slide(tab, "rate", 4)
	tab.WaitText("#rateLabel", "10 messages a second")
	slide(tab, "interval", 4)
	tab.WaitText("#intervalLabel", "short polling asks every 2 s")
	click(tab, "zero")
	tab.WaitFor(figure("short-polling", "latency") + " > 300")
	tab.WaitFor(figure("short-polling", "requests") + " < 0.5 && " + figure("long-polling", "requests") + " > 0.5")
	tab.WaitFor(figure("websocket", "requests") + " === 0")
	tab.WaitFor(figure("websocket", "bytes") + " < " + figure("long-polling", "bytes"))

	slide(tab, "net", 4)
	tab.WaitText("#netLabel", "satellite")
	tab.WaitText("#says", "RTT 600ms")
	tab.WaitFor(figure("websocket", "latency") + " >= 250")
	slide(tab, "net", 0)
	tab.WaitText("#netLabel", "none")

	click(tab, "cut")
	tab.WaitText("#status", "every packet is lost")
	tab.WaitText("#status", "racing")
	// TCP sends it all again, and nothing is lost.
	click(tab, "zero")
	tab.WaitFor(allRace)
	assert.NotContains(t, labtest.Eval[string](tab, `document.getElementById("lanes").textContent`), "lost")

	click(tab, "reset")
	click(tab, "zero")
	tab.WaitFor(allRace)
	click(tab, "pause")
	tab.WaitText("#status", "paused")
	tab.WaitText("#pause", "Go on")
}

func TestRaceLooks(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, lang := range []lesson.Lang{lesson.English, lesson.Chinese} {
		t.Run(string(lang), func(t *testing.T) {
			url := runRace(t, lang)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(url)
			tab.WaitFor(allRace)
			slide(tab, "net", 3)
			tab.WaitFor(figure("websocket", "latency") + " > 50")
			for _, scheme := range []string{"light", "dark"} {
				for size, width := range map[string]int64{"wide": 1280, "phone": 390} {
					tab.Viewport(width, 844)
					tab.ColorScheme(scheme)
					name := race.Name + "-" + string(lang) + "-" + scheme + "-" + size
					assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
					tab.Viewport(width, labtest.Eval[int64](tab, `document.documentElement.scrollHeight`))
					time.Sleep(50 * time.Millisecond) // the canvases are drawn once more
					tab.Screenshot(name)
				}
			}
		})
	}
}

// Every lane's server is that of a lesson.
func TestEveryTransportHasALane(t *testing.T) {
	for _, name := range compare.Transports() {
		assert.NotEmpty(t, compare.Demo(name))
	}
}
