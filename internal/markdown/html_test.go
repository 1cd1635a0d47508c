package markdown

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

func render(source string) string {
	return strings.TrimSpace(HTML{Code: "Code", Table: "Table"}.Render(Parse(source)))
}

func TestHTML(t *testing.T) {
	for source, want := range map[string]string{
		"# One & two\n\ntext": "<h1 id=\"one-two\"><a href=\"#one-two\">One &amp; " +
			"two</a></h1>\n<p>text</p>",
		"## `a` *b*":                `<h2 id="a-b"><a href="#a-b"><code>a</code> <em>b</em></a></h2>`,
		"## [a](/lab/x)":            `<h2 id="a"><a href="#a">a</a></h2>`, // no link in a link
		"## 为什么":                    `<h2 id="为什么"><a href="#为什么">为什么</a></h2>`,
		"**a** \\*b\\* &amp; &lt;c": `<p><strong>a</strong> *b* &amp; &lt;c</p>`,
		"`<b>&amp;`":                `<p><code>&lt;b&gt;&amp;amp;</code></p>`,
		"one\ntwo":                  `<p>one two</p>`,
		"一行\n两行":                    `<p>一行两行</p>`,
		"one  \ntwo":                "<p>one<br>\ntwo</p>",
		"- a\n- b":                  "<ul><li>a</li>\n<li>b</li>\n</ul>",
		"3. a\n4. b":                "<ol start=\"3\"><li>a</li>\n<li>b</li>\n</ol>",
		"> a":                       "<blockquote><p>a</p>\n</blockquote>",
		"---":                       "<hr>",
		"![a <b>](/x.png)":          "<p>a &lt;b&gt;</p>",

		"```\n<script>\n```":                `<pre tabindex="0" role="group" aria-label="Code"><code>&lt;script&gt;</code></pre>`,
		"```go\nfunc f() { g(\"<\") }\n```": `<pre tabindex="0" role="group" aria-label="Code"><code><span class="k">func</span> f() { g(<span class="s">&#34;&lt;&#34;</span>) }</code></pre>`,
		"```go a.go#T.M\n// m\n```":         `<figure><figcaption>a.go, T.M</figcaption><pre tabindex="0" role="group" aria-label="a.go, T.M"><code><span class="c">// m</span></code></pre></figure>`,
		"```js pages/a/a.js#b\nc\n```":      `<figure><figcaption>a.js, b</figcaption><pre tabindex="0" role="group" aria-label="a.js, b"><code>c</code></pre></figure>`,
		"```js\nlet a = 'let';\n```":        `<pre tabindex="0" role="group" aria-label="Code"><code><span class="k">let</span> a = <span class="s">&#39;let&#39;</span>;</code></pre>`,
		"<details><summary>Why `a` & *b*?</summary>\n\nBecause.\n\n- c\n\n</details>\n\nd": "<details><summary>Why <code>a</code> &amp; <em>b</em>?</summary>\n<p>Because.</p>\n<ul><li>c</li>\n</ul>\n</details>\n<p>d</p>",

		"| a | b |\n|---|--:|\n| 1 | `|` |": "<div class=\"table\" tabindex=\"0\" role=\"group\" " +
			"aria-label=\"Table\"><table><thead><tr><th scope=\"col\">a</th><th scope=\"col\" " +
			"class=\"right\">b</th></tr></thead>\n<tbody><tr><td>1</td><td " +
			"class=\"right\">`</td></tr>\n</tbody></table></div>",
	} {
		assert.Equal(t, want, render(source), source)
	}
}

func TestDiagrams(t *testing.T) {
	h := HTML{AsText: "As text"}
	got := h.Render(Parse("```diagram sequence Hi & so\nA | B\nA → B: <b>\n```"))
	assert.Contains(t, got,
		`<figure class="diagram"><div tabindex="0" role="group" aria-label="Hi &amp; so"><svg class="sequence-diagram" `)
	assert.Contains(t, got,
		`<figcaption>Hi &amp; so</figcaption><details><summary>As text</summary><pre tabindex="0" role="group" aria-label="As text">A | B`+"\nA → B: &lt;b&gt;</pre></details></figure>")
	assert.Contains(t, h.Render(Parse("```diagram sequence Hi\nA\n```")),
		"<figcaption>Hi</figcaption><pre ", "a mistake is shown as text")
}

func TestNoRawHTMLPasses(t *testing.T) {
	for source, want := range map[string]string{
		"a <b onclick=\"x()\">b</b>": `<p>a &lt;b onclick=&#34;x()&#34;&gt;b&lt;/b&gt;</p>`,
		"<script>\nalert(1)\n</script>": "<p>&lt;script&gt;\n" +
			"alert(1)\n&lt;/script&gt;</p>",
		"<!-- a -->\n\nb <!-- c -->": `<p>b </p>`,
		// never closed
		"<details><summary>a</summary>\n\nb": "<p>&lt;details&gt;&lt;summary&gt;a&lt;/summary&gt;</p>\n<p>b</p>",
		"<details><summary># a</summary>\n\n</details>": "<p>&lt;details&gt;&lt;summary&gt;# " +
			"a&lt;/summary&gt;</p>\n<p>&lt;/details&gt;</p>",
		"<details open onclick=x><summary>a</summary>\n\n</details>": "<p>&lt;details open " +
			"onclick=x&gt;&lt;summary&gt;a&lt;/summary&gt;</p>\n<p>&lt;/details&gt;</p>",
		"<details><summary>a <script></summary>\n\nb\n\n</details>": "<details><summary>a " +
			"&lt;script&gt;</summary>\n<p>b</p>\n</details>",
		"<!-- a --><i>": `<p>&lt;i&gt;</p>`,
		"<!-- <script>": `<p>&lt;!-- &lt;script&gt;</p>`,
		"<div>\n\n**a**\n\n</div>": "<p>&lt;div&gt;</p>\n" +
			"<p><strong>a</strong></p>\n<p>&lt;/div&gt;</p>",
		"- <script>\n  alert(1)\n  </script>": "<ul><li><p>&lt;script&gt;\nalert(1)\n" +
			"&lt;/script&gt;</p>\n</li>\n</ul>",
	} {
		assert.Equal(t, want, render(source), source)
	}
}

func TestLinksLeadToTheWebOrStayInTheLab(t *testing.T) {
	for source, want := range map[string]string{
		"[a](https://example.org/?b&c)": `<p><a href="https://example.org/?b&amp;c" rel="noreferrer">a</a></p>`,
		"<http://example.org>":          `<p><a href="http://example.org" rel="noreferrer">http://example.org</a></p>`,
		"[a](/lab/lesson/sse#b)":        `<p><a href="/lab/lesson/sse#b">a</a></p>`,
		"[a](#b)":                       `<p><a href="#b">a</a></p>`,
		"[a](javascript:alert)":         `<p>a</p>`,
		"[a](JaVaScript:alert)":         `<p>a</p>`,
		"[a](&#106;avascript:alert)":    `<p>a</p>`,
		"[a](java&#9;script:alert)":     `<p>a</p>`,
		"[a](data:text/html,b)":         `<p>a</p>`,
		"[a](//example.org)":            `<p>a</p>`,
		// a path of this server
		"[a](/\\example.org)":             `<p><a href="/%5Cexample.org">a</a></p>`,
		"[a](https:example.org)":          `<p>a</p>`,
		"[a](https://me:you@example.org)": `<p>a</p>`,
		"[a](other.md)":                   `<p>a</p>`,
		"<someone@example.org>":           `<p>someone@example.org</p>`,
		"<javascript:alert>":              `<p>javascript:alert</p>`,
	} {
		assert.Equal(t, want, render(source), source)
	}
}

func TestCodeSpansMayBeLinks(t *testing.T) {
	h := HTML{Link: func(code string) string {
		if code == "sse" {
			return "/"
		}
		return ""
	}}
	for source, want := range map[string]string{
		"- `sse`: a `sse`":        `<ul><li><a href="/"><code>sse</code></a>: a <code>sse</code></li>`,
		"- `sse`\n\n  `sse`\n- b": `<ul><li><p><a href="/"><code>sse</code></a></p>`,
		"- [`sse`](/b)":           `<ul><li><a href="/b"><code>sse</code></a></li>`,
		"- `ws`":                  `<ul><li><code>ws</code></li>`,
		"| `sse` |\n|---|":        `<th scope="col"><a href="/"><code>sse</code></a></th>`,
		"`sse`":                   `<p><code>sse</code></p>`,
		"> In `sse`: press":       `<p>In <a href="/"><code>sse</code></a>: press</p>`,
	} {
		got := h.Render(Parse(source))
		assert.Contains(t, got, want)
		assert.LessOrEqual(t, strings.Count(got, "<a "), 1, source)
	}
}

func TestHeadingsHaveIDs(t *testing.T) {
	d := Parse("# A\n\n## A\n\n> ## inside\n\n## ?\n\n### 第 1 节")
	assert.Equal(t, []Heading{{1, "a", "A"}, {2, "a-2", "A"}, {2, "section", "?"},
		{3, "第-1-节", "第 1 节"}}, d.Headings)
	d.Headings[1].ID = "other"
	assert.Contains(t, HTML{}.Render(d), `<h2 id="other"><a href="#other">A</a></h2>`)
}

func TestSeveralGoroutinesRender(t *testing.T) {
	d := Parse("# a\n\n- `b` *c*\n\n| d |\n|---|\n| e |\n\n```go\nfunc f() {}\n```\n")
	want := HTML{}.Render(d)
	var rendering sync.WaitGroup
	for range 4 {
		rendering.Go(func() { assert.Equal(t, want, HTML{}.Render(d)) })
	}
	rendering.Wait()
}

func FuzzHTML(f *testing.F) {
	for _, source := range []string{"# a\n\n[b](javascript:c) <script>", "| a |\n|---|\n| <b> |",
		"```go x\nfunc(\n```", "&#60;script&#62; \\<b>", "> - ```\n> <i>",
		"<details><summary>`a` <b></summary>\n\n# c\n\n</details>"} {
		f.Add(source)
	}
	known := strings.Fields(
		"svg line path text rect circle a p em strong code pre span figure figcaption h1 h2 h3 " +
			"h4 h5 h6 details summary ul ol li blockquote hr br div table thead tbody tr th td")
	f.Fuzz(func(t *testing.T, source string) {
		for _, tag := range strings.Split(render(source), "<")[1:] {
			name := strings.TrimPrefix(tag, "/")
			name = name[:strings.IndexAny(name+">", " >")]
			assert.Contains(t, known, name)
			inside, _, closed := strings.Cut(tag, ">")
			assert.True(t, closed, tag)
			_, to, _ := strings.Cut(inside, "href=\"")
			assert.False(t, strings.HasPrefix(strings.ToLower(to), "javascript:"), tag)
		}
	})
}
