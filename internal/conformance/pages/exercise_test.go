package pages

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// solution returns a file of an exercise's solution.
func solution(t *testing.T, name, file string) string {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	for _, e := range all {
		if e.Name == name {
			data, err := fs.ReadFile(e.Files(), "solution/"+file)
			require.NoError(t, err)
			return string(data)
		}
	}
	t.Fatalf("no exercise %s", name)
	return ""
}

// TestExercises does two exercises as a student on a phone would who has only the page of one demo:
// from the demo to the list, a page to fix and a prediction with their mistakes, and on to the next
// lesson. Another demo's page knows what is solved.
func TestExercises(t *testing.T) {
	only(t, "broadcast")
	axe := axe(t)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors() // the demo's WebSocket ends when its page is left
	tab.Allow(inlineStyle)
	tab.Viewport(390, 844)
	url := run(t, "broadcast", lang.English)
	tab.Open(url)
	tab.Click("#fold")
	follow(tab, `.bar a[href^="/lab/exercises"]`)
	follow(tab, `a[href^="/lab/exercise/page-doubled-listener"]`)

	accessible := func(name string) {
		t.Helper()
		labtest.Eval[bool](tab, axe)
		for _, scheme := range []string{"light", "dark"} {
			tab.ColorScheme(scheme)
			labtest.Eval[bool](tab, drawn)
			tab.WaitFor(`document.getAnimations().length === 0`)
			assert.Empty(t, labtest.Eval[[]string](tab, violations), "%s, %s", name, scheme)
			tab.Screenshot(name + "-" + scheme)
		}
		assert.False(t, labtest.Eval[bool](tab,
			`document.documentElement.scrollWidth > innerWidth`), name)
	}
	write := func(id, text string) {
		t.Helper()
		labtest.Eval[bool](tab, `((e) => { e.value = `+quote(text)+
			`; e.dispatchEvent(new Event("input")); return true; })(document.getElementById(`+
			quote(id)+`))`)
	}
	passing := `[...document.querySelectorAll("#steps .good")].length`

	tab.WaitFor(`document.getElementById("onward").hidden`)
	tab.Click("#run")
	tab.WaitText("#found", "one message appears 3 times")
	assert.Equal(t, 2, labtest.Eval[int](tab, passing))
	accessible("exercise-fix-page")
	write("code", "print(\"hello\");\nlet x = ;\n")
	tab.Click("#run")
	tab.WaitText("#found", "Line 2 is no JavaScript")
	write("code", "print(\"hello\");\nfetch(\"/messages\").catch(() => {});\nmissing();\n")
	tab.Click("#run")
	tab.WaitText("#found", "in line 3: ReferenceError")
	tab.WaitText("#printed", "hello")
	write("code", "for (;;);\n")
	tab.Click("#run")
	tab.WaitText("#found", "does not end")
	write("code", solution(t, "page-doubled-listener", "page.js"))
	tab.Click("#reset")
	assert.NotEqual(t, solution(t, "page-doubled-listener", "page.js"),
		labtest.Eval[string](tab, `document.getElementById("code").value`))
	tab.Click("#reset")
	assert.Equal(t, solution(t, "page-doubled-listener", "page.js"),
		labtest.Eval[string](tab, `document.getElementById("code").value`), "the reset is undone")
	assert.False(t, labtest.Eval[bool](tab, `document.getElementById("solved").checkVisibility()`))
	tab.Click("#run")
	tab.WaitText("#found", "Solved.")
	assert.True(t, labtest.Eval[bool](tab, `document.getElementById("solved").checkVisibility()`))
	assert.Equal(t, 4, labtest.Eval[int](tab, passing))
	assert.Equal(t, "lab-progress=page-doubled-listener",
		labtest.Eval[string](tab, `document.cookie`))
	tab.WaitFor(
		`document.querySelector("#onward a[href^='/lab/lesson/socketio-deployment']").checkVisibility()`)

	tab.Open(url + "/lab/exercise/predict-frames?lang=zh")
	slots := []string{"slot-0", "slot-1", "slot-2", "slot-3"}
	write(slots[0], "0x81 05 48 65 6C 6C 6F")
	for i, answer := range []string{"81 2c", "81 7e 2c 01", "81 7e 2c 01", "82 7e 2c 01"} {
		write(slots[1], answer)
		tab.Click("#predict button")
		tab.WaitFor(
			`document.querySelector("#found.bad") !== null && document.getElementById("slot-1").getAttribute("aria-invalid") === "true"`)
		tab.WaitText("#fields", []string{"：1", "：2", "：2", "81 7e 01 2c"}[i])
		assert.Equal(t, i == 3, labtest.Eval[bool](tab,
			`document.getElementById("fields").textContent.includes("01 2c")`),
			"the right bytes after the %dth", i+1)
	}
	accessible("exercise-predict")
	for i, answer := range []string{"81 7e 01 2c", "8a026869", "88 02 03 e8"} {
		write(slots[i+1], answer)
	}
	tab.Click("#predict button")
	tab.WaitText("#found", "通过")

	tab.Open(run(t, "ws-chat", lang.English) + "/lab/exercises")
	assert.Equal(t, 2, labtest.Eval[int](tab,
		`document.querySelectorAll(".exercises .good").length`), "another port has the same cookie")
	tab.Click("#forget") // the dialog is accepted
	tab.WaitFor(
		`document.cookie === "" && document.querySelectorAll(".exercises .good").length === 0`)
}
