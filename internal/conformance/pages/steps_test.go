package pages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/web"
)

// A stage is a page with guided steps.
type stage struct {
	demo  string
	ready func(tab *labtest.Tab) // waits until the page is connected
	// waits for the effect of an act before the next; may be nil
	acted func(tab *labtest.Tab, act string)
}

var stages = []stage{
	{"broadcast", bothWindows, func(tab *labtest.Tab, act string) {
		if act == "other" { // its message comes back before the next act
			tab.WaitFor(
				`document.querySelector("#peer").contentDocument.querySelector("#messages .mine:not(.wait)") !== null`)
		}
	}},
	{"acks", bothWindows, func(tab *labtest.Tab, act string) {
		switch act {
		case "askMe", "askAll":
			tab.WaitFor(`document.querySelector("#questions input") !== null`)
		case "askLate":
			tab.WaitText("#asked li:last-child", "← no answer")
		}
	}},
	{"rooms", bothWindows, nil},
	{"namespaces", bothNamespaces, nil},
	{"message", upgraded, nil},
	{"binary", bothWindows, func(tab *labtest.Tab, act string) {
		if act == "polling" {
			tab.WaitFor(
				`document.querySelector("#status.good") !== null && document.getElementById("transport").textContent === "polling"`)
		}
	}},
	{"ws-echo", connected, nil},
	{"reconnect", connected, nil},
	{"ws-chat", bothRooms, nil},
	{"login", knowsHostile, func(tab *labtest.Tab, act string) {
		switch act {
		case "ticket", "hello":
			connected(tab)
		case "token": // which expires
			tab.WaitText("#happened", "4401")
		}
	}},
	{"short-polling", bothRooms, func(tab *labtest.Tab, act string) {
		switch act {
		case "watch":
			tab.WaitFor(`document.getElementById("step").dataset.phase === "why"`)
		case "fast":
			labtest.Eval[bool](tab,
				`(window.before = document.querySelectorAll("#messages li").length, true)`)
		case "other": // which this window has before the next act, unless it is stopped
			tab.WaitFor(
				`document.querySelector("#status.good") === null || document.querySelectorAll("#messages li").length > (window.before ?? 0)`)
		// the first empty answer may be that of a request before it, the second is a 304
		case "conditional":
			tab.WaitFor(
				`((empty) => empty >= (window.empty ??= empty) + 2 && delete window.empty)(parseInt(document.querySelector('[data-key="empty"] dd').textContent))`)
		}
	}},
	{"long-polling", bothRooms, func(tab *labtest.Tab, act string) {
		if act == "short" { // whose first request was answered
			tab.WaitFor(
				`!isNaN(parseInt(document.querySelector('[data-key="empty"] dd').textContent))`)
		}
	}},
	{"hanging", bothRooms, opensSeven},
	{"sse", bothRooms, func(tab *labtest.Tab, act string) {
		if act == "cut" { // which the page has noticed before the other one writes
			tab.WaitFor(`(() => {
				const cuts = document.querySelectorAll("#timeline .bad").length;
				return cuts > (window.cuts ?? 0) && (window.cuts = cuts, true);
			})()`)
		}
		opensSeven(tab, act)
	}},
}

// connected waits until the page's badge says so.
func connected(tab *labtest.Tab) {
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
}

// opensSeven waits until the seventh stream waits.
func opensSeven(tab *labtest.Tab, act string) {
	if act == "seven" {
		tab.WaitFor(`document.querySelectorAll("#slots .waiting").length === 1`)
	}
}

// upgraded waits until a page over Socket.IO has a WebSocket.
func upgraded(tab *labtest.Tab) {
	tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
}

// bothNamespaces waits until the page is in its two namespaces over a WebSocket.
func bothNamespaces(tab *labtest.Tab) {
	upgraded(tab)
	tab.WaitFor(`document.querySelectorAll(".box.in").length === 2`)
}

// TestSteps drives each page through its steps: in Chromium, and in turn in Firefox or WebKit. The
// engines work side by side, each on one page at a time: in WebKit, several pages at once take many
// times as long.
func TestSteps(t *testing.T) {
	labtest.InEveryEngine(t, func(t *testing.T, browser *labtest.Browser) {
		for i, s := range stages {
			other := []labtest.Engine{labtest.Firefox, labtest.WebKit}[i%2]
			if browser.Engine != labtest.Chromium && browser.Engine != other {
				continue
			}
			t.Run(s.demo, func(t *testing.T) {
				driveSteps(t, labtest.NewBrowserOf(t, browser.Engine), s)
			})
		}
	})
}

// peerFits reports whether the second window, if there is one, has nothing to scroll to.
const peerFits = `((root) => !root || root.scrollHeight <= root.clientHeight)(document.getElementById("peer")?.contentDocument.documentElement)`

// sizes lists the windows of TestStageLooks.
var sizes = []struct {
	name  string
	width int64
}{{"laptop", 1280}, {"phone", 390}, {"projector", 1920}, {"narrow", 320}}

// TestStageLooks opens each stage as students will: on a laptop, a phone, a projector and a narrow
// phone, light or dark, in both languages, including the part below the fold, and checks it with
// axe-core. LAB_SCREENSHOTS keeps pictures.
func TestStageLooks(t *testing.T) {
	axe := axe(t)
	browser := labtest.NewBrowser(t)
	for _, s := range stages {
		for _, language := range []lang.Lang{lang.English, lang.Chinese} {
			t.Run(s.demo+"-"+string(language), func(t *testing.T) {
				t.Parallel()
				tab := browser.Tab(t)
				tab.AllowNetworkErrors()
				tab.Allow(inlineStyle)
				tab.Viewport(1280, 720)
				tab.Open(run(t, s.demo, language))
				s.ready(tab)
				tab.WaitFor(`document.querySelector("#step .act") !== null`)
				assert.Zero(t, labtest.Eval[int](tab, `scrollY`), "the page opens at its top")
				labtest.Eval[bool](tab, axe)
				for i, size := range sizes {
					name := s.demo + "-" + string(language) + "-" + size.name + "-" +
						schemeIn(language, i)
					tab.Viewport(size.width, 720)
					tab.ColorScheme(schemeIn(language, i))
					labtest.Eval[bool](tab, drawn)
					tab.WaitFor(`document.getAnimations().length === 0`)
					assert.True(t, labtest.Eval[bool](tab, peerFits),
						"%s: the second window shows the messages and the field alone", name)
					for _, part := range []string{"wire", "code", "why", "do"} {
						labtest.Eval[bool](tab, `(document.querySelector("#tabs [value=`+part+
							`]").click(), true)`)
						assert.Empty(t, labtest.Eval[[]string](tab, faults), "%s, %s", name, part)
						if size.width < 900 || part == "do" {
							tab.Screenshot(name + "-" + part)
						}
					}
					if checkedByAxe(language, size.width) {
						assert.Empty(t, labtest.Eval[[]string](tab, violationsIn(language)), name)
					}
				}
				assert.NotEqual(t, string(language), labtest.Eval[string](tab,
					`new URL(document.getElementById("lang").href).searchParams.get("lang")`))
			})
		}
	}
}

// now is the start of a selector for a part of the current step.
const now = "#step .guided:not([hidden]) "

// explained reports whether the step is done, after some time for it.
func explained(tab *labtest.Tab) bool {
	return labtest.Eval[bool](tab, `new Promise((done) => {
		const { dataset } = document.getElementById("step");
		const until = performance.now() + 8000;
		const look = () => {
			if (dataset.phase === "why") done(true);
			else if (performance.now() > until) done(false);
			else setTimeout(look, 50);
		};
		look();
	})`)
}

// spoken is the language in which each engine goes through the steps: a fault of a language shows
// in any engine.
var spoken = map[labtest.Engine]lang.Lang{labtest.Chromium: lang.English,
	labtest.Firefox: lang.English, labtest.WebKit: lang.Chinese}

// driveSteps opens the page and does each step as a reader would: it predicts, presses the step's
// button for each of its acts, and reads the explanation. Its first prediction is wrong, all others
// are right.
func driveSteps(t *testing.T, browser *labtest.Browser, page stage) {
	only(t, page.demo)
	data, err := fs.ReadFile(web.Pages, "pages/"+page.demo+"/steps.json")
	require.NoError(t, err)
	var steps []struct {
		Name   string
		Answer int
		Acts   []string
	}
	require.NoError(t, json.Unmarshal(data, &steps))
	require.GreaterOrEqual(t, len(steps), 4)
	require.LessOrEqual(t, len(steps), 7)
	language := spoken[browser.Engine]
	tab := browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Viewport(1280, 720)
	tab.Open(run(t, page.demo, language))
	page.ready(tab)
	for i, s := range steps {
		tab.WaitFor(fmt.Sprintf(`document.querySelector(%q).closest(".guided").dataset.step === %q`,
			now+".ask", s.Name))
		tab.WaitFor(`document.getElementById("step").dataset.phase === "guess"`)
		assert.True(t, labtest.Eval[bool](tab, `document.querySelector("`+now+`.act").disabled`),
			"first the prediction")
		guess := s.Answer
		if i == 0 {
			guess = (guess + 1) % labtest.Eval[int](tab,
				`document.querySelectorAll("`+now+`.guess").length`)
		}
		press(tab, fmt.Sprintf(now+".guess:nth-child(%d)", guess+1))
		for round := 0; round == 0 || !explained(tab); round++ {
			// again, if an act came before the last one had its effect
			require.Less(t, round, 5, s.Name)
			for _, act := range s.Acts {
				tab.WaitFor(`document.getElementById("step").dataset.phase !== "guess"`)
				if labtest.Eval[string](tab,
					`document.getElementById("step").dataset.phase`) == "why" {
					break
				}
				press(tab, now+".act:not([hidden])")
				if page.acted != nil {
					page.acted(tab, act)
				}
			}
		}
		assert.True(t, labtest.Eval[bool](tab,
			`document.querySelector("`+now+`.explanation").checkVisibility()`))
		tab.Screenshot(fmt.Sprintf("%s-steps-%s-%d", page.demo, browser.Engine, i+1))
		press(tab, now+".next")
	}
	tab.WaitFor(`document.getElementById("step").dataset.phase === "end"`)
	tab.WaitFor(
		fmt.Sprintf(`/%d\D+%[2]d|%[2]d\D+%[1]d/.test(document.getElementById("score").textContent)`,
			len(steps)-1, len(steps)))
	tab.WaitFor(`document.querySelector("#ladder .arrow.me.up")`)
	assert.Positive(t, labtest.Eval[int](tab, `document.querySelectorAll("#spoken li").length`))
}
