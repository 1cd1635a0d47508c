package sio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/siopacket"
)

func TestAHandshakeIsWrittenAsTheOfficialOne(t *testing.T) {
	h := Handshake{
		Headers: http.Header{"X-Lab": {"a", "b"}, "Cookie": {"a=1", "b=2"}},
		Query:   url.Values{"EIO": {"4"}, "tag": {"x", "y"}},
		URL:     "/socket.io/?EIO=4&tag=x&tag=y", Address: "[2001:db8::1]:4711", Secure: true,
		XDomain: true,
		Time:    time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.FixedZone("", 3600)),
		RawAuth: siopacket.Value(`{"token":"t"}`),
	}
	text, err := json.Marshal(h)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"headers": {"x-lab": "a, b", "cookie": "a=1; b=2"},
		"time": "Fri Jan 02 2026 02:04:05 GMT+0000 (Coordinated Universal Time)", "issued": 1767319445678,
		"address": "2001:db8::1", "xdomain": true, "secure": true, "url": "/socket.io/?EIO=4&tag=x&tag=y",
		"query": {"EIO": "4", "tag": ["x", "y"]}, "auth": {"token": "t"}
	}`, string(text))

	var back Handshake
	require.NoError(t, json.Unmarshal(text, &back))
	assert.True(t, h.Time.Equal(back.Time))
	h.Address, back.Time = "2001:db8::1", h.Time
	h.Headers = http.Header{"X-Lab": {"a, b"}, "Cookie": {"a=1; b=2"}}
	assert.Equal(t, h, back)

	text, err = json.Marshal(Handshake{})
	require.NoError(t, err)
	assert.Contains(t, string(text), `"headers":{}`)
	assert.Contains(t, string(text), `"auth":{}`)
}
