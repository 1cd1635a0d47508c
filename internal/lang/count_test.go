package lang

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCountedInBothLanguages(t *testing.T) {
	for n, want := range []string{"0 bytes, 0 字节", "1 byte, 1 字节", "2 bytes, 2 字节"} {
		assert.Equal(t, want, fmt.Sprintf("%s, %[1]d 字节", Counted(n, "byte")))
	}
	assert.Equal(t, "1 more row", fmt.Sprint(Counted(uint64(1), "more row")))
}
