package host_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/site"
)

var talking = lesson.Lesson{
	Name:    "talking",
	Title:   lang.Text{EN: "Talk & listen", ZH: "说话"},
	Summary: lang.Text{EN: `Who says "what"?`, ZH: "谁说什么？"},
	Body: lang.Text{
		EN: "# Talking\n\n- `ping` <script>alert(1)</script>\n- `pong`\n\n" +
			"## Why\n\n{{code \"a.go#f\"}}\n",
		ZH: "# 说话\n\n正文。\n\n## 为什么\n",
	},
	Source: fstest.MapFS{"a.go": {Data: []byte("package a\n\nfunc f() {}\n")}},
	Demos:  []lesson.Demo{demo, {Name: "pong", Title: lang.Text{EN: "Pong"}}},
}

// course serves the demo with two lessons, the second with a text that cannot be shown.
func course(t *testing.T, language lang.Lang, log *slog.Logger) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	broken := lesson.Lesson{Name: "broken", Title: lang.Text{EN: "Broken", ZH: "坏了"},
		Source: talking.Source, Body: lang.Text{EN: "{{code \"gone.go\"}}", ZH: "好"}}
	r, err := host.Start(host.Config{Lesson: talking, Demo: demo,
		Course: []lesson.Lesson{talking, broken}, Lang: language, Listener: l, Web: web, Log: log})
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, r) })
	return "http://" + l.Addr().String() + "/lab/lesson/"
}

func request(t *testing.T, url, accept string) (*http.Response, string) {
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	require.NoError(t, err)
	req.Header.Set("Accept-Language", accept)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestLessonsAreServed(t *testing.T) {
	url := course(t, "", slog.New(slog.DiscardHandler))
	res, page := request(t, url+"talking", "")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
	assert.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'self'")
	assert.Contains(t, page, "<title>Talking · Real-time lab</title>")
	assert.Contains(t, page, `content="Who says &#34;what&#34;?"`)
	assert.Contains(t, page,
		`<a href="/lab/lesson/talking" aria-current="page">Talk &amp; listen</a>`)
	assert.Contains(t, page, `<li><a href="/"><code>ping</code></a> &lt;script&gt;`,
		"this server's demo is a link, and no HTML of the text passes")
	assert.Contains(t, page, `<li><a href="#why">Why</a></li>`)
	assert.Contains(t, page, `<span class="k">func</span> f() {}`)
	assert.Contains(t, page, `<code>lab run pong</code>`)
	assert.Contains(t, page, `<a href="/lab/lesson/talking#pong">Pong</a>`,
		"the bar leads to the text about a demo that does not run")
	assert.Contains(t, page, `<li><code>pong</code></li>`)
	assert.NotContains(t, page, `rel="prev"`)
	assert.Contains(t, page, `<a rel="next" href="/lab/lesson/broken">Broken →</a>`)

	res, text := request(t, url+"nope", "")
	assert.Equal(t, 404, res.StatusCode)
	assert.Contains(t, text, "Unknown lesson")
}

func TestALessonThatCannotBeShown(t *testing.T) {
	var log bytes.Buffer
	url := course(t, "", slog.New(slog.NewTextHandler(&log, nil)))
	res, text := request(t, url+"broken", "")
	assert.Equal(t, 500, res.StatusCode)
	assert.NotContains(t, text, "gone.go")
	res, _ = request(t, url+"broken?lang=zh", "")
	assert.Equal(t, 200, res.StatusCode, "the other language can")
	assert.Contains(t, log.String(), "gone.go")
}

func TestTheReadersLanguage(t *testing.T) {
	browsers, inChinese := course(t, "", slog.New(slog.DiscardHandler)),
		course(t, lang.Chinese, slog.New(slog.DiscardHandler))
	for _, c := range []struct{ url, accept, want string }{
		{browsers + "talking", "", "en"},
		{browsers + "talking", "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"},
		{browsers + "talking", "de, en;q=0.3, zh;q=0.7", "zh-CN"},
		{browsers + "talking", "zh;q=0, en-GB;q=0.1", "en"},
		{browsers + "talking", "zh;q=nonsense", "en"},
		{browsers + "talking", "de", "en"},
		{browsers + "talking?lang=zh", "en", "zh-CN"},
		{browsers + "talking?lang=fr", "en", "en"},
		{inChinese + "talking", "en", "zh-CN"}, // the lab's --lang
		{inChinese + "talking?lang=en", "zh", "en"},
	} {
		res, page := request(t, c.url, c.accept)
		assert.Contains(t, page, `<html lang="`+c.want+`">`, "%s, %q", c.url, c.accept)
		assert.Equal(t, "Accept-Language", res.Header.Get("Vary"))
	}
	_, page := request(t, browsers+"talking?lang=zh", "")
	assert.Contains(t, page, `<h2 id="why"><a href="#why">为什么</a></h2>`,
		"a section's id is the same in both languages")
	assert.Contains(t, page, `<a rel="next" href="/lab/lesson/broken?lang=zh">`,
		"the choice is kept")
}

// TestALessonLinksTheDemosThatRun: a demo is linked from another one's server while the lab serves
// it.
func TestALessonLinksTheDemosThatRun(t *testing.T) {
	var directory site.Directory
	serve := func(name string) (r *host.Running, addr string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		d := demo
		d.Name = name
		files := fstest.MapFS{"shared/lab.js": {}, "pages/" + name + "/index.html": {}}
		r, err = host.Start(host.Config{Lesson: talking, Demo: d, Directory: &directory,
			Listener: l, Web: files, Log: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		return r, l.Addr().String()
	}
	ping, here := serve("ping")
	defer stop(t, ping)
	pong, there := serve("pong")
	_, page := request(t, "http://"+here+"/lab/lesson/talking", "zh")
	assert.Contains(t, page, `<a class="button main to-demo" href="http://`+there+`/?lang=zh">`)
	_, page = request(t, "http://"+here+"/lab/lesson/talking", "en")
	assert.Contains(t, page, `<li><a href="http://`+there+
		`/?lang=en" rel="noreferrer"><code>pong</code></a></li>`)

	req, err := http.NewRequestWithContext(t.Context(), "GET",
		"http://"+here+"/lab/lesson/talking", nil)
	require.NoError(t, err)
	req.Host = "localhost"
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	proxied, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, 200, res.StatusCode)
	assert.Contains(t, string(proxied), "lab run pong", "the other port is unknown behind a proxy")

	stop(t, pong)
	_, page = request(t, "http://"+here+"/lab/lesson/talking", "en")
	assert.Contains(t, page, "lab run pong")
}
