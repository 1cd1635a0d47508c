package site

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// practice is course with one exercise of each way to do one.
func practice() Config {
	files := fstest.MapFS{"exercises/exercises.json": {
		Data: []byte(`[{"name": "fix", "kind": "bug-zoo", "level": 2},
		{"name": "guess", "kind": "predict", "level": 1}, {"name": "mend", "kind": "fix-page", "level": 3}]`)}}
	for _, name := range []string{"fix", "guess", "mend"} {
		files["exercises/"+name+"/exercise.md"] = &fstest.MapFile{Data: []byte("# The " + name +
			"\n\nDo `it`.\n\n> Look at `chat` and `none`.\n\n## Hint\n" +
			"Look.\n\n## Hint\nLook again.\n")}
		files["exercises/"+name+"/exercise.zh.md"] = &fstest.MapFile{Data: []byte("# 题目 " + name +
			"\n\n做。\n\n## 提示\n看。\n\n## 提示\n再看。\n")}
	}
	for file, text := range map[string]string{
		"guess/slots.json": `[{"name": "ping", "form": "hex", "protocol": "bytes", "en": "is not a ping.", "zh": "不是 ping。",
			"mistakes": [{"answer": "8a 00", "en": "this is a pong.", "zh": "这是 pong。"}]}, {"name": "ack", "form": "text", "protocol": "chars", "en": "is no ack.", "zh": "不是回执。"}]`,
		"guess/answer.txt":          "[ping]\n\n[ack]\n",
		"guess/solution/answer.txt": "[ping]\n89 00\n\n[ack]\n[\"a\", 1]\n",
		"mend/page.js":              "const a = \"<b>\";\n",
		"mend/check.js": "page({});\n\ncheck(\"it opens\", \"能打开\", async (world) " +
			"=> {\n  await world.open();\n});\n",
		"fix/fix.go": "package fix\n",
	} {
		files["exercises/"+file] = &fstest.MapFile{Data: []byte(text)}
	}
	c := course()
	c.Lesson.Exercises = files
	c.Course = append([]lesson.Lesson{c.Lesson}, c.Course[1:]...)
	return c
}

// visit returns a page for a reader with that progress.
func visit(t *testing.T, c Config, path, progress string) string {
	mux := http.NewServeMux()
	require.NoError(t, c.Routes(mux))
	r := httptest.NewRequest("GET", "http://127.0.0.1:3001"+path, nil)
	r.AddCookie(&http.Cookie{Name: progressCookie, Value: progress})
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code, path)
	return w.Body.String()
}

func TestExercisesAreListedWithTheReadersProgress(t *testing.T) {
	page := visit(t, practice(), "/lab/exercises?lang=en", "fix.~mend.unknown.<b>")
	assert.Contains(t, page, "1 of 3 solved, 0 of 2 in the browser")
	assert.Contains(t, page,
		`<a class="button main" href="/lab/exercise/mend?lang=en">Go on with: The mend</a>`)
	assert.Contains(t, page,
		`<a href="/lab/exercise/fix?lang=en">The fix</a> <small>bug zoo · homework</small> <span class="good">✓ solved</span>`)
	assert.Contains(t, page, `<h2 id="talk"><a href="/lab/lesson/talk?lang=en">Talk</a></h2>`)
	assert.NotContains(t, page, `id="more"`, "a lesson without exercises of its own")
	assert.NotContains(t, page, "unknown")

	page = visit(t, practice(), "/lab/exercises?lang=zh", "")
	assert.Contains(t, page, "完成 0 / 3")
	assert.Contains(t, page, `>从这里开始：题目 guess</a>`, "the first that needs only a browser")
	assert.Contains(t, page, `>在电脑上做：题目 fix</a>`)
	assert.Contains(t, visit(t, practice(), "/lab/exercises", "fix"), ">Next: The guess</a>")
	assert.NotContains(t, visit(t, practice(), "/lab/exercises", "fix.guess.mend"),
		`class="button main"`, "nothing is left")

	assert.Contains(t, visit(t, practice(), "/lab/", "~guess"),
		">Go on with the exercise: The guess</a>")
	assert.NotContains(t, visit(t, practice(), "/lab/", ""), "Go on with",
		"a new reader begins with a demo")
	assert.Contains(t, visit(t, practice(), "/lab/lesson/talk", "guess"), "✓ solved")
}

func TestAnExerciseHasItsPage(t *testing.T) {
	page := visit(t, practice(), "/lab/exercise/guess?lang=en", "")
	assert.Contains(t, page, "<code>it</code>")
	assert.Contains(t, page, `<div class="slot" data-slot="ping">`)
	assert.Contains(t, page, "in hex")
	assert.Contains(t, page, "<summary>Hint 2</summary>")
	assert.Contains(t, page,
		`<script type="application/json" id="info">{"exercise":"guess","kind":"predict"}</script>`)
	assert.Regexp(t, `<nav id="onward"[^>]* hidden>`, page)
	assert.Contains(t, page,
		`<a class="button main" href="/lab/exercise/mend?lang=en">Next exercise: The mend</a>`)
	assert.Contains(t, page,
		`<a class="button" href="/lab/lesson/more?lang=en">Next lesson: More</a>`)
	assert.Contains(t, page, `<a id="lesson" class="button" href="/lab/lesson/talk?lang=en">`)
	assert.Contains(t, page, `<span id="solved" class="good" hidden>`)
	page = visit(t, practice(), "/lab/exercise/guess?lang=en", "guess")
	assert.NotRegexp(t, `<nav id="onward"[^>]* hidden>`, page, "it is solved")
	assert.Contains(t, page, `<span id="solved" class="good">✓ solved</span>`)
	assert.NotContains(t, page, "89 00")

	page = visit(t, practice(), "/lab/exercise/fix?lang=en", "")
	assert.Contains(t, page, `aria-label="Next exercise: The guess"`)
	assert.NotContains(t, page, "On a laptop: ", "the first unsolved one needs only a browser")

	assert.Contains(t, page, `Look at <a href="/?lang=en"><code>chat</code></a> and <code>none`)

	// what the list of exercises offers is offered here, too
	page = visit(t, practice(), "/lab/exercise/mend?lang=en", "")
	assert.Contains(t, page, "On a laptop: The fix")
	assert.Contains(t, page, "Next exercise: The guess")

	page = visit(t, practice(), "/lab/exercise/mend?lang=zh", "fix.guess")
	assert.Contains(t, page, "const a = &#34;&lt;b&gt;&#34;;")
	assert.Contains(t, page, "<li>能打开 ")
	assert.NotContains(t, page, "下一道", "all others are solved")
	assert.NotContains(t, page, "在电脑上做：")
	page = visit(t, practice(), "/lab/exercise/fix", "")
	assert.Contains(t, page, `<code id="command">lab exercise check fix</code>`)

	mux := http.NewServeMux()
	require.NoError(t, practice().Routes(mux))
	for path, status := range map[string]int{
		"/lab/exercise/none": 404, "/lab/exercise/none/check.json": 404,
		"/lab/exercise/fix/check.json": 404, "/lab/exercise/mend/check.json": 200,
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		assert.Equal(t, status, w.Code, path)
	}
}

func TestAnExerciseIsListedWithTheLessonThatTeachesIt(t *testing.T) {
	c := practice()
	files := maps.Clone(c.Course[0].Exercises.(fstest.MapFS))
	files["exercises/exercises.json"] = &fstest.MapFile{
		Data: []byte(`[{"name": "guess", "kind": "predict", "level": 1},
		{"name": "fix", "kind": "bug-zoo", "level": 2, "topic": "more"}, {"name": "mend", "kind": "fix-page", "level": 3, "topic": "more"}]`)}
	files["exercises/guess/capture.pcapng"] = &fstest.MapFile{Data: []byte{1}}
	c.Course[0].Exercises = files
	const fix = `<a href="/lab/exercise/fix?lang=en">The fix</a>`
	page := visit(t, c, "/lab/lesson/more?lang=en", "")
	assert.Contains(t, page, fix)
	assert.Contains(t, page, `<a class="button" href="/lab/exercises?lang=en#more">Exercises</a>`)
	assert.NotContains(t, visit(t, c, "/lab/lesson/talk?lang=en", ""), fix)
	assert.Contains(t, visit(t, c, "/lab/exercises?lang=en", ""), `<h2 id="more">`)
	assert.Contains(t, visit(t, c, "/lab/exercise/fix?lang=en", ""),
		`<a id="lesson" class="button" href="/lab/lesson/more?lang=en">`)

	page = visit(t, c, "/lab/exercises?lang=en", "")
	assert.Contains(t, page, `<small>predict the wire · needs Wireshark`, "no phone has it")
	assert.Contains(t, page, "Begin with: The mend")
	assert.Contains(t, visit(t, c, "/lab/exercise/guess?lang=en", ""), "On a laptop: The fix")
}

func TestTheFrameOfAPageToFix(t *testing.T) {
	c := practice()
	mux := http.NewServeMux()
	require.NoError(t, c.Routes(mux))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", framePath, nil))
	policy := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{"sandbox allow-scripts;", "default-src 'none'",
		"worker-src blob:", "frame-ancestors 'self'"} {
		assert.Contains(t, policy, part)
	}
	assert.NotContains(t, policy, "connect-src")
	assert.NotContains(t, policy, "same-origin")
	assert.Equal(t, 1, strings.Count(w.Body.String(), "</script>"))

	var task map[string]string
	require.NoError(t, json.Unmarshal([]byte(get(t, c, "/lab/exercise/mend/check.json")), &task))
	assert.Contains(t, task["check"], "it opens")
	assert.Contains(t, task["harness"], "class World")
	assert.Contains(t, task["library"], "root.io")
}

// send posts to the check of an exercise.
func send(t *testing.T, path, contentType, body string) (status int, answer map[string]any) {
	c := practice()
	c.Lang = lang.English
	mux := http.NewServeMux()
	require.NoError(t, c.Routes(mux))
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if w.Header().Get("Content-Type") == "application/json" {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body.String())
	}
	return w.Code, answer
}

func TestAPredictionIsChecked(t *testing.T) {
	const path, kind = "/lab/exercise/guess/check", "application/json"
	_, answer := send(t, path, kind, `{"answers": {"ping": "0x89 00", "ack": "[\"a\",1]"}}`)
	assert.Equal(t, map[string]any{"passed": true, "passing": 2.0, "counts": false}, answer)

	_, answer = send(t, path, kind,
		`{"answers": {"ping": "8a 00", "ack": ""}, "tries": {"ping": 1, "ack": 7}}`)
	assert.Equal(t, "ping", answer["slot"])
	assert.Equal(t, "[ping] this is a pong.", answer["message"])
	assert.Equal(t, map[string]any{"en": "[ping] this is a pong.", "zh": "[ping] 这是 pong。"},
		answer["text"])
	assert.Equal(t, true, answer["counts"])
	assert.NotContains(t, answer, "answer")
	assert.NotContains(t, mustJSON(t, answer), "89")
	_, answer = send(t, path+"?lang=zh", kind,
		`{"answers": {"ping": "8a 00"}, "tries": {"ping": 2}}`)
	assert.Equal(t, "[ping] 这是 pong。", answer["message"])
	assert.Equal(t, "89 00", answer["answer"])
	assert.Contains(t, mustJSON(t, answer["fields"]), "89")
	_, answer = send(t, path, kind, `{"answers": {"ping": "89 00"}}`)
	assert.Equal(t, 1.0, answer["passing"])
	assert.Equal(t, "ack", answer["slot"], "it is missing")

	for _, bad := range []struct {
		path, kind, body string
		status           int
	}{
		{path, "text/plain", `{}`, 415}, // another origin may send this one
		{path, "", `{}`, 415},
		{path, "application/x-www-form-urlencoded", `{}`, 415},
		{path, kind, `{`, 400},
		{path, kind, ``, 400},
		{path, kind, `{"answers": "89"}`, 400},
		{path, kind, `{"answers": {"ping": 9}}`, 400},
		{path, kind, `{"answers": {"ping": "` + strings.Repeat("8", maxPrediction) + `"}}`, 413},
		{"/lab/exercise/fix/check", kind, `{}`, 404},
	} {
		status, answer := send(t, bad.path, bad.kind, bad.body)
		assert.Equal(t, bad.status, status, "%.40s", bad.body)
		assert.NotEmpty(t, answer["error"], "%.40s", bad.body)
	}
	status, _ := send(t, "/lab/exercise/none/check", kind, `{}`)
	assert.Equal(t, 404, status)
}

func mustJSON(t *testing.T, value any) string {
	data, err := json.Marshal(value)
	require.NoError(t, err)
	return string(data)
}

func TestAQuestionIsAsked(t *testing.T) {
	c := practice()
	files := c.Course[0].Exercises.(fstest.MapFS)
	files["exercises/guess/slots.json"].Data = []byte(
		`[{"name": "who", "form": "choice", "options": [{"en": "<client>", "zh": "客户端"}, {"en": "server", "zh": "服务器"}],
		"en": "is wrong.", "zh": "不对。"}, {"name": "code", "form": "number", "en": "is wrong.", "zh": "不对。"}]`)
	files["exercises/guess/capture.pcapng"] = &fstest.MapFile{Data: []byte("packets")}
	page := visit(t, c, "/lab/exercise/guess?lang=en", "")
	assert.Contains(t, page, `<input type="radio" name="slot-0" value="b"> <span>b) server</span>`)
	assert.Contains(t, page, "a) &lt;client&gt;")
	assert.Contains(t, page, `inputmode="numeric"`)
	assert.Contains(t, page, `href="/lab/exercise/guess/capture.pcapng" download`)
	assert.Contains(t, visit(t, c, "/lab/exercise/guess?lang=zh", ""), "b) 服务器")
	assert.Equal(t, "packets", visit(t, c, "/lab/exercise/guess/capture.pcapng", ""))
	assert.NotContains(t, visit(t, practice(), "/lab/exercise/guess?lang=en", ""), "capture.pcapng")
}
