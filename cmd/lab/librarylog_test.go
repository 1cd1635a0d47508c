package main

import (
	"errors"
	"log"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	gvisor "gvisor.dev/gvisor/pkg/log"

	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/lang"
)

// TestLibrariesDoNotWriteOnAScreen: what they log while a program has the whole terminal comes
// after it, without what a terminal would obey.
func TestLibrariesDoNotWriteOnAScreen(t *testing.T) {
	var out locked.Buffer
	before := log.Writer()
	log.SetOutput(&out)
	t.Cleanup(func() { log.SetOutput(before) })
	logLibraries()
	log.Print("before")
	ended := errors.New("the screen has ended")
	err := wholeTerminal(lang.English, func() error {
		assert.Contains(t, out.String(), "before\n")
		log.Print("of net/http \x1b[2J")
		redisLog{}.Printf(t.Context(), "of %s", "Redis")
		gvisor.Warningf("of gVisor")
		assert.Equal(t, 1, strings.Count(out.String(), "\n"), out.String())
		return ended
	})
	assert.ErrorIs(t, err, ended)
	for _, want := range []string{`of net/http \x1b[2J`, "redis: of Redis\n", "of gVisor\n"} {
		assert.Contains(t, out.String(), want)
	}
	log.Print("afterwards")
	assert.Contains(t, out.String(), "afterwards\n")
}

func TestAHeldLogIsBounded(t *testing.T) {
	for language, want := range map[lang.Lang]string{
		lang.English: "lab: 2 more lines of the log dropped\n",
		lang.Chinese: "lab: 丢弃了 2 行日志\n",
	} {
		held := newHeldLog()
		full := strings.Repeat("x", maxHeld-1) + "\n"
		for _, line := range []string{full, "y\n", "z\n"} {
			n, err := held.Write([]byte(line))
			assert.NoError(t, err)
			assert.Equal(t, len(line), n)
		}
		assert.Equal(t, full+want, string(held.take(language)))
		assert.Empty(t, held.take(language))
	}
}
