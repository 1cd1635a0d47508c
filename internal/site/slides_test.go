package site

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSlides(t *testing.T) {
	page := get(t, course(), "http://127.0.0.1:3001/lab/lesson/talk?view=slides&lang=en")
	assert.Contains(t, page, `aria-label="1 / 6"`, "the cover")
	assert.Contains(t, page, "<h2>Second</h2>")
	assert.Contains(t, page, "<h2>Chat in depth</h2>")
	assert.Contains(t, page,
		`<a class="to-demo" href="/?lang=en">Chat</a></b> <code>lab run chat</code>`)
	assert.Contains(t, page, `<b>Quiet</b> <code>lab run quiet</code>`)
	assert.Contains(t, page, `<code>fix</code> Fix it <small>★★☆</small>`)
	assert.Contains(t, page, `<a id="leave" href="/lab/lesson/talk?lang=en"`)
	assert.Contains(t, page, `href="?view=slides&amp;lang=zh"`,
		"the other language shows slides, too")
	assert.Equal(t, 6, strings.Count(page, `<section class="slide`))

	page = get(t, course(), "http://127.0.0.1:3001/lab/lesson/talk?view=slides&lang=zh")
	assert.Contains(t, page, "<h1>说话</h1>")
	assert.Contains(t, page, "动手")
	assert.Contains(t, get(t, course(), "http://127.0.0.1:3001/lab/lesson/talk?lang=zh"),
		`href="?view=slides&amp;lang=zh">幻灯片</a>`)
}
