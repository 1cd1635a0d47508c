package pages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// violations runs axe-core and lists its findings, with the elements.
const violations = `axe.run(document, { iframes: false, resultTypes: ["violations"] })
	.then(({ violations }) => violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.map((n) => n.target.join(" ")).join(", ")))`

// violationsIn is violations, with the contrast of colours in English only: it takes most of the
// time and is the same in every language.
func violationsIn(language lang.Lang) string {
	if language == lang.English {
		return violations
	}
	return strings.Replace(violations, "{ iframes: false",
		`{ rules: { "color-contrast": { enabled: false } }, iframes: false`, 1)
}

// checkedByAxe reports whether axe-core, which is slow, checks a window: in English a laptop and a
// phone, in Chinese, where only names and labels differ, the phone.
func checkedByAxe(language lang.Lang, width int64) bool {
	return width == 390 || width == 1280 && language == lang.English
}

// inlineStyle is on the console because axe-core tries styles that the pages' policy forbids.
const inlineStyle = "Applying inline style violates"

// drawn waits until the page has answered to its size.
const drawn = `new Promise((done) => requestAnimationFrame(
	() => requestAnimationFrame(() => done(true))))`

// axe returns axe-core as an expression that installs it.
func axe(t *testing.T) string {
	script, err := os.ReadFile(filepath.Join(node.Dir(t), "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err, "node_modules is older than package-lock.json: run npm ci")
	return "(() => {" + string(script) + "\nreturn true;\n})()"
}

// TestAccessibility checks the pages other than stages with axe-core, in both languages, light or
// dark, on a laptop or a phone. TestStageLooks does the same for the stages.
func TestAccessibility(t *testing.T) {
	axe := axe(t)
	browser := labtest.NewBrowser(t)
	check := func(t *testing.T, tab *labtest.Tab, language lang.Lang, url string, ready func()) {
		tab.Viewport(1280, 800)
		tab.Open(url)
		ready()
		labtest.Eval[bool](tab, axe)
		for i, width := range []int64{1280, 390} {
			if !checkedByAxe(language, width) {
				continue
			}
			tab.ColorScheme(schemeIn(language, i))
			tab.Viewport(width, 800)
			labtest.Eval[bool](tab, drawn)
			tab.WaitFor(
				`document.readyState === "complete" && document.getAnimations().length === 0`)
			assert.Empty(t, labtest.Eval[[]string](tab, violationsIn(language)), "%s, %s, %d px",
				url, schemeIn(language, i), width)
		}
	}
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		t.Run("home-"+string(language), func(t *testing.T) {
			t.Parallel()
			home, _, _ := serveLab(t, language, "broadcast")
			tab := browser.Tab(t)
			tab.Allow(inlineStyle)
			check(t, tab, language, home, func() {
				labtest.Eval[bool](tab,
					`(document.querySelectorAll("details").forEach((d) => { d.open = true; }), true)`)
			})
		})
		t.Run("xray-"+string(language), func(t *testing.T) {
			// an answer with its fields, compared with its TCP segment
			t.Parallel()
			url := run(t, "broadcast", language)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Allow(inlineStyle)
			row := `[...document.querySelectorAll("#x-rows [role=option]")].findLast((e) => e.querySelector(".x-http") && e.textContent.includes("101"))`
			check(t, tab, language, url, func() {
				tab.WaitFor(`document.getElementById("x-find") !== null`)
				search(tab, "101 Switching")
				tab.WaitFor(row + ` !== undefined && ` + row + `.click() === undefined`)
				tab.WaitFor(
					`document.querySelector("#x-anatomy .x-steps") !== null && document.getElementById("x-pin").click() === undefined`)
				tab.WaitFor(
					`[...document.querySelectorAll("#x-anatomy .x-related button")].at(-1).click() === undefined`)
				tab.WaitFor(
					`document.querySelector("#x-anatomy .x-compare") !== null && document.querySelector("#x-diagram .upgrade") !== null`)
			})
		})
		t.Run("lessons-"+string(language), func(t *testing.T) {
			t.Parallel()
			url := run(t, "broadcast", language)
			tab := browser.Tab(t)
			tab.Allow(inlineStyle)
			for _, l := range lessons.All() {
				check(t, tab, language, url+"/lab/lesson/"+l.Name, func() {})
			}
		})
	}
}
