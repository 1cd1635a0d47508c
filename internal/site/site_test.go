package site

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

const someSteps = "## Steps\n\n### one: Who?\n- I\n- <b>you</b>\n1. Go\n\nBecause.\n"

var chatDemo = lesson.Demo{Name: "chat", Title: lang.Text{EN: "Chat", ZH: "聊天"},
	Source: []string{"a.go"}, Client: []string{"chat.js"}}

var chat = Config{
	Lesson: lesson.Lesson{
		Demos: []lesson.Demo{chatDemo},
		Name:  "talk", Title: lang.Text{EN: "Talk", ZH: "说话"},
		Body:   lang.Text{EN: "# Talk", ZH: "# 说话"},
		Source: fstest.MapFS{"a.go": {Data: []byte("package a\n")}},
		Pages: fstest.MapFS{"pages/chat.md": {Data: []byte(someSteps)},
			"pages/chat.zh.md": {Data: []byte(someSteps)}},
	},
	Demo: chatDemo,
	Web: fstest.MapFS{
		"shared/a.css": {},
		"pages/chat/page.html": {Data: []byte(
			`{{define "break"}}<button>{{.Say "Cut" "切断"}}</button>{{end}}`)},
		"pages/chat/steps.json": {Data: []byte(
			`[{"name": "one", "answer": 1, "acts": ["go"], "until": [["online"]]}]`)},
		"pages/chat/chat.js": {Data: []byte("go(\"</script>\");\n")},
	},
	Log: slog.New(slog.DiscardHandler),
}

func get(t *testing.T, c Config, path string) string {
	mux := http.NewServeMux()
	require.NoError(t, c.Routes(mux))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	require.Equal(t, 200, w.Code, path)
	return w.Body.String()
}

func TestAPageArrivesWhole(t *testing.T) {
	get(t, chat, "/lab/lesson/talk") // a page that was shown must not affect the next demo
	page := get(t, chat, "/?lang=zh")
	assert.Contains(t, page, `<html lang="zh-CN">`)
	assert.Contains(t, page, "<button>切断</button>")
	assert.Contains(t, page, "&lt;b&gt;you&lt;/b&gt;")
	assert.Contains(t, page, `<span class="s">&#34;&lt;/script&gt;&#34;</span>`)
	assert.Contains(t, page,
		`{"demo":"chat","xray":false,"steps":[{"name":"one","answer":1,"acts":["go"],"until":[["online"]]}]}`)
	assert.NotContains(t, page, `id="peer"`)
}

func TestAPageThatIsWrongIsRefused(t *testing.T) {
	wrong := chat
	wrong.Lesson.Pages = fstest.MapFS{"pages/chat.md": {Data: []byte(someSteps)}}
	assert.ErrorContains(t, wrong.Routes(http.NewServeMux()), "page of chat in zh")
}

// course has a lesson with two demos and exercises, one that shares the exercises, and one with
// neither.
func course() Config {
	body := lang.Text{
		EN: "# Talk\n\n`chat` and `quiet`.\n\n## First\n\nText.\n\n## Second\n\nSee `chat`.\n\n" +
			"### Chat in depth\n\n`chat` again.\n",
		ZH: "# 说话\n\n`chat`。\n\n## 一\n\n`chat`。\n\n## 二\n\n### 三\n",
	}
	exercises := fstest.MapFS{"exercises/exercises.json": {
		Data: []byte(`[{"name": "fix", "kind": "bug-zoo", "level": 2}]`)}}
	for file, text := range map[string]string{"exercise.md": "# Fix it\n\nDo.\n",
		"exercise.zh.md": "# 修好它\n\n做。\n"} {
		exercises["exercises/fix/"+file] = &fstest.MapFile{Data: []byte(text)}
	}
	c := chat
	c.Lesson.Body, c.Lesson.Folder, c.Lesson.Exercises = body, "talk", exercises
	c.Lesson.Demos = []lesson.Demo{{Name: "early", Title: lang.Text{EN: "Early"}}, chatDemo,
		{Name: "quiet", Title: lang.Text{EN: "Quiet", ZH: "安静"}}}
	more := lesson.Lesson{Name: "more", Title: lang.Text{EN: "More"}, Folder: "talk",
		Demos: []lesson.Demo{{Name: "loud", Title: lang.Text{EN: "Loud"}}}}
	c.Course = []lesson.Lesson{c.Lesson, more,
		{Name: "end", Title: lang.Text{EN: "End"}, Folder: "end"}}
	c.Port = 3001
	c.Directory = &Directory{}
	c.Directory.Add("chat", 3001, func() int { return 2 })
	c.Directory.Add("loud", 3002, func() int { return 0 })
	return c
}

func TestHome(t *testing.T) {
	c := course()
	page := get(t, c, "http://127.0.0.1:3001/lab/?lang=en")
	assert.Contains(t, page,
		`<a class="button main to-demo" href="/?lang=en">Open the demo: Chat</a>`,
		"the first that runs")
	assert.Contains(t, page, `<li data-demo="chat" class="runs">`)
	assert.Contains(t, page, `<small class="state">clients: <b>2</b></small>`)
	assert.Contains(t, page, `<li data-demo="quiet">`)
	assert.Contains(t, page, `<code class="command">lab run quiet</code>`)
	assert.Contains(t, page, `href="http://127.0.0.1:3002/?lang=en"`)
	assert.Contains(t, page,
		`aria-label="level 2 / 3">★★☆</span> <a href="/lab/exercise/fix?lang=en">Fix it</a> <small>bug zoo · homework</small>`)
	assert.NotContains(t, page, "<svg", "no other device can join")
	assert.JSONEq(t,
		`{"chat": {"href": "/", "clients": 2}, "loud": {"href": "http://127.0.0.1:3002/", "clients": 0}}`, get(t, c, "http://127.0.0.1:3001/lab/demos.json"))
	assert.JSONEq(t, `{"chat": {"href": "/", "clients": 2}}`,
		get(t, c, "http://lab.example/lab/demos.json"),
		"the other ports are unknown behind a proxy")

	c.Join = []string{"http://10.0.0.2:3001", "http://10.0.0.3:3001"}
	assert.Contains(t, get(t, c, "http://127.0.0.1:3001/lab/"), `<a href="http://10.0.0.2:3001">`)
	page = get(t, c, "http://10.0.0.3:3001/lab/")
	assert.Contains(t, page, `<a href="http://10.0.0.3:3001">`, "the address that the reader used")
	assert.Contains(t, page, "<svg")

	c.Demo, c.Lesson = lesson.Demo{}, lesson.Lesson{}
	c.Port = 3000
	assert.Contains(t, get(t, c, "http://127.0.0.1:3000/?lang=zh"), "从这里开始",
		"a server without a demo has it at its root")
}

func TestTheBarLeadsThroughTheCourse(t *testing.T) {
	page := get(t, course(), "http://127.0.0.1:3001/")
	assert.Contains(t, page, `rel="prev" href="/lab/lesson/talk#early"`,
		"the text of a demo that does not run")
	assert.Contains(t, page, `rel="next" href="/lab/lesson/talk#quiet"`)
	assert.Contains(t, page, `<a class="to-demo" href="/" aria-current="page">Chat</a>`)
	assert.Contains(t, page, `<a class="to-demo" href="http://127.0.0.1:3002/?lang=en">Loud</a>`)
	assert.Contains(t, page, `<a id="lesson" class="button" href="/lab/lesson/talk#chat">`)
	assert.Contains(t, page, `<a class="button" href="/lab/exercises#talk">Exercises</a>`)

	c := course()
	c.Directory.Remove("loud", 3002)
	page = get(t, c, "http://127.0.0.1:3001/lab/lesson/more?lang=en")
	assert.Contains(t, page, `<a class="button" href="#demos">The demos</a>`,
		"none of its demos runs")
	assert.NotContains(t, page, "Open the demo")
	assert.NotContains(t, get(t, c, "http://127.0.0.1:3001/lab/lesson/end?lang=en"),
		"Open the demo", "of another lesson")

	page = get(t, course(), "http://127.0.0.1:3001/lab/lesson/more?lang=en")
	assert.Contains(t, page, `aria-label="Next lesson: End"`)
	assert.Contains(t, page, `rel="prev" href="/lab/lesson/talk?lang=en"`)
	assert.Contains(t, page, `rel="next" href="/lab/lesson/end?lang=en"`)
	assert.Contains(t, page, `<a class="button" href="/lab/exercises?lang=en#talk">Exercises</a>`,
		"of the lessons that share a folder")
	assert.Contains(t, get(t, course(), "http://127.0.0.1:3001/lab/lesson/end"),
		`<a class="button" href="/lab/exercises">Exercises</a>`, "a lesson without any")
}

func TestALessonHasAnAnchorForEachOfItsDemos(t *testing.T) {
	page := get(t, course(), "http://127.0.0.1:3001/lab/lesson/talk")
	assert.Contains(t, page, `<h2 id="second"><span id="chat"></span><a`,
		"the first section about it, not the introduction")
	assert.Contains(t, page, `<li id="quiet">`,
		"a demo without a section has its place in the list")
	page = get(t, course(), "http://127.0.0.1:3001/lab/lesson/talk?lang=zh")
	assert.Contains(t, page, `<h2 id="first"><span id="chat"></span><a`)
	html, found := addAnchor(`<h2 id="rooms">Rooms</h2><p><code>rooms</code></p>`, "rooms")
	assert.True(t, found)
	assert.NotContains(t, html, "span", "the heading has the ID already")
}
