package qr

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSVGHasTheModulesOfTheTerminal(t *testing.T) {
	const url = "http://192.168.1.20:3000"
	drawn, err := Terminal(url)
	require.NoError(t, err)
	light := strings.Count(drawn, "█")*2 + strings.Count(drawn, "▄") + strings.Count(drawn, "▀")
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	width := len([]rune(lines[0]))
	svg, err := SVG(url)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal([]byte(svg), new(struct{})))
	assert.Contains(t, svg, `viewBox="0 0 29 29"`)
	assert.Equal(t, 29, width)
	// The terminal draws two rows in a line: the last line of an odd height has a light row too
	// many.
	assert.Equal(t, width*(len(lines)*2)-light, strings.Count(svg, "h1v1h-1z"))
}

func TestATextThatIsTooLong(t *testing.T) {
	long := strings.Repeat("x", 5000)
	_, err := Terminal(long)
	assert.Error(t, err)
	_, err = SVG(long)
	assert.Error(t, err)
}
