package pages

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
)

// TestSlides walks through the slides of a lesson on a projector: nothing is cut off.
func TestSlides(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 720)
	tab.Open(run(t, "ws-chat", "") + "/lab/lesson/websocket?view=slides&lang=zh#2")
	tab.WaitFor(`document.documentElement.dataset.fitted`)
	assert.Equal(t, "2", labtest.Eval[string](tab,
		`document.getElementById("number").value.split(" ")[0]`), "the slide of the hash")

	const press = `dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))`
	cut := labtest.Eval[[]string](tab, `(() => {
		const shown = () => [...document.querySelectorAll(".slide")].filter((slide) => slide.checkVisibility({ visibilityProperty: true }));
		const faults = [];
		const press = (key) => document.body.`+press+`;
		press("Home");
		for (let i = 1; i <= document.querySelectorAll(".slide").length; i++) {
			const [slide, ...more] = shown();
			const name = i + ": " + slide.innerText.slice(0, 40);
			if (more.length > 0) faults.push(name + " is not alone");
			if (location.hash !== "#" + i) faults.push(name + " is at " + location.hash);
			for (const e of slide.querySelectorAll(".content, .content *:not(svg *)")) {
				const { left, top, right, bottom } = e.getBoundingClientRect();
				if (left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1) faults.push(name + ": " + e.tagName + " leaves the window");
			}
			for (const e of slide.querySelectorAll("pre, .table")) if (e.scrollWidth > e.clientWidth + 1) faults.push(name + ": " + e.tagName + " is cut off");
			if (parseFloat(getComputedStyle(slide).fontSize) < 15) faults.push(name + " is too small to read");
			press("ArrowRight");
		}
		return faults;
	})()`)
	assert.Empty(t, cut)
	last := labtest.Eval[int](tab, `document.querySelectorAll(".slide").length`)
	require.Greater(t, last, 20)
	assert.Equal(t, last, labtest.Eval[int](tab, `Number(location.hash.slice(1))`),
		"the last slide stays")
	tab.Press("body", "Escape")
	tab.WaitFor(`!location.search.includes("view=slides") && document.readyState === "complete"`)
}
