package event

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestALogLimitSaysHowManyLinesWereDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		var limit LogLimit
		for range 1000 {
			limit.Log(log, slog.LevelWarn, "refused")
		}
		assert.Equal(t, logLines, strings.Count(out.String(), "\n"))
		assert.NotContains(t, out.String(), "dropped")

		time.Sleep(logWindow)
		out.Reset()
		limit.Log(log, slog.LevelWarn, "refused")
		assert.Contains(t, out.String(), "dropped=990")
		for range 20 {
			limit.Log(log, slog.LevelWarn, "refused")
		}
		out.Reset()
		limit.Close(log, "refused", "socket", "x")
		assert.Contains(t, out.String(), "msg=refused socket=x dropped=11")
		out.Reset()
		limit.Close(log, "refused")
		assert.Empty(t, out.String())
	})
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain":               "plain",
		`with "quotes"`:       `with "quotes"`,
		"你好 €":                "你好 €",
		"\x1b[2J\r\nforged=1": `\x1b[2J\r\nforged=1`,
		"\u202eright to left": `\u202eright to left`,
		"\xff":                `\xff`,
	} {
		assert.Equal(t, want, Printable(text))
	}
	assert.Equal(t, strings.Repeat("x", 200)+"… (bytes left out: 9800)",
		Printable(strings.Repeat("x", 10_000)))
	assert.LessOrEqual(t, len(Printable(strings.Repeat("€", 10_000))), 230)
}
