package pages

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// open shows a demo's page in a tab of its own, connected.
func open(t *testing.T, browser *labtest.Browser, url string) *labtest.Tab {
	t.Helper()
	tab := browser.Tab(t)
	tab.Viewport(1280, 900)
	tab.AllowNetworkErrors() // some tests have the connection cut
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
	labtest.Eval[any](tab, `document.querySelector(`+quote(selector)+`).click()`)
}

// enter fills in a field, and submits its form.
func enter(tab *labtest.Tab, selector, text string) {
	labtest.Eval[any](tab, `((f) => { f.value = `+quote(text)+
		`; f.form.requestSubmit(); })(document.querySelector(`+quote(selector)+`))`)
}

func textOf(tab *labtest.Tab, selector string) string {
	return labtest.Eval[string](tab, `document.querySelector(`+quote(selector)+`).textContent`)
}

// TestNamespacesPage joins and leaves namespaces, and asks for one that does not exist, over one
// connection.
func TestNamespacesPage(t *testing.T) { labtest.InEveryEngine(t, namespacesPage) }

func namespacesPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "namespaces", lang.English)
	tab := open(t, browser, url)
	tab.WaitText("#chat .messages", `a message {"that":"only","/chat":"will get"}`)
	tab.WaitText("#chat .messages", "hi! 1111: the server has logged it")
	tab.WaitText("#news .messages", `news {"news":"item"}`)
	assert.NotContains(t, textOf(tab, "#chat .messages"), "news")
	tab.WaitText("#spoken", `42/chat,["a message",{"that":"only","/chat":"will get"}]`)
	tab.WaitText("#transport", "websocket")
	tab.WaitFor(
		`document.querySelector('#ladder .down[data-nsp="/news"]') !== null && document.querySelector('#ladder .up[data-nsp="/chat"]') !== null`)

	press(tab, "#news button")
	tab.WaitText("#news .id", "not joined")
	press(tab, "#news button")
	tab.WaitFor(`document.querySelectorAll("#news .messages li").length === 2`)
	enter(tab, "#nsp", "/secret")
	tab.WaitText("#note", "/secret: the server refuses: Invalid namespace")
	enter(tab, "#nsp", "/secret") // asked for again
	tab.WaitFor(
		`document.querySelector("#timeline").textContent.split("/secret refused").length === 3`)
	enter(tab, "#text", "<b>two</b>")
	tab.WaitText("#chat .messages", `hi! "<b>two</b>": the server has logged it`)
	assert.Equal(t, 1, labtest.Eval[int](tab,
		`document.querySelectorAll("#timeline li").length && [...document.querySelectorAll("#timeline li")].filter((e) => e.textContent.includes("connection opened")).length`), "one connection all the time")
	assert.Contains(t, textOf(tab, "#source"), `io.Of("/chat").OnConnection`)

	press(tab, "#cut")
	tab.WaitFor(`document.querySelectorAll("#chat .messages li").length === 5`)
	tab.WaitText("#chat .id", "socket id")
}

// TestAcksPage requests acks and is asked for them, in time, too late, and never.
func TestAcksPage(t *testing.T) { labtest.InEveryEngine(t, acksPage) }

func acksPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "acks", lang.English)
	tab := open(t, browser, url)
	bothWindows(tab)
	enter(tab, "#text", "tobi")
	tab.WaitText("#asked li", `→ ferret "tobi"acknowledged after`)
	tab.WaitText("#asked li", `ms: "woot"`)
	press(tab, "#silence")
	press(tab, "#bounded")
	tab.WaitText("#asked li:nth-child(3)", "operation has timed out")
	assert.Contains(t, textOf(tab, "#asked li:nth-child(2)"), "waiting for the acknowledgement")

	answerNext(tab, "<i>Ann</i>", "while it waits")
	press(tab, "#askMe")
	tab.WaitText("#asked", "← answerthe server received: <i>Ann</i>")
	tab.WaitText("#asked", `→ ferret "while it waits"acknowledged after`)
	tab.WaitText("#asked", "← questionyou acknowledged: <i>Ann</i>")

	press(tab, "#askAll") // neither window answers
	tab.WaitText("#asked", "← answersacknowledged in time: 0, others did not")

	press(tab, "#askMe")
	tab.WaitText("#asked", "← no answeroperation has timed out")
	enter(tab, "#questions li:last-child input", "too late")
	tab.WaitText("#asked", "you acknowledged too late: too late")

	press(tab, "#cut")
	aborted(tab)
	tab.WaitText("#asked li:nth-child(2)", "never acknowledged: the connection ended")
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	press(tab, "#disconnect")
	enter(tab, "#text", "tobi")
	tab.WaitText("#asked li:last-child", "buffered: sent when connected")
	press(tab, "#reconnect")
	tab.WaitText("#asked li:last-child", "acknowledged after")
}

// answerNext makes the page itself answer the next question, because the server waits only 5 s: on
// a loaded machine the steps of a test may take longer. Before it answers, it asks for the ferret
// of that name, if there is one.
func answerNext(tab *labtest.Tab, answer, ferret string) {
	labtest.Eval[any](tab, `(() => {
		const submit = (field, text) => { field.value = text; field.form.requestSubmit(); };
		new MutationObserver((_, observer) => {
			const question = document.querySelector("#questions input");
			if (!question) return;
			observer.disconnect();
			if (`+quote(ferret)+`) submit(document.getElementById("text"), `+quote(ferret)+`);
			submit(question, `+quote(answer)+`);
		}).observe(document.getElementById("questions"), { childList: true, subtree: true });
	})()`)
}

// TestMessagePage says hi with the library and without.
func TestMessagePage(t *testing.T) { labtest.InEveryEngine(t, messagePage) }

func messagePage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "message", lang.English)
	tab := open(t, browser, url)
	enter(tab, "#text", "hi")
	tab.WaitText("#messages", `→ "hi"← 222`)
	tab.WaitText("#spoken", `you → server: 42["message","hi"]`)
	tab.WaitText("#spoken", `server → you: 42["message",222]`)
	press(tab, "#disconnect")
	enter(tab, "#text", "later")
	tab.WaitText("#messages", "buffered: sent when connected")
	press(tab, "#reconnect")
	tab.WaitText("#messages", `→ "later"← 222`)

	press(tab, "#rawOpen")
	tab.WaitText("#raw", `0{"sid":"`)
	enter(tab, "#rawText", "40")
	tab.WaitText("#raw", `40{"sid":"`)
	enter(tab, "#rawText", `42["message","<b>hi</b>"]`)
	tab.WaitText("#raw", `→ 42["message","<b>hi</b>"]← 42["message",222]`)
	tab.WaitText("#spoken", `by hand → server: 42["message","<b>hi</b>"]`)
	enter(tab, "#rawText", "hi")
	tab.WaitText("#rawState", "closed, code 1005")
	press(tab, "#rawOpen")
	tab.WaitText("#rawState", "open")
	press(tab, "#rawClose")
	tab.WaitText("#rawState", "closed, code 1005")
}

// TestRoomsPage asks for rooms: it is let in, refused, and joined to a room by the server.
func TestRoomsPage(t *testing.T) { labtest.InEveryEngine(t, roomsPage) }

func roomsPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "rooms", lang.English)
	ann, bob := open(t, browser, url), open(t, browser, url)
	for _, person := range []struct {
		tab  *labtest.Tab
		name string
	}{{ann, "<b>Ann</b>"}, {bob, "Bob"}} {
		tab, name := person.tab, person.name
		labtest.Eval[any](tab, `((f) => { f.value = `+quote(name)+
			`; f.dispatchEvent(new Event("change")); })(document.getElementById("name"))`)
	}
	press(ann, "#room-red button")
	press(bob, "#room-green button")
	bob.WaitText("#room-red .members", "<b>Ann</b>")
	ann.WaitText("#room-green .members", "Bob")

	enter(bob, "#text", "to red, from outside")
	bob.WaitText("#messages .wait", "sent to the others, not to you")
	ann.WaitText("#messages", "red Bob to red, from outside")
	assert.Empty(t, labtest.Eval[[]string](bob,
		`[...document.querySelectorAll("#messages li:not(.wait)")].map((e) => e.textContent)`),
		"Bob is not in red")
	enter(bob, "#door", "cellar")
	bob.WaitText("#note", "cellar: the server refuses")
	id := labtest.Eval[string](ann,
		`document.querySelector("#timeline").textContent.match(/socket id ([\w-]{20})/)[1]`)
	bob.WaitText("#rooms", id+"<b>Ann</b>")
	enter(bob, "#door", id)
	bob.WaitText("#note", id+": the server refuses")

	press(bob, "#gather")
	bob.WaitText("#room-red button", "Leave")
	ann.WaitText("#room-red .members", "Bob")
	enter(ann, "#text", "<i>to all in red</i>")
	bob.WaitText("#messages", "<i>to all in red</i>")
	ann.WaitText("#messages small", "back after")
	labtest.Eval[any](bob, `document.getElementById("whom").value = "red green blue"`)
	enter(bob, "#text", "once")
	enter(bob, "#text", "last")
	bob.WaitFor(
		`document.querySelectorAll("#messages li:not(.wait)").length === 3 && document.querySelector("#messages").textContent.includes("red green blue Bob last")`)
	press(bob, "#room-red button")
	ann.WaitFor(`!document.querySelector("#room-red .members").textContent.includes("Bob")`)
	press(bob, "#disconnect")
	ann.WaitFor(`!document.querySelector("#room-green .members").textContent.includes("Bob")`)

	press(ann, "#cut")
	aborted(ann)
	ann.WaitFor(`document.getElementById("status").classList.contains("good")`)
	ann.WaitText("#room-red button", "Join")
}

// TestBinaryPage sends a picture over both transports, asks for a checksum, and sends too much.
func TestBinaryPage(t *testing.T) { labtest.InEveryEngine(t, binaryPage) }

func binaryPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "binary", lang.English)
	tab, other := open(t, browser, url), open(t, browser, url)
	tab.AllowNetworkErrors()
	const inverted = `(() => {
		const at = (id) => document.getElementById(id).getContext("2d").getImageData(0, 0, 128, 128).data;
		const [mine, theirs] = [at("mine"), at("theirs")];
		return mine.every((v, i) => theirs[i] === (i % 4 === 3 ? v : 255 - v));
	})()`
	press(tab, "#send")
	other.WaitText("#came", "128 × 128: 65,536 bytes")
	tab.WaitFor(inverted)
	tab.WaitText("#spoken",
		`451-["picture",{"width":128,"height":128,"pixels":{"_placeholder":true,"num":0}}]`)
	tab.WaitText("#spoken", "‹65550 B›") // with the header of a masked frame
	press(tab, "#checksum")
	tab.WaitText("#note", "the browser says the same")
	tab.WaitText("#spoken", `461-0[{"_placeholder":true,"num":0}]`)

	press(tab, "#huge")
	tab.WaitText("#note", "the server ends the connection")
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	press(tab, `[value="polling"]`)
	tab.WaitText("#transport", "polling")
	press(tab, "#paint")
	press(tab, "#send")
	tab.WaitFor(inverted)

	press(tab, "#cut") // the polls are aborted, too
	tab.WaitText("#timeline", "transport error")
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	press(tab, "#send")
}

// TestReconnectPage disconnects for a while, twice: once the server keeps the session, once it does
// not. The wrong listener runs twice.
func TestReconnectPage(t *testing.T) { labtest.InEveryEngine(t, reconnectPage) }

func reconnectPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "reconnect", lang.English)
	tab := open(t, browser, url)
	const count = `(id, kind) => document.querySelectorAll("#" + id + " ." + kind).length`
	tab.WaitFor(`(` + count + `)("ticks", "now") >= 2`)
	tab.WaitText("#wrong", "called 1 ×")
	id := labtest.Eval[string](tab,
		`document.querySelector("#timeline").textContent.match(/socket id ([\w-]{20})/)[1]`)

	press(tab, "#away")
	tab.WaitText("#timeline", "recovered: same id, same rooms")
	tab.WaitText("#wrong", "called 2 × for each tick")
	assert.Equal(t, "called 1 × for each tick", textOf(tab, "#right"))
	assert.GreaterOrEqual(t, labtest.Eval[int](tab, `(`+count+`)("ticks", "late")`), 2)
	assert.Zero(t, labtest.Eval[int](tab, `(`+count+`)("ticks", "lost")`))
	tab.WaitFor(`(` + count + `)("glances", "lost") >= 2`)
	assert.Equal(t, 2, labtest.Eval[int](tab,
		`document.querySelector("#timeline").textContent.split(`+quote(id)+`).length - 1`),
		"the same id")

	press(tab, "#leave")
	tab.WaitText("#timeline", "not recovered: a new socket")
	tab.WaitFor(`(` + count + `)("ticks", "lost") >= 2`)
	tab.WaitText("#wrong", "called 3 × for each tick")
}
