package pages

import (
	"encoding/json"
	"os"
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

// look asserts that the page fits a phone in both languages, and takes pictures if somebody wants them.
func look(t *testing.T, tab *labtest.Tab, name string) {
	t.Helper()
	tab.Viewport(1400, 1500)
	picture(tab, name+"-wide-light-en")
	tab.Viewport(390, 3400)
	picture(tab, name+"-phone-light-en")
	fits := `document.documentElement.scrollWidth <= 390`
	assert.True(t, labtest.Eval[bool](tab, fits), "no sideways scrolling in English")
	english := textOf(tab, "#explain")
	press(tab, "#lang")
	tab.WaitFor(`document.documentElement.lang === "zh-CN"`)
	assert.True(t, labtest.Eval[bool](tab, fits), "no sideways scrolling in Chinese")
	assert.NotEqual(t, english, textOf(tab, "#explain"))
	press(tab, "#theme")
	picture(tab, name+"-phone-dark-zh")
	tab.Viewport(1400, 1500)
	picture(tab, name+"-wide-dark-zh")
	press(tab, "#theme")
	press(tab, "#lang")
	tab.Viewport(1280, 900)
}

func picture(tab *labtest.Tab, name string) {
	if os.Getenv("LAB_SCREENSHOTS") == "" {
		return
	}
	tab.WaitFor(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	tab.Screenshot(name)
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
