package pages

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
)

// open shows a demo's page in a tab of its own, connected.
func open(t *testing.T, browser *labtest.Browser, url string) *labtest.Tab {
	t.Helper()
	tab := browser.Tab(t)
	tab.Viewport(1280, 900)
	tab.Open(url)
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	return tab
}

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// press clicks the first element that matches the CSS selector, once it can be.
func press(tab *labtest.Tab, selector string) {
	tab.WaitFor(`document.querySelector(` + quote(selector) + `)?.disabled === false`)
	labtest.Eval[any](tab, `document.querySelector(`+quote(selector)+`).click(), null`)
}

// enter fills in a field, and submits its form.
func enter(tab *labtest.Tab, selector, text string) {
	labtest.Eval[any](tab, `{const f = document.querySelector(`+quote(selector)+`); f.value = `+quote(text)+`; f.form.requestSubmit(); null}`)
}

func textOf(tab *labtest.Tab, selector string) string {
	return labtest.Eval[string](tab, `document.querySelector(`+quote(selector)+`).textContent`)
}

// look asserts that the page can be read and used on a projector and a phone, light and dark, in both languages.
// LAB_SCREENSHOTS keeps pictures.
func look(t *testing.T, tab *labtest.Tab, name string) {
	t.Helper()
	tab.WaitFor(`document.getAnimations().length === 0`)
	english := textOf(tab, "#explain")
	for _, lang := range []string{"en", "zh"} {
		for _, scheme := range []string{"light", "dark"} {
			tab.ColorScheme(scheme)
			for size, width := range map[string]int64{"wide": 1280, "phone": 390} {
				tab.Viewport(width, 844)
				shot := name + "-" + lang + "-" + scheme + "-" + size
				assert.Empty(t, labtest.Eval[[]string](tab, faults), shot)
				tab.Viewport(width, labtest.Eval[int64](tab, `document.documentElement.scrollHeight`))
				tab.Screenshot(shot)
			}
		}
		press(tab, "#lang")
	}
	assert.Equal(t, english, textOf(tab, "#explain"))
	tab.Viewport(1280, 900)
}

// TestNamespacesPage joins, leaves and asks for what is not there, over one connection.
func TestNamespacesPage(t *testing.T) {
	url := run(t, "namespaces", lesson.English)
	tab := open(t, labtest.NewBrowser(t), url)
	tab.WaitText("#chat .events", `a message {"that":"only","/chat":"will get"}`)
	tab.WaitText("#chat .events", "hi! 1111: the server has logged it")
	tab.WaitText("#news .events", `news {"news":"item"}`)
	assert.NotContains(t, textOf(tab, "#chat .events"), "news")
	tab.WaitText("#packets", `42/chat,["a message",{"that":"only","/chat":"will get"}]`)
	tab.WaitText("#transport", "websocket")

	press(tab, "#news .toggle")
	tab.WaitText("#news .state", "not joined")
	press(tab, "#news .toggle")
	tab.WaitFor(`document.querySelectorAll("#news .events li").length === 2`)
	enter(tab, "#nsp", "/secret")
	tab.WaitText("#note", "/secret: the server refuses: Invalid namespace")
	enter(tab, "#number", "<b>two</b>")
	tab.WaitText("#chat .events", `hi! "<b>two</b>": the server has logged it`)
	assert.Equal(t, 1, labtest.Eval[int](tab, `document.querySelectorAll("#timeline li").length && [...document.querySelectorAll("#timeline li")].filter((e) => e.textContent.includes("connection opened")).length`), "one connection all the time")
	assert.Contains(t, textOf(tab, "#source"), `io.Of("/chat").OnConnection`)
	look(t, tab, "namespaces")

	press(tab, "#cut")
	tab.WaitFor(`document.querySelectorAll("#chat .events li").length === 5`)
	tab.WaitText("#chat .state", "joined")
}

// TestAcksPage asks and is asked, answers, answers too late, and not at all.
func TestAcksPage(t *testing.T) {
	url := run(t, "acks", lesson.English)
	browser := labtest.NewBrowser(t)
	tab, other := open(t, browser, url), open(t, browser, url)
	enter(tab, "#name", "tobi")
	tab.WaitText("#asked li", `ferret "tobi"woot, after`)
	press(tab, "#silence")
	press(tab, "#bounded")
	tab.WaitText("#asked li:nth-child(3)", "operation has timed out")
	assert.Contains(t, textOf(tab, "#asked li:nth-child(2)"), "waiting for")

	press(tab, "#askMe")
	tab.WaitFor(`document.querySelector("#questions input") !== null`)
	enter(tab, "#name", "while it waits")
	enter(tab, "#questions input", "<i>Ann</i>")
	tab.WaitText("#verdicts", "The server has your answer: <i>Ann</i>")
	tab.WaitText("#asked li:nth-child(4)", "woot")

	press(tab, "#askAll")
	other.WaitFor(`document.querySelector("#questions input") !== null`)
	enter(other, "#questions input", "Bob")
	look(t, tab, "acks")
	tab.WaitText("#verdicts li:nth-child(2)", "1 answered, not everyone in time")

	press(tab, "#askMe")
	tab.WaitText("#verdicts li:nth-child(3)", "The server got no answer: operation has timed out")
	enter(tab, "#questions input", "too late")
	press(tab, "#cut")
	tab.WaitText("#timeline", "forced close")
	assert.Contains(t, textOf(tab, "#asked li:nth-child(2)"), "waiting for", "nobody calls it, ever")
}

// TestMessagePage says hi with the library and without.
func TestMessagePage(t *testing.T) {
	url := run(t, "message", lesson.English)
	tab := open(t, labtest.NewBrowser(t), url)
	enter(tab, "#text", "hi")
	tab.WaitText("#messages", `↑"hi"↓222`)
	tab.WaitText("#packets", `42["message","hi"]`)
	tab.WaitText("#packets", `42["message",222]`)

	press(tab, "#rawOpen")
	tab.WaitText("#raw", `0{"sid":"`)
	enter(tab, "#rawText", "40")
	tab.WaitText("#raw", `40{"sid":"`)
	enter(tab, "#rawText", `42["message","hi"]`)
	tab.WaitText("#raw", `42["message",222]`)
	look(t, tab, "message")
	enter(tab, "#rawText", "hi")
	tab.WaitText("#rawState", "closed, code 1005")
	press(tab, "#rawOpen")
	tab.WaitText("#rawState", "open")
}

// TestRoomsPage asks for rooms, is let in, refused, and put there unasked.
func TestRoomsPage(t *testing.T) {
	url := run(t, "rooms", lesson.English)
	browser := labtest.NewBrowser(t)
	ann, bob := open(t, browser, url), open(t, browser, url)
	for tab, name := range map[*labtest.Tab]string{ann: "<b>Ann</b>", bob: "Bob"} {
		labtest.Eval[any](tab, `{const f = document.getElementById("name"); f.value = `+quote(name)+`; f.dispatchEvent(new Event("change")); null}`)
	}
	press(ann, "#room-red .toggle")
	press(bob, "#room-green .toggle")
	bob.WaitText("#room-red .events", "<b>Ann</b>")
	ann.WaitText("#room-green .events", "Bob")

	enter(bob, "#text", "to red, from outside")
	ann.WaitText("#messages", "redBobto red, from outside")
	enter(bob, "#door", "cellar")
	bob.WaitText("#note", "cellar: the server says no")
	enter(bob, "#door", labtest.Eval[string](ann, `document.querySelector("#timeline").textContent.match(/socket id ([\w-]{20})/)[1]`))
	bob.WaitText("#note", "the server says no")
	assert.Empty(t, textOf(bob, "#messages"), "Bob is not in red")

	press(bob, "#gather")
	bob.WaitText("#room-red .state", "you are in")
	ann.WaitText("#room-red .events", "Bob")
	enter(ann, "#text", "<i>to all in red</i>")
	bob.WaitText("#messages", "<i>to all in red</i>")
	press(bob, "#room-red .toggle")
	ann.WaitFor(`!document.querySelector("#room-red .events").textContent.includes("Bob")`)
	press(bob, "#disconnect")
	ann.WaitFor(`!document.querySelector("#room-green .events").textContent.includes("Bob")`)
	look(t, ann, "rooms")

	press(ann, "#cut")
	ann.WaitText("#timeline", "forced close")
	ann.WaitFor(`document.getElementById("status").classList.contains("good")`)
	ann.WaitText("#room-red .toggle", "Join")
}

// TestBinaryPage sends a picture over both transports, asks for a checksum, and sends too much.
func TestBinaryPage(t *testing.T) {
	url := run(t, "binary", lesson.English)
	browser := labtest.NewBrowser(t)
	tab, other := open(t, browser, url), open(t, browser, url)
	tab.AllowNetworkErrors()
	const inverted = `(() => {
		const at = (id) => document.getElementById(id).getContext("2d").getImageData(0, 0, 128, 128).data;
		const [mine, theirs] = [at("mine"), at("theirs")];
		return mine.every((v, i) => theirs[i] === (i % 4 === 3 ? v : 255 - v));
	})()`
	press(tab, "#send")
	other.WaitText("#came", "128 × 128 pixels, 65,536 bytes")
	tab.WaitFor(inverted)
	tab.WaitText("#packets", `451-["picture",{"width":128,"height":128,"pixels":{"_placeholder":true,"num":0}}]`)
	tab.WaitText("#packets", "‹65,536 B›")
	press(tab, "#checksum")
	tab.WaitText("#note", "the browser says the same")
	tab.WaitText("#packets", `461-0[{"_placeholder":true,"num":0}]`)
	look(t, tab, "binary")

	press(tab, "#huge")
	tab.WaitText("#note", "the server ends the connection")
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	press(tab, `[value="polling"]`)
	tab.WaitText("#transport", "polling")
	press(tab, "#paint")
	press(tab, "#send")
	tab.WaitFor(inverted)
}

// TestReconnectPage is away for a while, twice: once the server waits, once it does not. The wrong listener doubles.
func TestReconnectPage(t *testing.T) {
	url := run(t, "reconnect", lesson.English)
	tab := open(t, labtest.NewBrowser(t), url)
	const count = `(id, kind) => document.querySelectorAll("#" + id + " ." + kind).length`
	tab.WaitFor(`(` + count + `)("ticks", "now") >= 2`)
	tab.WaitText("#wrong", "called 1 ×")
	id := labtest.Eval[string](tab, `document.querySelector("#timeline").textContent.match(/socket id ([\w-]{20})/)[1]`)

	press(tab, "#away")
	tab.WaitText("#timeline", "recovered: same id, same rooms")
	tab.WaitText("#wrong", "called 2 × for each tick")
	assert.Equal(t, "called 1 × for each tick", textOf(tab, "#right"))
	assert.GreaterOrEqual(t, labtest.Eval[int](tab, `(`+count+`)("ticks", "late")`), 2)
	assert.Zero(t, labtest.Eval[int](tab, `(`+count+`)("ticks", "lost")`))
	tab.WaitFor(`(` + count + `)("glances", "lost") >= 2`)
	assert.Equal(t, 2, labtest.Eval[int](tab, `document.querySelector("#timeline").textContent.split(`+quote(id)+`).length - 1`), "the same id")

	press(tab, "#goodbye")
	tab.WaitText("#timeline", "not recovered: a new socket")
	tab.WaitFor(`(` + count + `)("ticks", "lost") >= 2`)
	tab.WaitText("#wrong", "called 3 × for each tick")
	look(t, tab, "reconnect")
}
