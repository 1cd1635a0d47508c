package lesson

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

var source = fstest.MapFS{"a.go": {
	Data: []byte("package a\n\n// f says f.\nfunc f() {}\n\ntype T int\n\nfunc (t *T) M() {}\n")}}

func TestRegionIsTheDeclarationWithItsComment(t *testing.T) {
	for ref, want := range map[string]string{
		"a.go#f":   "// f says f.\nfunc f() {}",
		"a.go#T.M": "func (t *T) M() {}",
		"a.go#T":   "type T int",
		"a.go":     string(source["a.go"].Data),
	} {
		got, err := Region(source, ref)
		require.NoError(t, err, ref)
		assert.Equal(t, want, got, ref)
	}
	for _, ref := range []string{"a.go#none", "none.go", "none.go#f"} {
		_, err := Region(source, ref)
		assert.Error(t, err, ref)
	}
}

func TestScriptRegion(t *testing.T) {
	page := fstest.MapFS{"a.js": {
		Data: []byte(
			"before();\n\n// #region send\nsend();\n\n// why\nmore();\n// " +
				"#endregion\nafter();\n\n// #region open\n")}}
	for ref, want := range map[string]string{
		"a.js#send": "send();\n\n// why\nmore();",
		"a.js":      string(page["a.js"].Data),
	} {
		got, err := ScriptRegion(page, ref)
		require.NoError(t, err, ref)
		assert.Equal(t, want, got, ref)
	}
	for _, ref := range []string{"a.js#none", "a.js#sen", "a.js#open", "none.js"} {
		_, err := ScriptRegion(page, ref)
		assert.Error(t, err, ref)
	}
}

func TestExpandIncludesCode(t *testing.T) {
	l := Lesson{
		Body: lang.Text{EN: "# t\n{{code \"a.go#f\"}}\nend\n{{code \"pages/a/a.js#g\"}}",
			ZH: "{{code \"a.go#gone\"}}"},
		Source: source,
		Scripts: fstest.MapFS{"pages/a/a.js": {
			Data: []byte("\n// #region g\ng();\n// #endregion\n")}},
	}
	text, err := l.Expand(lang.English)
	require.NoError(t, err)
	assert.Equal(t,
		"# t\n```go a.go#f\n// f says f.\nfunc f() {}\n```\nend\n```js pages/a/a.js#g\ng();\n```",
		text)
	_, err = l.Expand(lang.Chinese)
	assert.Error(t, err)
}
