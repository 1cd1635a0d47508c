package frame_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/websocket/frame"
)

func TestClosePayload(t *testing.T) {
	for _, tc := range []struct {
		wire   string
		code   frame.CloseCode
		reason string
	}{
		{"", frame.NoStatus, ""},
		{"03e8", frame.NormalClosure, ""},
		{"03e9 627965", frame.GoingAway, "bye"},
		{"03f5 e4bda0", frame.TryAgainLater, "你"},
		{"0fa0", 4000, ""},
	} {
		code, reason, err := frame.ParseClose(wire(t, tc.wire))
		require.NoError(t, err)
		assert.Equal(t, tc.code, code)
		assert.Equal(t, tc.reason, reason)
		assert.Equal(t, string(wire(t, tc.wire)), string(frame.AppendClose(nil, code, reason)))
	}
}

func TestCloseReasonIsTruncated(t *testing.T) {
	payload := frame.AppendClose(nil, frame.NormalClosure, "ab"+strings.Repeat("你", 60))
	assert.Equal(t, 2+2+40*3, len(payload), "121 bytes and one character would be 124")
	assert.True(t, utf8.Valid(payload[2:]))
}

func TestSendable(t *testing.T) {
	for code := range frame.CloseCode(6000) {
		want := code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006 ||
			code >= 3000 && code <= 4999
		assert.Equal(t, want, code.Sendable(), "%d", code)
	}
}

func TestCloseCodeString(t *testing.T) {
	assert.Equal(t, "1009 message too big", frame.MessageTooBig.String())
	assert.Equal(t, "4123", frame.CloseCode(4123).String())
}
