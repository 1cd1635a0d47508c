package pages

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// slowCell returns an expression for a cell of a client's row in the demo slow.
func slowCell(client, key string) string {
	return fmt.Sprintf(`document.querySelector('[data-client="%s"] [data-key="%s"]').textContent`,
		client, key)
}

// choosePolicy clicks on a policy.
func choosePolicy(tab *labtest.Tab, name, says string) {
	tab.Click(`[name=policy][value=` + name + `]`)
	tab.WaitText("#says", says)
	tab.WaitFor(`document.querySelector("[name=policy][value=` + name + `]").checked`)
}

const allReaders = `document.querySelectorAll("#clients tr").length === 4 && [...document.querySelectorAll('[data-key="p50"]')].every((e) => e.textContent !== "–")`

// TestSlowPage uses the policies and the sliders of the demo slow, and checks their effects.
func TestSlowPage(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 720)
	tab.Open(teacher.URL(run(t, "slow", lang.English)))
	tab.WaitFor(allReaders)
	tab.WaitText("#status", "4 clients")
	tab.WaitFor(`document.querySelector("[name=policy]:checked").value === "disconnect"`)
	tab.WaitText("#readingLabel", "as fast as it can")

	slide(tab, "rate", 4)
	tab.WaitText("#rateLabel", "100 messages a second")
	slide(tab, "reading", 1)
	tab.WaitText("#readingLabel", "reads 4.0 KB a second")
	tab.WaitText("#events", "The server disconnects “slow”: too slow: 32 messages are unread.")
	slide(tab, "reading", 6)
	tab.WaitText("#events", "“slow” notices that it is disconnected: 10")
	tab.WaitFor(slowCell("slow", "queue") + ` !== "not connected"`)

	choosePolicy(tab, "grow", "memory grows")
	slide(tab, "reading", 0)
	tab.WaitText("#readingLabel", "reads nothing")
	const queued = `parseInt(document.querySelector('[data-client="slow"] [data-key="queue"]').textContent.replace(",", ""))`
	tab.WaitFor(queued + " > 100")
	lost := labtest.Eval[string](tab, slowCell("steady-1", "missed"))
	tab.WaitFor(queued + " > 400")
	tab.WaitText("#warning", "wait for the client “slow”")
	tab.WaitFor(
		`["unsent", "inFlight", "window"].every((key) => /\d/.test(document.querySelector('[data-client="slow"] [data-key="' + key + '"]').textContent))`)
	assert.Equal(t, lost, labtest.Eval[string](tab, slowCell("steady-1", "missed")),
		"the others lose nothing")
	assert.Regexp(t, `MB`, labtest.Eval[string](tab,
		`document.querySelector("#queueChart .slow b").textContent`))
	assert.Greater(t, labtest.Eval[int](tab,
		`document.querySelector("#queueChart polyline.slow").points.numberOfItems`), 5)
	slide(tab, "rate", 1)
	slide(tab, "reading", 6)
	tab.WaitFor(slowCell("slow", "queue") + ` === "0"`)
	tab.WaitFor(`document.getElementById("warning").textContent === ""`)

	choosePolicy(tab, "drop", "pushes out the oldest")
	before := labtest.Eval[int](tab, `parseInt(`+slowCell("slow", "missed")+`.replace(",", ""))`)
	slide(tab, "rate", 3)
	slide(tab, "reading", 2)
	tab.WaitFor(fmt.Sprintf(`parseInt(%s.replace(",", "")) > %d`, slowCell("slow", "missed"),
		before+20))
	assert.LessOrEqual(t, labtest.Eval[int](tab, `parseInt(`+slowCell("slow", "queue")+`)`), 4)

	choosePolicy(tab, "block", "delays all")
	slide(tab, "reading", 1)
	tab.WaitText("#warning", "behind its schedule")
	tab.WaitFor(`/ s$/.test(` + slowCell("steady-1", "p50") + `)`)
	tab.WaitFor(`/ s$/.test(document.querySelector("#delayChart .worst b").textContent)`)
	choosePolicy(tab, "disconnect", "1013")
	slide(tab, "reading", 6)
	tab.WaitFor(`document.getElementById("warning").textContent === "" && /ms$/.test(` +
		slowCell("steady-1", "p50") + `)`)
}

// TestSlowBrowser: this browser as a client whose handler is too slow. The page stays usable, and
// the messages wait between the server and the handler.
func TestSlowBrowser(t *testing.T) {
	url := teacher.URL(run(t, "slow", lang.English))
	// it ends before the server, whose end the page would report
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(url)
	tab.WaitFor(allReaders)
	choosePolicy(tab, "grow", "memory grows")
	press(tab, "#join")
	tab.WaitText("#clients", "this page")
	tab.WaitText("#join", "Disconnect")
	tab.WaitText("#mineDone", "no. ")
	tab.WaitFor(`parseInt(document.getElementById("mineBetween").textContent) < 10`)
	slide(tab, "work", 5)
	tab.WaitText("#workLabel", "the handler takes 500 ms")
	// as the lesson says
	tab.WaitFor(
		`parseInt(document.getElementById("mineBetween").textContent) > 20 && document.getElementById("mineQueue").textContent === "0 messages"`)
	tab.WaitFor(`/ s$/.test(document.getElementById("mineDelay").textContent)`)
	press(tab, "#join")
	tab.WaitFor(`!document.getElementById("clients").textContent.includes("this page")`)
	tab.WaitText("#join", "Connect this page")
}

// TestBufferedAmount: without a check the upload waits in the browser's memory, with the check
// hardly any of it.
func TestBufferedAmount(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors() // of the connection that is cut
	tab.Open(run(t, "slow", lang.English))
	tab.WaitFor(allReaders)
	const buffered = `((text) => parseFloat(text) * { B: 1, KB: 1e3, MB: 1e6 }[text.split(" ")[1]])(document.getElementById("uploadBuffered").textContent)`
	press(tab, "#upload")
	tab.WaitText("#upload", "Stop")
	tab.WaitFor(buffered + " > 1.5e6")
	tab.WaitFor(
		`/\d/.test(document.getElementById("uploadRead").textContent) && document.getElementById("uploadSkipped").textContent === "0"`)
	press(tab, "#upload")
	tab.WaitText("#upload", "Start the upload")
	tab.WaitText("#uploadSays", "cut the connection")

	tab.Click("#check")
	press(tab, "#upload")
	tab.WaitFor(
		`parseInt(document.getElementById("uploadSkipped").textContent.replace(",", "")) > 100`)
	assert.Less(t, labtest.Eval[float64](tab, buffered), 200e3)
	press(tab, "#upload")
	tab.WaitText("#upload", "Start the upload")
}

// Without the key the demo can be watched, and the page says why it cannot be changed.
func TestSlowWithoutTheKey(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(run(t, "slow", lang.English))
	tab.WaitFor(allReaders)
	tab.WaitFor(
		`[...document.querySelectorAll("[name=policy], #reading, #rate")].every((e) => e.disabled)`)
	tab.WaitFor(`document.getElementById("locked").checkVisibility()`)
	assert.False(t, labtest.Eval[bool](tab,
		`document.getElementById("join").disabled || document.getElementById("upload").disabled`),
		"these are the page's own")
	assert.Equal(t, int64(403), labtest.Eval[int64](tab,
		`fetch("/lab/slow", {method: "POST", body: '{"policy":"grow"}'}).then((r) => r.status)`))
}

// TestSlowLooks opens the page as students will, in both languages, light or dark, on a laptop and
// on a phone, with all its parts in use, and checks it with axe-core.
func TestSlowLooks(t *testing.T) {
	axe := axe(t)
	browser := labtest.NewBrowser(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			tab := browser.Tab(t)
			tab.Allow(inlineStyle)
			tab.Viewport(1280, 720)
			tab.Open(teacher.URL(run(t, "slow", language)))
			tab.WaitFor(allReaders)
			tab.Click("[name=policy][value=grow]")
			slide(tab, "rate", 4)
			slide(tab, "reading", 1)
			press(tab, "#join")
			press(tab, "#upload")
			tab.WaitFor(
				`document.getElementById("warning").textContent !== "" && document.getElementById("uploadRead").textContent !== "–" && document.getElementById("mineDone").textContent !== "–"`)
			assert.True(t, labtest.Eval[bool](tab,
				`document.getElementById("delayChart").getBoundingClientRect().bottom <= innerHeight`), "controls, table and charts are on one screen")
			labtest.Eval[bool](tab, axe)
			for i, size := range sizes {
				tab.ColorScheme(schemeIn(language, i))
				tab.Viewport(size.width, 720)
				labtest.Eval[bool](tab, drawn)
				name := "slow-" + string(language) + "-" + schemeIn(language, i) + "-" + size.name
				assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
				if checkedByAxe(language, size.width) {
					assert.Empty(t, labtest.Eval[[]string](tab, violationsIn(language)), name)
				}
				tab.Screenshot(name)
			}
		})
	}
}
