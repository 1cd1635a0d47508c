package figure

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/lang"
)

func TestFormatKeepsThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.01234: "0.01", 0.5: "0.50", 1.234: "1.23",
		12.34: "12.3", 123.4: "123", 12345.6: "12346"} {
		assert.Equal(t, want, LatencyP50.Format(v))
	}
	assert.Equal(t, "334", BytesPerMessage.Format(334.2), "no more decimals than the figure has")
}

func TestTitleHasTheUnit(t *testing.T) {
	assert.Equal(t, "latency p50, ms", LatencyP50.Title(lang.English))
	assert.Equal(t, "延迟 p50，毫秒", LatencyP50.Title(lang.Chinese))
	assert.Equal(t, "bytes per message", BytesPerMessage.Title(lang.English))
}
