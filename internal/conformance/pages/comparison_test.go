package pages

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// slide moves a slider like a user.
func slide(tab *labtest.Tab, id string, value int) {
	labtest.Eval[bool](tab,
		fmt.Sprintf(
			`(() => { const s = document.getElementById(%q); s.value = %d; s.dispatchEvent(new Event("input")); return true; })()`, id, value))
}

// figure returns an expression for a figure in a lane's row.
func figure(lane, key string) string {
	return fmt.Sprintf(
		`parseFloat(document.querySelector("[data-lane=%s] [data-key=%s]").textContent)`, lane, key)
}

const allLanes = `document.querySelectorAll("#lanes li").length > 1 && [...document.querySelectorAll("[data-key=latency]")].every((e) => e.textContent !== "–")`

func TestComparisonPage(t *testing.T) { labtest.InEveryEngine(t, comparisonPage) }

func comparisonPage(t *testing.T, browser *labtest.Browser) {
	tab := browser.Tab(t)
	tab.AllowNetworkErrors() // of the connections that are reset
	tab.Open(teacher.URL(run(t, "compare", lang.English)))
	tab.WaitFor(allLanes)
	tab.WaitText("#status", "running")

	for _, name := range []string{"--soft", "--bad", "--good"} {
		assert.Regexp(t, `^rgb`, labtest.Eval[string](tab,
			fmt.Sprintf(`getComputedStyle(document.documentElement).getPropertyValue(%q)`, name)),
			"a colour that a canvas knows")
	}
	slide(tab, "rate", 4)
	tab.WaitText("#rateLabel", "10 messages a second")
	slide(tab, "interval", 4)
	tab.WaitText("#intervalLabel", "short polling asks every 2 s")
	click(tab, "zero")
	tab.WaitFor(figure("short-polling", "latency") + " > 300")
	// how many messages a held request brings depends on the machine's load; 20 for an interval of
	// 2 s do not
	tab.WaitFor(figure("short-polling", "requests") + " < 0.5 && " +
		figure("long-polling", "requests") + " > 2 * " + figure("short-polling", "requests"))
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
	tab.WaitText("#status", "running")
	// TCP sends it all again, and nothing is lost.
	click(tab, "zero")
	tab.WaitFor(allLanes)
	assert.NotContains(t, labtest.Eval[string](tab, `document.getElementById("lanes").textContent`),
		"lost")

	click(tab, "reset")
	click(tab, "zero")
	tab.WaitFor(allLanes)
	click(tab, "pause")
	tab.WaitText("#status", "paused")
	tab.WaitText("#pause", "Resume")
}

// Without the key the comparison can be watched, and the page says why it cannot be changed.
func TestComparisonWithoutTheKey(t *testing.T) {
	url := run(t, "compare", lang.English)
	browser := labtest.NewBrowser(t)
	tab := browser.Tab(t)
	tab.Open(url)
	tab.WaitFor(allLanes)
	tab.WaitFor(
		`["rate", "interval", "net", "pause", "cut", "reset"].every((id) => document.getElementById(id).disabled)`)
	tab.WaitFor(
		`document.getElementById("locked").checkVisibility() && document.getElementById("locked").textContent.includes("the person who started")`)
	assert.False(t, labtest.Eval[bool](tab, `document.getElementById("zero").disabled`),
		"counting again is this page's own")

	tab.Press("[data-lane=websocket] .name", "Enter")
	tab.WaitFor(
		`document.getElementById("bytes").checkVisibility() && [...document.querySelectorAll("#rows li")].some((row) => row.textContent.includes("ws"))`)
	assert.Equal(t, "true", labtest.Eval[string](tab,
		`document.querySelector("[data-lane=websocket] .name").getAttribute("aria-pressed")`),
		"the picture stands still")
	assert.Empty(t, labtest.Eval[[]string](tab, faults))
	tab.Press("#rows", "Escape")
	tab.WaitFor(
		`!document.getElementById("bytes").checkVisibility() && document.activeElement === document.querySelector("[data-lane=websocket] .name")`)

	tab = browser.Tab(t)
	tab.Open(teacher.URL(url))
	tab.WaitFor(allLanes)
	tab.WaitFor(
		`document.getElementById("pause") && !document.getElementById("pause").disabled && location.hash === ""`)
	click(tab, "pause")
	tab.WaitText("#status", "paused")
	assert.False(t, labtest.Eval[bool](tab, `document.getElementById("locked").checkVisibility()`))
	labtest.Eval[bool](tab, lostBy("sse"))
	tab.WaitText("#narrator", "server-sent events lost its connection: it tries again after 2.0 s.")
	assert.Empty(t, labtest.Eval[string](tab, `document.cookie`), "no script reads the cookies")
}

// TestOneRuleRanksTheLanes: the live order of a round and its podium come from one function. Lost
// messages count before the figure, and lanes that the measurement or the page cannot distinguish
// share a rank.
func TestOneRuleRanksTheLanes(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(run(t, "compare", lang.English) + "/?view=bet") // without lanes
	for _, c := range []struct {
		wins, places string
		want         []string
	}{
		{"bytes", `[{ lane: "far", lost: 0, bytes: 900 }, { lane: "lossy", lost: 1, bytes: 10 }, { lane: "near", lost: 0, bytes: 102 }, { lane: "least", lost: 0, bytes: 100 }]`,
			[]string{"1 near", "1 least", "3 far", "4 lossy"}},
		{"delay", `[{ lane: "c", lost: 0, delay: 300 }, { lane: "b", lost: 0, delay: 101 }, { lane: "a", lost: 0, delay: 100 }, { lane: "none", lost: 0 }]`,
			[]string{"1 b", "1 a", "3 c", "4 none"}},
		// both are shown as 1.2 s
		{"silence", `[{ lane: "b", lost: 0, silence: 1249 }, { lane: "a", lost: 0, silence: 1155 }, { lane: "c", lost: 0, silence: 1260 }]`,
			[]string{"1 b", "1 a", "3 c"}},
	} {
		got := labtest.Eval[[]string](tab,
			fmt.Sprintf(
				`import("/lab/page/rank.js").then(({ rank }) => rank(%q, %s).map((p) => p.rank + " " + p.lane))`, c.wins, c.places))
		assert.Equal(t, c.want, got, c.wins)
	}
}

// lostBy reports a failed connection to the page, as a lane's frame does. An EventSource does not
// say how long it waits.
func lostBy(lane string) string {
	return `(() => {
		const frame = document.querySelector("iframe[title=` + lane + `]");
		return dispatchEvent(new MessageEvent("message", { source: frame.contentWindow, origin: new URL(frame.src).origin, data: { on: false, at: 0 } }));
	})()`
}

func TestComparisonLooks(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			url := run(t, "compare", language)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(teacher.URL(url))
			tab.WaitFor(allLanes)
			slide(tab, "net", 3)
			tab.WaitFor(figure("websocket", "latency") + " > 50")
			for _, scheme := range []string{"light", "dark"} {
				for _, view := range viewports {
					tab.Viewport(view.width, 844)
					tab.ColorScheme(scheme)
					name := "compare-" + string(language) + "-" + scheme + "-" + view.name
					assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
					tab.Viewport(view.width, labtest.Eval[int64](tab,
						`document.documentElement.scrollHeight`))
					tab.WaitFor(
						`new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))`)
					tab.Screenshot(name)
				}
			}
		})
	}
}

// A phone bets on a round, the teacher starts and ends it by keyboard, and a late bet is refused.
func TestComparisonRound(t *testing.T) {
	url := run(t, "compare", lang.English)
	axe := axe(t)
	usable := func(views ...*labtest.Tab) {
		for _, view := range views {
			assert.Empty(t, labtest.Eval[[]string](view, faults))
			labtest.Eval[bool](view, axe)
			assert.Empty(t, labtest.Eval[[]string](view, violations))
		}
	}
	browser := labtest.NewBrowser(t)
	tab := browser.Tab(t)
	tab.Viewport(1280, 720)
	tab.Allow(inlineStyle)
	tab.Open(teacher.URL(url))
	tab.WaitFor(allLanes)
	assert.True(t, labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#lanes li, #narrator")].every((e) => e.getBoundingClientRect().bottom <= innerHeight)`), "all lanes are on the screen")

	usable(tab)

	phone := labtest.NewBrowser(t).Tab(t)
	phone.AllowNetworkErrors() // of the late bet
	phone.Viewport(390, 844)
	phone.Allow(inlineStyle)
	phone.Open(url + "/?view=bet")
	phone.WaitFor(`document.querySelectorAll("[data-bet]").length > 1`)
	assert.Zero(t, labtest.Eval[int](phone, `document.querySelectorAll("iframe").length`),
		"a phone that bets opens no lane")
	assert.True(t, labtest.Eval[bool](phone,
		`[...document.querySelectorAll("[data-bet], [data-round]")].every((b) => b.disabled)`),
		"no bets are open, and rounds need the key")

	tab.Press("[data-round=calm]", "Enter")
	phone.WaitText("#clock", "Bets are open")
	labtest.Eval[bool](phone, `(document.getElementById("who").value = "<b>Ann</b>", true)`)
	phone.Press("[data-bet=short-polling]", "Enter")
	phone.WaitText("#mine", "Your bet: short polling")
	phone.Press("[data-bet=websocket]", "Enter")
	phone.WaitText("#mine", "Your bet: WebSocket")
	tab.WaitText("#betCount", "Bets: 1.")
	tab.WaitFor(
		`document.querySelector("[data-bet=websocket] b").textContent === "1" && document.querySelector("[data-bet=short-polling] b").textContent === ""`)
	usable(tab, phone)

	tab.Press("#start", "Enter")
	phone.WaitText("#clock", "s left")
	tab.WaitText("#netLabel", "wifi")
	assert.Equal(t, int64(409), labtest.Eval[int64](phone,
		`fetch("/lab/compare/bet", {method: "POST", body: '{"lane":"sse"}'}).then((r) => r.status)`))

	tab.WaitFor(`document.body.dataset.phase === "podium"`)
	phone.WaitFor(`document.querySelectorAll("#steps li").length > 0`)
	assert.Contains(t, labtest.Eval[string](phone, `document.getElementById("why").textContent`),
		"bytes a message; ")
	assert.Regexp(t, `WebSocket`, labtest.Eval[string](phone,
		`document.getElementById("verdict").textContent`))
	right := labtest.Eval[string](tab, `document.getElementById("right").textContent`)
	if won := labtest.Eval[bool](tab,
		`document.querySelector("#steps .step-1").textContent.includes("WebSocket")`); won {
		assert.Equal(t, "Right: <b>Ann</b>.", right, "a name is text")
	} else {
		assert.Equal(t, "Nobody bet on the winner.", right)
	}
	usable(tab, phone)
	tab.Press("#end", "Enter")
	tab.WaitFor(`document.getElementById("rate").checkVisibility()`)
	tab.WaitText("#netLabel", "none")
}
