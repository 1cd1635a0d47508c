package class

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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

const question = "broadcast/buffer" // its second option is right

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
		assert.Equal(t, http.StatusForbidden, p.post("join", map[string]any{"name": p.name, "code": "wrong"}))
		assert.Equal(t, http.StatusOK, p.post("join", map[string]any{"name": p.name, "code": room.code}))
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

	// They follow the teacher to a lesson.
	room.order("show", map[string]any{"path": "/lab/lesson/websocket"})
	for _, tab := range tabs {
		tab.WaitFor(`location.pathname === "/lab/lesson/websocket" && document.querySelector(".class-strip .button") !== null`)
	}
	together(phones, func(_ int, p *phone) {
		p.until("the lesson", func(v class.View) bool { return v.Place != nil && v.Place.Path == "/lab/lesson/websocket" })
	})

	voteTwice(t, room, wall, phones, tabs)

	// A laptop takes 小明's seat and checks Go.
	room.order("end", map[string]any{})
	room.order("assign", map[string]any{"today": []string{"cursor", "predict-poll", "hold"}})
	wall.WaitFor(`document.querySelectorAll("#table thead .exercise").length === 3`)
	command := labtest.Eval[string](tabs[1], `document.getElementById("command").textContent`)
	seat := regexp.MustCompile(`--seat (\w+)`).FindStringSubmatch(command)
	require.NotNil(t, seat, command)
	dir := t.TempDir()
	laptop := startLaptop(ctx, t, binary, dir, room.url, seat[1])
	defer laptop.kill()
	laptop.until("It is checked each time you save.")
	room.order("push", map[string]any{"exercise": "predict-poll"})
	laptop.until("The teacher has given everyone this exercise:")
	solve(t, dir, "cursor")
	laptop.until("✓ cursor  solved")
	wall.WaitFor(`[...document.querySelectorAll("#table tbody tr")].some((tr) => tr.textContent.startsWith("小明") && tr.querySelector(".mark.done") !== null)`)
	laptop.stop()

	// Someone fails a check, and the wall says what fails.
	failed := class.Check{Exercise: "hold", Step: 1, Steps: 4, Message: lang.Text{EN: "The poll does not end.", ZH: "轮询没有结束。"}}
	together(phones[:5], func(_ int, p *phone) {
		assert.Equal(t, http.StatusNoContent, p.post("progress", class.Progress{Check: &failed, Hints: map[string]int{"hold": 1}}))
	})
	wall.WaitText("#failures", "5×")

	before := room.marks()
	require.Len(t, before, 33)
	room = restart(ctx, t, room, binary, keep)
	assert.Equal(t, before, room.marks(), "nothing is lost")
	wall.Open(room.url + class.Path + "wall/#key=" + room.key)
	wall.WaitText("#code", room.code)
	together(phones, func(_ int, p *phone) {
		p.until("the class after its restart", func(v class.View) bool { return v.Push != nil && v.Push.Exercise == "predict-poll" })
		assert.Equal(t, http.StatusNoContent, p.post("progress", class.Progress{Current: "hold"}), "the ticket is still good")
	})

	table := room.table()
	require.Len(t, table, 33)
	for name, want := range map[string]map[string]string{
		"小明":         {"cursor": "done", "cursor tries": "1", "predictions": "1", "right alone": "0", "right after talking": "1"},
		"Ann":        {"cursor": "new", "predictions": "1", "right alone": "1", "right after talking": "1"},
		"student 01": {"hold": "started", "hold tries": "1", "hints": "1", "predictions": "1", "right alone": "1", "right after talking": "1"},
		"student 12": {"hold": "new", "predictions": "1", "right alone": "0", "right after talking": "1"},
		"student 30": {"right alone": "0", "right after talking": "0"},
	} {
		for column, cell := range want {
			assert.Equal(t, cell, table[name][column], "%s: %s", name, column)
		}
	}
	assert.Contains(t, table, generated)
	room.stop()
}

// voteTwice asks one question in two rounds. The first ten phones are right at once, the next ten
// after talking.
func voteTwice(t *testing.T, room *labClass, wall *labtest.Tab, phones []*phone, tabs []*labtest.Tab) {
	room.order("open", map[string]any{"question": question})
	for i, tab := range tabs {
		tab.WaitFor(`location.pathname === "/lab/class/" && document.querySelectorAll("#question button.face").length === 2`)
		choose(tab, []int{1, 0, 0}[i])
	}
	vote(t, phones, question, 1, func(i int) int { return min(1, max(0, 1-i/10)) })
	wall.WaitText("#question .turnout", "33 of 33 have voted")
	assert.Equal(t, 0, labtest.Eval[int](wall, `document.querySelectorAll("#question .bar-row").length`), "no counts while students vote")
	counts := func() []string {
		return labtest.Eval[[]string](wall, `[...document.querySelectorAll("#question .bar-row b")].map((e) => e.textContent)`)
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
}

// choose votes on a student's page and waits until the vote has come back from the server.
func choose(tab *labtest.Tab, option int) {
	labtest.Eval[any](tab, `document.querySelectorAll("#question button.face")[`+string(rune('0'+option))+`].click()`)
	tab.WaitFor(`document.querySelectorAll("#question button.face")[` + string(rune('0'+option)) + `]?.getAttribute("aria-pressed") === "true"`)
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

// solve writes the solution of an exercise into the student's folder.
func solve(t *testing.T, dir, name string) {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	for _, e := range all {
		if e.Name != name {
			continue
		}
		files, err := e.Solution()
		require.NoError(t, err)
		for file, data := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, workspace.DefaultFolder, e.Lesson, name, file), data, 0o644))
		}
		return
	}
	t.Fatalf("no exercise %s", name)
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"` }
