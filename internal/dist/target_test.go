package dist

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGuess(t *testing.T) {
	for _, c := range []struct{ agent, file string }{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/131.0.0.0 Safari/537.36", "lab-windows-amd64.exe"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
			"lab-windows-amd64.exe"},
		{"Mozilla/5.0 (Windows NT 10.0; ARM64; rv:133.0) Gecko/20100101 Firefox/133.0",
			"lab-windows-arm64.exe"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like " +
			"Gecko) Version/18.1 Safari/605.1.15", "lab-darwin-arm64"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
			"lab-linux-amd64"},
		{"Mozilla/5.0 (X11; Ubuntu; Linux aarch64; rv:133.0) Gecko/20100101 Firefox/133.0",
			"lab-linux-arm64"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/131.0.0.0 Mobile Safari/537.36", ""},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, " +
			"like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", ""},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/131.0.0.0 Safari/537.36", ""},
		{"curl/8.5.0", ""},
		{"", ""},
	} {
		target, ok := Guess(c.agent)
		assert.Equal(t, c.file != "", ok, c.agent)
		if ok {
			assert.Equal(t, c.file, target.File(), c.agent)
			assert.Contains(t, Targets, target)
		}
	}
}

func TestTargets(t *testing.T) {
	for _, target := range Targets {
		back, ok := ofFile(target.File())
		assert.True(t, ok)
		assert.Equal(t, target, back)
		assert.NotContains(t, target.Title(), "()", "every target has a title")
	}
	_, ok := ofFile("lab-plan9-amd64")
	assert.False(t, ok)
}
