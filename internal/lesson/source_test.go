package lesson

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var source = fstest.MapFS{"a.go": {Data: []byte("package a\n\n// f says f.\nfunc f() {}\n\ntype T int\n\nfunc (t *T) M() {}\n")}}

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

func TestExpandIncludesCode(t *testing.T) {
	l := Lesson{Body: Text{EN: "# t\n{{code \"a.go#f\"}}\nend", ZH: "{{code \"a.go#gone\"}}"}, Source: source}
	text, err := l.Expand(English)
	require.NoError(t, err)
	assert.Equal(t, "# t\n```go\n// f says f.\nfunc f() {}\n```\nend", text)
	_, err = l.Expand(Chinese)
	assert.Error(t, err)
}
