package class

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

const (
	question = "broadcast/buffer"      // its second option is right
	fixed    = "page-doubled-listener" // is done in the browser
)

// TestAClass is a lesson from the first student to the marks: thirty phones, three browsers and a
// laptop join, follow, vote twice, solve exercises, and lose nothing when the class restarts.
func TestAClass(t *testing.T) {
	need.Time(t)
	wall := labtest.NewBrowser(t).Tab(t)
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	defer http.DefaultClient.CloseIdleConnections()
	binary, keep := buildLab(t), filepath.Join(t.TempDir(), "class.json")
	room := startClass(ctx, t, binary, "127.0.0.1:0", keep)
	defer func() { room.kill() }()

	wall.AllowNetworkErrors() // the class restarts
	wall.Open(room.url + class.Path + "wall/#key=" + room.key)
	wall.WaitText("#code", room.code)

	// They join: phones by HTTP, three in browsers by the QR code's address.
	phones := newPhones(ctx, t, room.url, 30)
	together(phones, func(_ int, p *phone) {
		assert.Equal(t, http.StatusForbidden,
			p.post("join", map[string]any{"name": p.name, "code": "wrong"}))
		assert.Equal(t, http.StatusOK,
			p.post("join", map[string]any{"name": p.name, "code": room.code}))
	})
	var tabs []*labtest.Tab
	for _, name := range []string{"Ann", "小明", ""} {
		tab := labtest.NewBrowser(t).Tab(t)
		tab.AllowNetworkErrors()
		tab.Viewport(390, 844)
		tab.Open(room.url + "/#code=" + room.code)
		tab.WaitFor(`document.getElementById("code").value !== ""`)
		labtest.Eval[any](tab, `document.getElementById("name").value = `+quoted(name))
		tab.Click("#join button.main")
		tab.WaitText("#status", "live")
		tabs = append(tabs, tab)
	}
	generated := labtest.Eval[string](tabs[2], `document.getElementById("me").textContent`)
	assert.NotEmpty(t, generated)
	wall.WaitText("#count", "33 here, 33 joined")
	foldsLessons(t, wall)

	// They follow the teacher to a lesson.
	room.order("show", map[string]any{"path": "/lab/lesson/websocket"})
	for _, tab := range tabs {
		tab.WaitFor(
			`location.pathname === "/lab/lesson/websocket" && document.querySelector(".class-strip .button") !== null`)
	}
	together(phones, func(_ int, p *phone) {
		p.until("the lesson", func(v class.View) bool {
			return v.Place != nil && v.Place.Path == "/lab/lesson/websocket"
		})
	})

	// A demo stays a button, wherever they are.
	room.order("show", map[string]any{"demo": "ws-echo"})
	tabs[0].WaitText(".class-strip", "Open it")
	assert.Equal(t, "_blank", labtest.Eval[string](tabs[0],
		`document.querySelector(".class-strip .grow a").target`))

	voteTwice(t, room, wall, phones, tabs)

	// A laptop takes 小明's seat and checks Go.
	room.order("end", map[string]any{})
	room.order("assign", map[string]any{"today": []string{"cursor", "predict-poll", "hold", fixed}})
	wall.WaitFor(`document.querySelectorAll("#table thead .exercise").length === 4`)
	command := labtest.Eval[string](tabs[1], `document.getElementById("command").textContent`)
	seat := regexp.MustCompile(`--seat (\w+)`).FindStringSubmatch(command)
	require.NotNil(t, seat, command)
	dir := t.TempDir()
	laptop := startLaptop(ctx, t, binary, dir, room.url, seat[1])
	defer laptop.kill()
	laptop.until("It is checked each time you save.")
	fixThePage(t, room, wall, tabs[0])
	room.order("push", map[string]any{"exercise": "predict-poll"})
	for _, tab := range tabs {
		tab.WaitFor(`location.pathname === "/lab/exercise/predict-poll"`)
	}
	laptop.until("The teacher has given everyone this exercise:")
	solve(t, dir, "cursor")
	laptop.until("✓ cursor  solved")
	wall.WaitFor(
		`[...document.querySelectorAll("#table tbody tr")].some((tr) => tr.textContent.startsWith("小明") && tr.querySelector(".mark.done") !== null)`)
	laptop.stop()

	// Someone fails a check, and the wall says what fails.
	failed := class.Check{Exercise: "hold", Step: 1, Steps: 4,
		Message: lang.Text{EN: "The poll does not end.", ZH: "轮询没有结束。"}}
	together(phones[:5], func(_ int, p *phone) {
		assert.Equal(t, http.StatusNoContent,
			p.post("progress", class.Progress{Check: &failed, Hints: map[string]int{"hold": 1}}))
	})
	wall.WaitText("#failures", "5×")

	before := room.marks()
	require.Len(t, before, 33)
	key := room.key
	room = restart(ctx, t, room, binary, keep)
	assert.Equal(t, before, room.marks(), "nothing is lost")
	assert.Equal(t, key, room.key, "the teacher's address still works")
	wall.Open(room.url + class.Path + "wall/")
	wall.WaitText("#code", room.code)
	tabs[0].Open(room.url + class.Path + "wall/#key=" + strings.Repeat("x", len(key)))
	tabs[0].WaitText("#problem", "This key is old")
	together(phones, func(_ int, p *phone) {
		p.until("the class after its restart", func(v class.View) bool {
			return v.Push != nil && v.Push.Exercise == "predict-poll"
		})
		assert.Equal(t, http.StatusNoContent, p.post("progress", class.Progress{Current: "hold"}),
			"the ticket is still good")
	})

	table := room.table()
	require.Len(t, table, 33)
	for name, want := range map[string]map[string]string{
		"小明": {"cursor": "done", "cursor tries": "1", "predictions": "1",
			"right alone": "0", "right after talking": "1"},
		"Ann": {fixed: "done", fixed + " tries": "2", "cursor": "new", "predictions": "1",
			"right alone": "1", "right after talking": "1"},
		"student 01": {"hold": "started", "hold tries": "1", "hints": "1", "predictions": "1",
			"right alone": "1", "right after talking": "1"},
		"student 12": {"hold": "new", "predictions": "1", "right alone": "0",
			"right after talking": "1"},
		"student 30": {"right alone": "0", "right after talking": "0"},
	} {
		for column, cell := range want {
			assert.Equal(t, cell, table[name][column], "%s: %s", name, column)
		}
	}
	assert.Contains(t, table, generated)
	room.stop()
}

// foldsLessons opens and closes a lesson on the board, which has a column for each: so many
// exercises would not fit in readable letters.
func foldsLessons(t *testing.T, wall *labtest.Tab) {
	const exercises = `document.querySelectorAll("#table thead .exercise:not(:has(.fold))").length`
	wall.WaitFor(`document.querySelectorAll("#table thead .fold").length > 3 && ` + exercises +
		` === 0`)
	wall.Click(`[data-lesson="longpoll"]`)
	wall.WaitFor(exercises + ` > 5`)
	least := labtest.Eval[float64](wall, `Math.min(...[...document.querySelectorAll("#table *")]
		.map((e) => parseFloat(getComputedStyle(e).fontSize)))`)
	assert.GreaterOrEqual(t, least, 12.0, "pixels of the smallest letters")
	wall.Click(`[data-lesson="longpoll"]`)
	wall.WaitFor(exercises + ` === 0`)
}

// voteTwice asks one question in two rounds. The first ten phones are right at once, the next ten
// after talking.
func voteTwice(t *testing.T, room *labClass, wall *labtest.Tab, phones []*phone,
	tabs []*labtest.Tab) {
	room.order("open", map[string]any{"question": question})
	for i, tab := range tabs {
		tab.WaitFor(
			`location.pathname === "/lab/class/" && document.querySelectorAll("#question button.face").length === 2`)
		choose(tab, []int{1, 0, 0}[i])
	}
	vote(t, phones, question, 1, func(i int) int { return min(1, max(0, 1-i/10)) })
	wall.WaitText("#question .turnout", "33 of 33 have voted")
	assert.Equal(t, 0, labtest.Eval[int](wall,
		`document.querySelectorAll("#question .bar-row").length`), "no counts while students vote")
	counts := func() []string {
		return labtest.Eval[[]string](wall,
			`[...document.querySelectorAll("#question .bar-row b")].map((e) => e.textContent)`)
	}
	pressOnWall(wall, "Count the votes")
	wall.WaitFor(`document.querySelectorAll("#question .bar-row").length === 2`)
	assert.Equal(t, []string{"22", "11"}, counts())

	pressOnWall(wall, "Vote again, after talking")
	for _, tab := range tabs {
		tab.WaitText("#question .phase", "Talk to your neighbour")
		choose(tab, 1)
	}
	vote(t, phones, question, 2, func(i int) int { return min(1, max(0, 2-i/10)) })
	wall.WaitText("#question .turnout", "33 of 33 have voted")
	pressOnWall(wall, "Count again")
	pressOnWall(wall, "Show the answer")
	wall.WaitText("#question .shift", "12 moved to the right answer, 0 moved away")
	assert.Equal(t, []string{"22", "10", "11", "23"}, counts())
	tabs[0].WaitText("#question", "Your last vote is right.")

	// The bytes: the demo runs, with the teacher's key for its x-ray.
	xray := labtest.Eval[string](wall, `document.querySelector("#question a.to-demo").href`)
	to, err := url.Parse(xray)
	require.NoError(t, err)
	status, body := exchange(t, http.DefaultClient, http.MethodGet, to.String(), "", nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, `id="ladder"`)
	assert.Equal(t, "open", to.Query().Get("xray"), "the page shows its x-ray at once")
}

// fixThePage solves an exercise in Ann's browser, after one try that fails. The wall shows both.
func fixThePage(t *testing.T, room *labClass, wall, tab *labtest.Tab) {
	tab.Open(room.url + "/lab/exercise/" + fixed)
	tab.WaitFor(`document.querySelector(".class-strip .button")?.textContent === "Ann"`)
	tab.Click("#run")
	row := `[...document.querySelectorAll("#table tbody tr")].find((tr) => tr.textContent.startsWith("Ann"))`
	wall.WaitFor(row + `?.querySelector(".mark.failing.here") !== null`)
	said := labtest.Eval[string](wall, row+`.querySelector(".said").textContent`)
	assert.NotEmpty(t, said)
	tab.WaitText("#found", said)
	files := solution(t, fixed)
	code, err := json.Marshal(string(files["page.js"]))
	require.NoError(t, err)
	labtest.Eval[any](tab, `document.getElementById("code").value = `+string(code))
	tab.Click("#run")
	wall.WaitFor(row + `?.querySelector(".mark.done") !== null`)
}

// choose votes on a student's page and waits until the vote has come back from the server.
func choose(tab *labtest.Tab, option int) {
	labtest.Eval[any](tab, `document.querySelectorAll("#question button.face")[`+
		string(rune('0'+option))+`].click()`)
	tab.WaitFor(`document.querySelectorAll("#question button.face")[` + string(rune('0'+option)) +
		`]?.getAttribute("aria-pressed") === "true"`)
}

func pressOnWall(wall *labtest.Tab, label string) {
	button := `[...document.querySelectorAll("#question .controls button")].find((e) => e.textContent === ` + quoted(label) + `)`
	wall.WaitFor(button + ` !== undefined`)
	labtest.Eval[any](wall, button+`.click()`)
}

// restart stops the class and starts it again at the same address.
func restart(ctx context.Context, t *testing.T, room *labClass, binary, keep string) *labClass {
	at, err := url.Parse(room.url)
	require.NoError(t, err)
	room.stop()
	return startClass(ctx, t, binary, at.Host, keep)
}

// named returns an exercise of the course.
func named(t *testing.T, name string) exercise.Exercise {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	i := slices.IndexFunc(all, func(e exercise.Exercise) bool { return e.Name == name })
	require.GreaterOrEqual(t, i, 0, "no exercise %s", name)
	return all[i]
}

// solution returns the files of an exercise's solution.
func solution(t *testing.T, name string) map[string][]byte {
	files, err := named(t, name).Solution()
	require.NoError(t, err)
	return files
}

// solve writes the solution of an exercise into the student's folder.
func solve(t *testing.T, dir, name string) {
	for file, data := range solution(t, name) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, workspace.DefaultFolder,
			named(t, name).Lesson, name, file), data, 0o644))
	}
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }
