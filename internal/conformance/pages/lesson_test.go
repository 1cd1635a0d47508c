package pages

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/markdown"
	"realtimelab/lessons"
	"realtimelab/web"
)

// follow opens the page that a link leads to. It does not click: an expression that leaves its page
// gets no answer.
func follow(tab *labtest.Tab, selector string) {
	tab.WaitFor(`document.querySelector(` + quote(selector) + `)?.checkVisibility()`)
	tab.Open(labtest.Eval[string](tab, `document.querySelector(`+quote(selector)+`).href`))
}

func TestLessonPage(t *testing.T) { labtest.InEveryEngine(t, lessonPage) }

func lessonPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "ws-chat", "")
	tab := browser.Tab(t)
	tab.Viewport(1280, 720)
	tab.AllowNetworkErrors()                 // the demo's WebSocket ends when the page is left
	tab.Allow("dynamically imported module") // the same in Firefox, of a module on its way
	tab.Open(url)
	follow(tab, "#lesson")
	assert.Equal(t, "WebSocket", textOf(tab, "h1"))
	assert.Equal(t, "en", labtest.Eval[string](tab, `document.documentElement.lang`))
	assert.Contains(t, textOf(tab, "figure:not(.diagram) pre"), "func Accept(key string) string {")

	tab.Click(`.contents a[href="#closing"]`)
	tab.WaitFor(`document.querySelector(".contents [aria-current]")?.hash === "#closing"`)
	assert.True(t, labtest.Eval[bool](tab,
		`(({top}) => top >= 0 && top < innerHeight / 2)(document.getElementById("closing").getBoundingClientRect())`))

	before := labtest.Eval[string](tab, `getComputedStyle(document.body).backgroundColor`)
	tab.Click("#theme")
	tab.WaitFor(`getComputedStyle(document.body).backgroundColor !== ` + quote(before))

	follow(tab, "#lang")
	assert.Equal(t, "zh-CN", labtest.Eval[string](tab, `document.documentElement.lang`))
	assert.Equal(t, "握手", textOf(tab, "#the-handshake"), "the section keeps its id")
	assert.NotEqual(t, before, labtest.Eval[string](tab,
		`getComputedStyle(document.body).backgroundColor`), "the theme is remembered")

	follow(tab, `a[rel="next"]`)
	assert.Equal(t, "Socket.IO", textOf(tab, "h1"))
	assert.Contains(t, textOf(tab, "#text"), "两层协议")
	follow(tab, `a[rel="prev"]`) // this lesson's own demo runs
	follow(tab, "header .button.main")
	// the demo's page, in the language chosen for the lesson
	tab.WaitFor(`document.documentElement.lang === "zh-CN"`)
	tab.WaitText("#lesson", "课文")
	tab.Open(url + "/?lang=en") // as a lesson on another port links it
	tab.WaitText("#lesson", "The lesson")
}

var toLesson = regexp.MustCompile(`href="/lab/lesson/([^"#]+)(?:#([^"]+))?"`)

// TestEveryDemoLinksItsLesson reads the pages as they are served, before a script has run. The link
// leads to the demo's own section, if it has one.
func TestEveryDemoLinksItsLesson(t *testing.T) {
	for _, l := range lessons.All() {
		sections := map[string]bool{"": true}
		for _, h := range markdown.Parse(l.Body.EN).Headings {
			sections[h.ID] = true
		}
		for _, d := range l.Demos {
			page, err := fs.ReadFile(web.Pages, "pages/"+d.Name+"/index.html")
			if errors.Is(err, fs.ErrNotExist) {
				continue // the server's template links the lesson
			}
			require.NoError(t, err)
			link := toLesson.FindStringSubmatch(string(page))
			require.NotNil(t, link, d.Name)
			assert.Equal(t, l.Name, link[1], d.Name)
			assert.True(t, sections[link[2]], "%s links to a section that is gone: %s", d.Name,
				link[2])
		}
	}
}

// structure lists what a screen reader or the keyboard would stumble over: headings that skip a
// level, ids that stand twice, landmarks without a name, links that lead nowhere, and code that
// cannot be scrolled without a mouse.
const structure = `(() => {
	const found = [];
	let level = 0;
	for (const h of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
		const n = Number(h.tagName[1]);
		if (n > level + 1) found.push(h.textContent + " skips a level");
		level = n;
	}
	if (document.querySelectorAll("h1").length !== 1) found.push("there is not one h1");
	if (document.querySelectorAll("main").length !== 1) found.push("there is not one main");
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) found.push("the id " + id + " stands twice");
	for (const nav of document.querySelectorAll("nav")) if (!nav.getAttribute("aria-label")) found.push("a nav has no name");
	for (const a of document.querySelectorAll("a")) {
		if (!a.textContent.trim()) found.push("a link has no text: " + a.href);
		if (a.hash && a.pathname === location.pathname && !document.getElementById(decodeURIComponent(a.hash.slice(1)))) found.push(a.hash + " leads nowhere");
	}
	for (const e of document.querySelectorAll("body *")) {
		if (e.matches("pre, .table") && e.tabIndex === 0 && e.scrollWidth <= e.clientWidth) found.push(e.tagName + " takes the focus for nothing");
		if (/auto|scroll/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0) found.push(e.tagName + " scrolls by mouse only");
	}
	if (document.querySelector("[style], script:not([src]), style")) found.push("there is inline style or script");
	document.body.querySelector("a").focus();
	if (!document.activeElement.matches(".skip") || document.activeElement.getBoundingClientRect().top < 0) found.push("the skip link does not show");
	document.activeElement.blur();
	return found;
})()`

// shift is the page's cumulative layout shift, as Lighthouse adds it up. Chromium alone measures
// it.
const shift = `new Promise((done) => {
	let sum = 0;
	const add = (entries) => { for (const entry of entries) sum += entry.value; };
	const observer = new PerformanceObserver((list) => add(list.getEntries()));
	observer.observe({ type: "layout-shift", buffered: true });
	requestAnimationFrame(() => requestAnimationFrame(() => { add(observer.takeRecords()); done(sum); }));
})`

// TestLessonLooks opens every lesson as students will. LAB_SCREENSHOTS keeps pictures.
func TestLessonLooks(t *testing.T) {
	sizes := []struct {
		name          string
		width, height int64
	}{{"wide", 1280, 720}, {"phone", 390, 844}, {"narrow", 320, 700}}
	browser := labtest.NewBrowser(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			url := run(t, "ws-echo", language)
			tab := browser.Tab(t)
			for _, l := range lessons.All() {
				for i, view := range sizes {
					name := strings.Join([]string{"lesson", l.Name, string(language),
						schemeIn(language, i), view.name}, "-")
					tab.Viewport(view.width, view.height)
					tab.ColorScheme(schemeIn(language, i))
					tab.Open(url + "/lab/lesson/" + l.Name)
					assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
					assert.Empty(t, labtest.Eval[[]string](tab, structure), name)
					assert.LessOrEqual(t, labtest.Eval[float64](tab, shift), 0.05, name)
					tab.Screenshot(name)
				}
			}
		})
	}
}
