package middlebox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Kinds{
		"none":                          {},
		"buffering":                     {Buffering: true},
		" Buffering , no-websocket":     {Buffering: true, NoWebSocket: true},
		"idle":                          {Idle: 30 * time.Second},
		"idle=1m30s+http10":             {Idle: 90 * time.Second, HTTP10: true},
		"slow-body=500ms,lossy-upgrade": {SlowBody: time.Second / 2, LossyUpgrade: true},
		"no-keepalive,strip-origin,buffering": {NoKeepAlive: true, StripOrigin: true,
			Buffering: true},
	} {
		k, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, k, text)
		again, err := Parse(k.String())
		require.NoError(t, err, k.String())
		assert.Equal(t, k, again, "Parse reads the result of String")
		for _, language := range lang.All {
			assert.NotEmpty(t, k.Describe().In(language), text)
		}
	}
	for text, says := range map[string]string{
		"":                    "names no kind",
		",":                   "names no kind",
		"bufering":            `did you mean "buffering"? The kinds are: none, buffering, no-websocket`,
		"websocket":           `did you mean "no-websocket"?`,
		"buffering,buffering": "buffering is given twice",
		"none,buffering":      "none is a proxy without faults, and stands alone",
		"buffering=4k":        "buffering takes no value",
		"idle=soon":           "want a duration such as idle=30s",
		"idle=-1s":            "want 100ms to 1h0m0s",
		"idle=0":              "want 100ms to 1h0m0s",
		"slow-body=1h":        "at most 10s",
		"slow-body=0s":        "more than 0",
		"idle=":               "want a duration",
		"\x00":                `no kind "\x00"`,
	} {
		_, err := Parse(text)
		assert.ErrorContains(t, err, says, text)
	}
}

func TestParseList(t *testing.T) {
	all, err := ParseList("buffering+http10, none")
	require.NoError(t, err)
	assert.Equal(t, []Kinds{{Buffering: true, HTTP10: true}, {}}, all)
	all, err = ParseList("all")
	require.NoError(t, err)
	assert.Len(t, all, 9)
	_, err = ParseList("none,al")
	assert.ErrorContains(t, err, `no kind "al"`)
}

func TestEachKindAlone(t *testing.T) {
	all := Each(5 * time.Second)
	require.Len(t, all, len(All())+1)
	assert.Zero(t, all[0])
	seen := map[string]bool{}
	for _, k := range all {
		assert.False(t, seen[k.String()], k)
		seen[k.String()] = true
	}
	assert.True(t, seen["idle=5s"])
}
