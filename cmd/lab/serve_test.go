package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons"
)

func TestServePrintsTheHomePageAndEveryDemo(t *testing.T) {
	c, fields, lines := start(t, "serve", "--plain", "--addr", "127.0.0.1:0", "--lang", "en")
	require.Len(t, fields, 2)
	assert.Equal(t, "serve", fields[0])
	res, err := http.Get(fields[1])
	require.NoError(t, err)
	home, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 200, res.StatusCode)
	for _, l := range lessons.All() {
		for _, d := range l.Demos {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			name, at, _ := strings.Cut(strings.TrimSpace(line), "\t")
			assert.Equal(t, d.Name, name)
			res, err := http.Get(at)
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, 200, res.StatusCode, name)
			assert.Contains(t, string(home), `href="`+at+`/?lang=en"`)
		}
	}
	require.NoError(t, c.Process.Signal(os.Interrupt))
	rest, _ := io.ReadAll(lines)
	assert.Empty(t, string(rest))
	assert.NoError(t, c.Wait())
}

func TestServeRefusesStrangers(t *testing.T) {
	p, fields, _ := start(t, "serve", "--plain", "--addr", "127.0.0.1:0")
	strangersAreRefused(t, fields[1])
	process{p.Process, p.Wait}.endsSoon(t)
}
