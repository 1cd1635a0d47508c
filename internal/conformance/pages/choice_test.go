package pages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/lessons/production/choice"
)

// answer follows the link of the answer that has this text.
func answer(tab *labtest.Tab, text string) {
	tab.WaitFor(
		fmt.Sprintf(
			`((a) => a !== undefined && (a.click(), true))([...document.querySelectorAll("#answers a")].find((a) => a.textContent === %q))`, text))
}

// textsOf returns the texts of the answers of a path through the tree.
func textsOf(t *testing.T, path []string) (texts []string) {
	t.Helper()
	q := choice.Tree
	for _, name := range path {
		require.NotNil(t, q, "no question after %v", texts)
		var next *choice.Question
		for _, a := range q.Answers {
			if a.Name == name {
				texts, next = append(texts, a.Text.EN), a.Next
			}
		}
		q = next
	}
	require.Len(t, texts, len(path))
	return texts
}

// TestChoicePage: clicks through the questions lead each case to its answer, with the rows of the
// table that leave out the others.
func TestChoicePage(t *testing.T) { labtest.InEveryEngine(t, choicePage) }

func choicePage(t *testing.T, browser *labtest.Browser) {
	tab := browser.Tab(t)
	tab.Viewport(1280, 720)
	tab.Open(run(t, "choice", lang.English))
	for _, c := range choice.Cases {
		for i, text := range textsOf(t, c.Path) {
			// two questions have the answer Yes
			tab.WaitText("#status", fmt.Sprint("question ", i+1))
			answer(tab, text)
		}
		tab.WaitText("#question", "Take: "+c.Take.Text.EN)
		assert.Contains(t, textOf(tab, "#case"), "This is the case “"+c.Name.EN+"”.")
		assert.Equal(t, 1, labtest.Eval[int](tab,
			`document.querySelectorAll("#transports .taken").length`), c.Name.EN)
		assert.Equal(t, c.Take.Transport, labtest.Eval[string](tab,
			`document.querySelector("#transports .taken").dataset.transport`), c.Name.EN)
		assert.Equal(t, len(choice.Transports)-1, labtest.Eval[int](tab,
			`document.querySelectorAll("#transports .out").length`), c.Name.EN)
		assert.Equal(t, len(c.Path), labtest.Eval[int](tab,
			`document.querySelectorAll("#reasons > li").length`))
		assert.Positive(t, labtest.Eval[int](tab, `document.querySelectorAll("#rows .no").length`))
		assert.Zero(t, labtest.Eval[int](tab,
			`[...document.querySelectorAll("#reasons .more a")].filter((a) => !a.getAttribute("href")).length`))
		tab.Click("#again")
	}

	answer(tab, textsOf(t, []string{"soon"})[0])
	tab.WaitText("#transports .out", "short polling")
	tab.WaitText("#rows .no", "ms")
	assert.Equal(t, "question", labtest.Eval[string](tab, `document.activeElement.id`),
		"the keyboard goes on at the question")
	labtest.Eval[any](tab, `history.back()`)
	tab.WaitText("#status", "question 1")
	labtest.Eval[any](tab, `history.forward()`)
	tab.WaitText("#status", "question 2")
	tab.Click("#back")
	tab.WaitText("#status", "question 1")

	chat := choice.Cases[1]
	labtest.Eval[any](tab,
		fmt.Sprintf(
			`[...document.querySelectorAll("#cases a")].find((a) => a.textContent === %q).click()`,
			chat.Name.EN))
	tab.WaitText("#question", "Take: "+chat.Take.Text.EN)
	assert.Equal(t, 2, labtest.Eval[int](tab,
		`document.querySelectorAll("#cases [aria-current], #tree [aria-current]").length`))
	for _, e := range choice.Extras {
		labtest.Eval[any](tab, fmt.Sprintf(`document.querySelector("#extras [name=%s]").click()`,
			e.Name))
		tab.WaitText("#advice", e.Advice[chat.Take.Transport].EN)
	}
	labtest.Eval[any](tab, `document.querySelector("#reasons .change").click()`)
	tab.WaitText("#status", "question 1")
}

// TestTheChoiceIsShared: an address with answers opens where they lead, and unknown ones are left
// out. The steps lead to demos that run, and to the texts of the others.
func TestTheChoiceIsShared(t *testing.T) {
	_, urls, _ := serveLab(t, lang.English, "choice", "sse")
	browser := labtest.NewBrowser(t)
	tab := browser.Tab(t)
	tab.Open(urls["choice"] + "/#soon.clear.never.browser.catch-up.nonsense")
	tab.WaitText("#question", "Take: SSE")
	steps := labtest.Eval[[]string](tab,
		`[...document.querySelectorAll("#reasons .more a")].map((a) => a.href).filter((href) => href.includes("step=") || href.includes("#"))`)
	var toDemo string
	for _, href := range steps {
		if strings.HasPrefix(href, urls["sse"]) && strings.Contains(href, "step=resume") {
			toDemo = href
		}
	}
	require.NotEmpty(t, toDemo, steps)
	assert.Contains(t, strings.Join(steps, " "), "/lab/lesson/longpoll#short-polling")
	stage := browser.Tab(t)
	stage.AllowNetworkErrors()
	stage.Open(toDemo)
	stage.WaitFor(`document.querySelector('.guided[data-step="resume"]')?.hidden === false`)
}

// TestChoiceLooks: the page on a projector and a phone, light and dark, in both languages.
func TestChoiceLooks(t *testing.T) {
	axe := axe(t)
	browser := labtest.NewBrowser(t)
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run(string(language), func(t *testing.T) {
			tab := browser.Tab(t)
			tab.Allow(inlineStyle)
			url := run(t, "choice", language)
			for _, at := range []struct{ name, hash string }{{"start", ""},
				{"middle", "#soon.buffers"}, {"end", "#soon.clear.often.all.ready.history"}} {
				tab.Viewport(1280, 720)
				tab.Open(url + "/" + at.hash)
				tab.WaitFor(`document.querySelector("#cases a") !== null`)
				if at.name == "end" {
					labtest.Eval[any](tab,
						`document.querySelectorAll("#extras input").forEach((box) => box.click()), document.querySelectorAll("details").forEach((d) => { d.open = !d.closest(".bar"); })`)
				}
				labtest.Eval[bool](tab, axe)
				for _, v := range viewports {
					tab.Viewport(v.width, 844)
					for _, scheme := range []string{"dark", "light"} {
						tab.ColorScheme(scheme)
						tab.WaitFor(`document.getAnimations().length === 0`)
						name := strings.Join([]string{"choice", string(language), at.name, v.name,
							scheme}, "-")
						assert.Empty(t, labtest.Eval[[]string](tab, faults), name)
						assert.Empty(t, labtest.Eval[[]string](tab, violations), name)
						tab.Screenshot(name)
					}
				}
			}
		})
	}
}
