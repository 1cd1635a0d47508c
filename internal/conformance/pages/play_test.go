package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

const printed = `[...document.querySelectorAll("#printed li")].map((e) => e.textContent)`

// runCode runs code as the reader's own client.
func runCode(tab *labtest.Tab, code string) {
	labtest.Eval[bool](tab, `(document.getElementById("play-code").value = `+quote(code)+`, true)`)
	press(tab, "#play-run")
}

// TestPlay edits the client on the page and runs it.
func TestPlay(t *testing.T) { labtest.InEveryEngine(t, play) }

func play(t *testing.T, browser *labtest.Browser) {
	tab := open(t, browser, run(t, "broadcast", lang.English))
	tab.AllowNetworkErrors()
	original := labtest.Eval[string](tab, `document.getElementById("play-code").value`)
	press(tab, "#play-run")
	tab.WaitText("#printed", "connected as")
	tab.WaitText("#printed", "my own client says: Hello from my own client!")
	tab.WaitText("#messages", "Hello from my own client!")

	runCode(tab, `print("one", { two: 2 }); throw new Error("three")`)
	tab.WaitText("#printed", "Error: three")
	assert.Equal(t, []string{`one {"two":2}`, "Error: three"}, labtest.Eval[[]string](tab, printed),
		"the run before has ended")
	runCode(tab, `print(`)
	tab.WaitText("#printed", "SyntaxError")

	runCode(tab, `
		const out = async (what, f) => print(what, await f().then(() => "reached", () => "refused"));
		await out("other", () => fetch("http://evil.example/"));
		await out("lab", () => fetch("/lab/info.json"));
		await out("page", async () => parent.document.title);
		await out("storage", async () => localStorage.length);
		print("origin", self.origin, "done");`)
	tab.WaitText("#printed", "done")
	assert.Equal(t, []string{"other refused", "lab refused", "page refused", "storage refused",
		"origin null done"}, labtest.Eval[[]string](tab, printed))

	press(tab, "#play-reset")
	assert.Equal(t, original, labtest.Eval[string](tab,
		`document.getElementById("play-code").value`))
	press(tab, "#play-stop")
	assert.Zero(t, labtest.Eval[int](tab, `document.querySelectorAll("iframe[sandbox]").length`))
}

// plays says, for each page, what its own client prints at the end.
var plays = map[string]string{
	"short-polling": "says: played", "long-polling": "says: played", "hanging": "says: played",
	"sse":     "says: played",
	"ws-echo": "[1,2,3]", "ws-chat": "my own client says: Hello from my own client!",
	"broadcast":  "my own client says: Hello from my own client!",
	"namespaces": `/news: {"news":"item"}`, "acks": "the server has heard: from my own client",
	"message": "message: 222", "rooms": "my own client in red: Hello, red room!",
	"binary":    "a picture of 1 × 1, first bytes: [0,255,255,255]",
	"reconnect": "back, with all that I missed", "login": `"event":"welcome"`,
}

// TestPlays runs the reader's own client of each page as it stands there.
func TestPlays(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, s := range stages {
		t.Run(s.demo, func(t *testing.T) {
			t.Parallel()
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(run(t, s.demo, lang.English))
			s.ready(tab)
			if plays[s.demo] == "says: played" {
				write(tab, "played")
			}
			press(tab, "#play-run")
			tab.WaitText("#printed", plays[s.demo])
			assert.Empty(t, labtest.Eval[[]string](tab,
				`[...document.querySelectorAll("#printed .bad")].map((e) => e.textContent)`))
		})
	}
}
