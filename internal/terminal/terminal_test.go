package terminal

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile is a name that a hostile client may send: a colour, OSC 52 (the clipboard), a carriage
// return, a backspace, DEL, the C1 form of CSI, a bidi override and isolate, a zero-width space, a
// tag character beyond 16 bits, and invalid UTF-8.
const hostile = "a\x1b[31mb\x1b]52;c;aGk=\x07\rc\bd\x7fe\u009b2Jf\u202eg\u2066h\u200bi\U000e0041j\xffk"

func TestClean(t *testing.T) {
	assert.Equal(t,
		`a\x1b[31mb\x1b]52;c;aGk=\a\rc\bd\x7fe\u009b2Jf\u202eg\u2066h\u200bi\U000e0041j\xffk`,
		Clean(hostile))
	assert.Equal(t, "plain 你好 ✓ \uFFFD", Clean("plain 你好 ✓ \uFFFD"))
	assert.Equal(t, `a    b\nc`, Clean("a\tb\nc"))
	assert.Equal(t, "a    b\nc\\r", CleanLines("a\tb\nc\r"))
	assert.Equal(t, "a\nb", CleanLines("a\nb"))
}

func TestJSONKeepsTheValueAndHidesNothing(t *testing.T) {
	line, err := json.Marshal(map[string]string{"text": "\u007f\u009b2J\u202e\U000e0041你好 ✓"})
	require.NoError(t, err)
	safe := JSON(line)
	assert.Equal(t, `{"text":"\u007f\u009b2J\u202e\udb40\udc41你好 ✓"}`, string(safe))
	var back map[string]string
	require.NoError(t, json.Unmarshal(safe, &back))
	assert.Equal(t, "\u007f\u009b2J\u202e\U000e0041你好 ✓", back["text"])
}

func TestWriterKeepsFieldsAndLines(t *testing.T) {
	var out strings.Builder
	n, err := NewWriter(&out).Write([]byte("12:00\t#1\ta\x1b[2J\r\nnext\n"))
	require.NoError(t, err)
	assert.Equal(t, len("12:00\t#1\ta\x1b[2J\r\nnext\n"), n)
	assert.Equal(t, "12:00\t#1\ta\\x1b[2J\\r\nnext\n", out.String())
}
