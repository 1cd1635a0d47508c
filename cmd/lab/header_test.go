package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

func TestParseHeaders(t *testing.T) {
	got, err := parseHeaders([]string{"cookie: id=7", "X-Token :a:b ", "X-Token:", "X-Name: 你好"})
	require.NoError(t, err)
	assert.Equal(t, http.Header{"Cookie": {"id=7"}, "X-Token": {"a:b", ""}, "X-Name": {"你好"}}, got)
	got, err = parseHeaders(nil)
	require.NoError(t, err)
	assert.Nil(t, got)
	for _, line := range []string{"", "Cookie", ": x", "a b: x", "名: x", "A: x\r\nB: y", "A: x\nB: y",
		"A: x\n"} {
		_, err := parseHeaders([]string{"A: x", line})
		assert.ErrorContains(t, err, `: want "NAME: VALUE", such as "Cookie: id=7"`, "%q", line)
		assert.Contains(t, lang.Message(err, lang.Chinese), `：应为 "NAME: VALUE"，例如`)
	}
}
