package siopacket_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/siopacket"
)

func TestMarshalArgsWritesPlainValuesAsMarshalDoes(t *testing.T) {
	for _, args := range [][]any{
		{}, {nil}, {"", "a\"\\\n\u2028<&>你好\U0001F600"}, {true, false, 0, -1, int64(1) << 62},
		{"mixed", 1.5, []int{1}}, {"not UTF-8 \xff"},
	} {
		got, attachments, err := siopacket.MarshalArgs(args...)
		require.NoError(t, err)
		want, _, err := siopacket.Marshal(append([]any{}, args...))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
		assert.Empty(t, attachments)
	}
}
