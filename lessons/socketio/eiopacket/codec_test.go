package eiopacket_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/eiopacket"
)

// TestCodec holds what each kind of client gets and sends: literal bytes.
func TestCodec(t *testing.T) {
	packets := []eiopacket.Packet{
		{Type: eiopacket.Message, Data: []byte("€")},
		{Type: eiopacket.Message, Data: []byte{1, 2, 3}, Binary: true},
	}
	for query, want := range map[string]struct {
		codec         eiopacket.Codec
		revision      int
		payload, kind string
		frames        []string // of each packet
		binary        []bool
	}{
		"EIO=4": {eiopacket.Codec{}, 4, "4€\x1ebAQID", "text/plain; charset=UTF-8",
			[]string{"4€", "\x01\x02\x03"}, []bool{false, true}},
		"EIO=4&b64=1": {eiopacket.Codec{Base64: true}, 4, "4€\x1ebAQID",
			"text/plain; charset=UTF-8",
			[]string{"4€", "bAQID"}, []bool{false, false}},
		"EIO=3": {eiopacket.Codec{V3: true}, 3, "\x00\x04\xff4€\x01\x04\xff\x04\x01\x02\x03",
			"application/octet-stream",
			[]string{"4€", "\x04\x01\x02\x03"}, []bool{false, true}},
		"b64=1": {eiopacket.Codec{V3: true, Base64: true}, 3, "2:4€6:b4AQID",
			"text/plain; charset=UTF-8",
			[]string{"4€", "b4AQID"}, []bool{false, false}},
		"EIO=4&j=7": {eiopacket.Codec{JSONP: "___eio[7]"}, 4, "___eio[7](\"4€\\u001ebAQID\");",
			"text/plain; charset=UTF-8",
			[]string{"4€", "\x01\x02\x03"}, []bool{false, true}},
		"EIO=4&j=7;alert(1)": {eiopacket.Codec{}, 4, "4€\x1ebAQID", "text/plain; charset=UTF-8",
			[]string{"4€", "\x01\x02\x03"}, []bool{false, true}},
		"EIO=3&EIO=4": {eiopacket.Codec{}, 4, "4€\x1ebAQID", "text/plain; charset=UTF-8",
			[]string{"4€", "\x01\x02\x03"}, []bool{false, true}},
	} {
		values, _ := url.ParseQuery(query) // which drops a part with a semicolon
		codec := eiopacket.CodecOf(values)
		assert.Equal(t, want.codec, codec, query)
		assert.Equal(t, want.revision, codec.Revision(), query)
		payload, kind := codec.Payload(packets)
		assert.Equal(t, want.payload, string(payload), query)
		assert.Equal(t, want.kind, kind, query)
		for i, p := range packets {
			binary, frame := codec.Frame(p)
			assert.Equal(t, want.frames[i], string(frame), query)
			assert.Equal(t, want.binary[i], binary, query)
			back, err := codec.ParseFrame(binary, frame)
			require.NoError(t, err, query)
			assert.Equal(t, p, back, query)
		}
		if codec.JSONP == "" {
			back, err := codec.ParsePayload(payload, kind)
			require.NoError(t, err, query)
			assert.Equal(t, packets, back, query)
		}
	}
}

// TestJSONPBodies: the form's field d holds the payload, with line feeds written twice.
func TestJSONPBodies(t *testing.T) {
	codec := eiopacket.CodecOf(url.Values{"EIO": {"4"}, "j": {"0"}})
	packets, err := codec.ParsePayload([]byte("d="+url.QueryEscape(`4a\nb\\nc`)),
		"application/x-www-form-urlencoded")
	require.NoError(t, err)
	assert.Equal(t, "a\nb\\nc", string(packets[0].Data))
	packets, err = codec.ParsePayload([]byte("x=4a"), "application/x-www-form-urlencoded")
	assert.NoError(t, err)
	assert.Empty(t, packets)
}

// TestPayloadsAreUTF8: invalid UTF-8 does not reach the frames of other clients.
func TestPayloadsAreUTF8(t *testing.T) {
	packets, err := eiopacket.Codec{}.ParsePayload([]byte("4a\xffb"), "text/plain")
	require.NoError(t, err)
	assert.Equal(t, "a\ufffdb", string(packets[0].Data))
}
