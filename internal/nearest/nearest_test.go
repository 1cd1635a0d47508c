package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTo(t *testing.T) {
	known := []string{"run", "serve", "compare", "short-polling", "ws-chat", "sse"}
	for name, want := range map[string]string{
		"rnu": "run", "runn": "run", "srve": "serve", "comapre": "compare",
		"polling": "short-polling",
		"SSE":     "", "chat": "ws-chat", "nonsense": "", "": "", "x": "",
	} {
		assert.Equal(t, want, To(name, known), name)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"ab", "ba", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		assert.Equal(t, c.want, distance(c.a, c.b), "%s %s", c.a, c.b)
	}
}
