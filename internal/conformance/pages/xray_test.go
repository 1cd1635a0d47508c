package pages

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
)

// rowsShown is the text of the rows that are in the document.
const rowsShown = `[...document.querySelectorAll("#x-rows [role=option]")].map((e) => e.querySelector(".x-chip").textContent + " " + e.querySelector(".x-summary").textContent)`

func keyOn(tab *labtest.Tab, selector string, keys ...string) {
	for _, key := range keys {
		labtest.Eval[bool](tab, `document.querySelector("`+selector+`").dispatchEvent(new KeyboardEvent("keydown", { key: "`+key+`", bubbles: true, cancelable: true })) || true`)
	}
}

func check(tab *labtest.Tab, selector string) {
	labtest.Eval[bool](tab, `document.querySelector('`+selector+`').click() || true`)
}

func TestXrayPanel(t *testing.T) {
	url := run(t, "broadcast", lesson.English)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1400, 1700)
	tab.Open(url)
	tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length > 0`)

	say(tab, "all", "find me <b>")
	tab.WaitFor(rowsShown + `.some((row) => row.includes("find me <b>"))`)

	// filter by layer, direction and text
	for _, layer := range []string{"http", "ws", "eio", "sio", "message", "chunk", "line", "sse", "bytes"} {
		check(tab, `#x-layers input[value=`+layer+`]`)
	}
	tab.WaitFor(rowsShown + `.every((row) => row.startsWith("event "))`)
	tab.WaitFor(rowsShown + `.filter((row) => row.includes("find me <b>")).length === 2`) // said and heard
	labtest.Eval[bool](tab, `(() => { const d = document.getElementById("x-dir"); d.value = "in"; d.dispatchEvent(new Event("change")); return true; })()`)
	tab.WaitFor(rowsShown + `.filter((row) => row.includes("find me <b>")).length === 1`)
	labtest.Eval[bool](tab, `(() => { const f = document.getElementById("x-find"); f.value = "FIND me"; f.dispatchEvent(new Event("input")); return true; })()`)
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length === 1`)

	// anatomy by mouse, then down to the frame by its buttons
	check(tab, `#x-rows [role=option]`)
	tab.WaitFor(`document.querySelectorAll("#x-anatomy .x-fields tbody tr").length > 0`)
	check(tab, `#x-layers input[value=ws]`)
	tab.WaitFor(`[...document.querySelectorAll("#x-anatomy .x-related button")].some((b) => b.textContent.startsWith("frame"))`)
	labtest.Eval[bool](tab, `[...document.querySelectorAll("#x-anatomy .x-related button")].find((b) => b.textContent.startsWith("frame")).click() || true`)
	tab.WaitText("#x-anatomy .x-fields", "RFC 6455")
	bytesInFields := labtest.Eval[bool](tab, `[...document.querySelectorAll("#x-anatomy .x-bytes span")].every((e) => e.dataset.field !== "-1")`)
	assert.True(t, bytesInFields, "every byte has a field")
	tab.Screenshot("xray-en-light-wide")

	// anatomy by keyboard
	labtest.Eval[bool](tab, `(() => { const f = document.getElementById("x-find"); f.value = ""; f.dispatchEvent(new Event("input")); return true; })()`)
	keyOn(tab, "#x-rows", "Home", "ArrowDown", "ArrowUp", "Enter")
	first := `document.getElementById(document.getElementById("x-rows").getAttribute("aria-activedescendant"))?.querySelector(".x-summary").textContent`
	tab.WaitFor(first)
	tab.WaitFor(`document.querySelector("#x-anatomy .x-what").textContent === ` + first)

	// pause holds what comes, resume shows it
	check(tab, "#x-pause")
	say(tab, "all", "while paused")
	tab.WaitFor(`/[1-9]/.test(document.getElementById("x-status").textContent)`)
	assert.False(t, labtest.Eval[bool](tab, rowsShown+`.some((row) => row.includes("while paused"))`))
	check(tab, "#x-pause")
	keyOn(tab, "#x-rows", "End")
	tab.WaitFor(rowsShown + `.some((row) => row.includes("while paused"))`)

	// export
	response, err := http.Get(url + labtest.Eval[string](tab, `document.getElementById("x-jsonl").getAttribute("href")`))
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Contains(t, response.Header.Get("Content-Disposition"), ".jsonl")
	said := 0
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			Layer   string
			Summary lesson.Text
			Fields  []any
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		if row.Layer == "event" && strings.Contains(row.Summary.EN, "find me <b>") {
			said++
		}
	}
	assert.Equal(t, 2, said)

	// the panel's own connection is not in it
	check(tab, "#x-clear")
	assert.Empty(t, tab.ConsoleErrors())

	for _, look := range []struct{ name, lang, scheme string }{{"zh-dark", "zh", "dark"}, {"en-light", "en", "light"}} {
		labtest.Eval[bool](tab, `(() => { localStorage.setItem("lang", "`+look.lang+`"); localStorage.removeItem("theme"); return true; })()`)
		tab.ColorScheme(look.scheme)
		for _, width := range []int64{390, 1400} {
			tab.Viewport(width, 2400)
			tab.Open(url)
			tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
			say(tab, "all", "你好")
			tab.WaitFor(rowsShown + `.some((row) => row.includes("你好"))`)
			tab.WaitFor(`(() => { const row = [...document.querySelectorAll("#x-rows [role=option]")].findLast((e) => e.querySelector(".x-ws")); row?.click(); return row !== undefined; })()`)
			tab.WaitFor(`document.querySelectorAll("#x-anatomy .x-fields tbody tr").length > 0`)
			assert.LessOrEqual(t, labtest.Eval[int](tab, `document.documentElement.scrollWidth`), int(width))
			tab.Screenshot("xray-" + look.name + map[int64]string{390: "-phone", 1400: "-wide"}[width])
		}
	}
}
