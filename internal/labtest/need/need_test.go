package need

import (
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// verdict is a test that records how it ended. Unlike in a real test, its Skip and Fatal return.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Helper() {}

func (v *verdict) Skip(args ...any) { v.note("skip", args...) }

func (v *verdict) Skipf(format string, args ...any) { v.note("skip", fmt.Sprintf(format, args...)) }

func (v *verdict) Fatal(args ...any) { v.note("fail", args...) }

func (v *verdict) note(how string, args ...any) {
	if v.said == "" {
		v.said = how + ": " + fmt.Sprint(args...)
	}
}

func short(t *testing.T, value string) {
	before := flag.Lookup("test.short").Value.String()
	assert.NoError(t, flag.Set("test.short", value))
	t.Cleanup(func() { assert.NoError(t, flag.Set("test.short", before)) })
}

func TestTool(t *testing.T) {
	short(t, "false")
	v := &verdict{TB: t}
	assert.NotEmpty(t, Tool(v, "no-such-tool", "go"))
	assert.Empty(t, v.said)

	t.Setenv("CI", "")
	Tool(v, "no-such-tool", "nor-this")
	assert.Equal(t, "skip: no-such-tool or nor-this is not installed", v.said)

	t.Setenv("CI", "true")
	v = &verdict{TB: t}
	Tool(v, "no-such-tool")
	assert.Equal(t, "fail: no-such-tool is not installed; CI must have it: see .ci/setup", v.said)

	short(t, "true")
	v = &verdict{TB: t}
	Tool(v, "go")
	assert.Equal(t, "skip: needs go: not under -short", v.said)
}

func TestTime(t *testing.T) {
	short(t, "false")
	v := &verdict{TB: t}
	Time(v)
	assert.Empty(t, v.said)
	short(t, "true")
	Time(v)
	assert.Equal(t, "skip: needs time: not under -short", v.said)
}
