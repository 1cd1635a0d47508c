package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons"
)

func TestLessonIsPrinted(t *testing.T) {
	list, err := exec.Command(binary, "lesson", "--lang", "en").Output()
	require.NoError(t, err)
	for _, l := range lessons.All() {
		assert.Contains(t, string(list), l.Name+" ")
		for _, lang := range []string{"en", "zh"} {
			out, err := exec.Command(binary, "lesson", l.Name, "--lang", lang).Output()
			require.NoError(t, err)
			text := string(out)
			assert.True(t, strings.HasPrefix(text, "# "), text[:20])
			assert.NotContains(t, text, "{{")
			assert.NotContains(t, text, "\x1b", "no colours in a pipe")
			assert.Equal(t, lang == "zh", strings.Contains(text, "。"))
			for line := range strings.Lines(text) {
				if !strings.HasPrefix(line, "  ") { // code is never broken
					assert.LessOrEqual(t, ansi.StringWidth(strings.TrimSuffix(line, "\n")),
						textWidth, line)
				}
			}
		}
	}
}

func TestLessonOfADemo(t *testing.T) {
	c := exec.Command(binary, "lesson", "sse")
	c.Env = append(os.Environ(), "LC_ALL=zh_CN.UTF-8")
	out, err := c.Output()
	require.NoError(t, err)
	longconn, err := exec.Command(binary, "lesson", "longconn", "--lang", "zh").Output()
	require.NoError(t, err)
	assert.Equal(t, string(longconn), string(out))

	out, err = exec.Command(binary, "lesson", "websockets").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), `did you mean "websocket"?`)
	out, err = exec.Command(binary, "lesson", "sse", "--lang", "fr").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), `unknown language "fr"`)
}
