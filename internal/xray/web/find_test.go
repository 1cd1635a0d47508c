package web

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/xray"
)

func TestQuery(t *testing.T) {
	masked := []byte{0x81, 0x82, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2}
	frame := &xray.Row{Layer: xray.WS, Data: masked, Views: []xray.View{{Data: []byte("Hi")}}}
	for _, typed := range []string{"hi", " HI ", "81 82", "0x81", "68 69", "82 01 02"} {
		want := typed != "68 69" // the unmasked text has a capital letter
		assert.Equal(t, want, parseQuery(typed).matches(frame), typed)
	}
	for _, typed := range []string{"", " ", "81", "8182", "0x8182", "ho", "0x"} {
		assert.False(t, parseQuery(typed).matches(frame), typed)
	}
	chinese := &xray.Row{Layer: xray.SIO, Data: []byte(`2["你好"]`)}
	assert.True(t, parseQuery("你好").matches(chinese))
	assert.True(t, parseQuery("e4 bd a0").matches(chinese))
	assert.False(t, parseQuery("你好").matches(&xray.Row{Layer: xray.TCP, Data: chinese.Data}), "the rows above it match")
}
