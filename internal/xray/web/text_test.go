package web

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"realtimelab/internal/xray"
)

func TestTextOfARow(t *testing.T) {
	for _, tc := range []struct {
		layer        xray.Layer
		data         string
		packet, text string
	}{
		{xray.EIO, `42["hi"]`, `42["hi"]`, ""},
		{xray.Body, "[]\n", "", "[]\n"},
		{xray.Line, `{"id":1}` + "\n", "", `{"id":1}` + "\n"},
		{xray.SSE, ": heartbeat\n\n", "", ": heartbeat\n\n"},
		{xray.Body, "\xff", "", ""},
		{xray.Body, strings.Repeat("好", 41), "", strings.Repeat("好", 40)},
		{xray.HTTP, "GET / HTTP/1.1\r\nHost: lab\r\nlast-event-id: 7\r\n" +
			"If-None-Match: \"v\"\r\n\r\n", "", `last-event-id: 7 If-None-Match: "v"`},
		{xray.HTTP, "HTTP/1.1 200 OK\r\nETag: \"v\"\r\n\r\n", "", ""},
		{xray.TCP, "GET", "", ""},
	} {
		row := &xray.Row{Layer: tc.layer, Data: []byte(tc.data)}
		assert.Equal(t, tc.packet, packet(row), "%s", tc.data)
		assert.Equal(t, tc.text, text(row), "%s", tc.data)
	}
}
