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
	ready func(tab *labtest.Tab)             // waits until the page is connected
	acted func(tab *labtest.Tab, act string) // waits until the effect of an act is there, before the next; may be nil
}

var stages = []stage{
	{"broadcast", bothWindows, func(tab *labtest.Tab, act string) {
		if act == "other" { // which has its message back before the next act
			tab.WaitFor(`document.querySelector("#peer").contentDocument.querySelector("#messages .mine:not(.wait)") !== null`)
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
			tab.WaitFor(`document.querySelector("#status.good") !== null && document.getElementById("transport").textContent === "polling"`)
		}
	}},
	{"ws-echo", connected, nil},
	{"reconnect", connected, nil},
	{"ws-chat", bothRooms, nil},
	{"short-polling", bothRooms, func(tab *labtest.Tab, act string) {
		switch act {
		case "watch":
			tab.WaitFor(`document.getElementById("step").dataset.phase === "why"`)
		case "fast":
			labtest.Eval[bool](tab, `(window.before = document.querySelectorAll("#messages li").length, true)`)
		case "other": // which this window has before the next act, unless it is stopped
			tab.WaitFor(`document.querySelector("#status.good") === null || document.querySelectorAll("#messages li").length > (window.before ?? 0)`)
		case "conditional":
			tab.WaitFor(`document.getElementById("spoken").textContent.includes("304")`)
		}
	}},
	{"long-polling", bothRooms, func(tab *labtest.Tab, act string) {
		if act == "short" { // whose first request was answered
			tab.WaitFor(`!isNaN(parseInt(document.querySelector('[data-key="empty"] dd').textContent))`)
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

// TestSteps drives each page through its steps.
func TestSteps(t *testing.T) {
	for _, s := range stages {
		t.Run(s.demo, func(t *testing.T) {
			labtest.InEveryEngine(t, func(t *testing.T, browser *labtest.Browser) { driveSteps(t, browser, s) })
		})
	}
}

// peerFits reports whether the second window, if there is one, has nothing to scroll to.
const peerFits = `((root) => !root || root.scrollHeight <= root.clientHeight)(document.getElementById("peer")?.contentDocument.documentElement)`

// sizes lists the windows of TestStageLooks. axe-core, which is slow, looks at those that differ in more than their width.
var sizes = []struct {
	name  string
	width int64
	axe   bool
}{{"laptop", 1280, true}, {"projector", 1920, false}, {"phone", 390, true}, {"narrow", 320, false}}

// TestStageLooks opens each stage as students will: on a laptop, a projector, a phone and a narrow phone, light and dark, in
// both languages, with all that is below the fold, and holds it against axe-core. LAB_SCREENSHOTS keeps pictures.
func TestStageLooks(t *testing.T) {
	axe := axe(t)
	browser := labtest.NewBrowser(t)
	for _, s := range stages {
		for _, language := range []lang.Lang{lang.English, lang.Chinese} {
			t.Run(s.demo+"-"+string(language), func(t *testing.T) {
				tab := browser.Tab(t)
				tab.AllowNetworkErrors()
				tab.Allow(inlineStyle)
				tab.Viewport(1280, 720)
				tab.Open(run(t, s.demo, language))
				s.ready(tab)
				tab.WaitFor(`document.querySelector("#step .act") !== null`)
				assert.Zero(t, labtest.Eval[int](tab, `scrollY`), "the page opens at its top")
				labtest.Eval[bool](tab, axe)
				for _, size := range sizes {
					name := s.demo + "-" + string(language) + "-" + size.name
					tab.Viewport(size.width, 720)
					labtest.Eval[bool](tab, drawn)
					tab.WaitFor(`document.getAnimations().length === 0`)
					assert.True(t, labtest.Eval[bool](tab, peerFits), "%s: the second window shows the messages and the field alone", name)
					for _, part := range []string{"wire", "code", "why", "do"} {
						labtest.Eval[bool](tab, `(document.querySelector("#tabs [value=`+part+`]").click(), true)`)
						assert.Empty(t, labtest.Eval[[]string](tab, faults), "%s, %s", name, part)
						if size.width < 900 || part == "do" {
							tab.Screenshot(name + "-light-" + part)
						}
					}
					if !size.axe {
						continue
					}
					for _, scheme := range []string{"dark", "light"} {
						tab.ColorScheme(scheme)
						assert.Empty(t, labtest.Eval[[]string](tab, violations), "%s, %s", name, scheme)
						tab.Screenshot(name + "-" + scheme)
					}
				}
				assert.NotEqual(t, string(language), labtest.Eval[string](tab, `new URL(document.getElementById("lang").href).searchParams.get("lang")`))
			})
		}
	}
}

// now begins the selector of a part of the current step.
const now = "#step .guided:not([hidden]) "

// explained reports whether the step is done, after it had some time for that.
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

// spoken lists the languages in which each engine drives the steps: all engines in both would take five minutes more.
var spoken = map[labtest.Engine][]lang.Lang{
	labtest.Chromium: {lang.English, lang.Chinese},
	labtest.Firefox:  {lang.English},
	labtest.WebKit:   {lang.Chinese},
}

// driveSteps opens the page and does each step as a reader would: it predicts, presses the step's button for each of its
// acts, and reads the explanation. Its first prediction is wrong, all others are right.
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
	for _, language := range spoken[browser.Engine] {
		t.Run(string(language), func(t *testing.T) {
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Viewport(1280, 720)
			tab.Open(run(t, page.demo, language))
			page.ready(tab)
			for i, s := range steps {
				tab.WaitFor(fmt.Sprintf(`document.querySelector(%q).closest(".guided").dataset.step === %q`, now+".ask", s.Name))
				tab.WaitFor(`document.getElementById("step").dataset.phase === "guess"`)
				assert.True(t, labtest.Eval[bool](tab, `document.querySelector("`+now+`.act").disabled`), "first the prediction")
				guess := s.Answer
				if i == 0 {
					guess = (guess + 1) % labtest.Eval[int](tab, `document.querySelectorAll("`+now+`.guess").length`)
				}
				press(tab, fmt.Sprintf(now+".guess:nth-child(%d)", guess+1))
				for round := 0; round == 0 || !explained(tab); round++ { // again, if an act came before the last one had its effect
					require.Less(t, round, 5, s.Name)
					for _, act := range s.Acts {
						tab.WaitFor(`document.getElementById("step").dataset.phase !== "guess"`)
						if labtest.Eval[string](tab, `document.getElementById("step").dataset.phase`) == "why" {
							break
						}
						press(tab, now+".act:not([hidden])")
						if page.acted != nil {
							page.acted(tab, act)
						}
					}
				}
				assert.True(t, labtest.Eval[bool](tab, `document.querySelector("`+now+`.explanation").checkVisibility()`))
				tab.Screenshot(fmt.Sprintf("%s-steps-%s-%d", page.demo, language, i+1))
				press(tab, now+".next")
			}
			tab.WaitFor(`document.getElementById("step").dataset.phase === "end"`)
			tab.WaitFor(fmt.Sprintf(`/%d\D+%[2]d|%[2]d\D+%[1]d/.test(document.getElementById("score").textContent)`, len(steps)-1, len(steps)))
			tab.WaitFor(`document.querySelector("#ladder .arrow.me.up")`)
			assert.Positive(t, labtest.Eval[int](tab, `document.querySelectorAll("#spoken li").length`))
		})
	}
}
