package eiopacket

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(t Type, data string) Packet { return Packet{Type: t, Data: []byte(data)} }

func blob(data ...byte) Packet { return Packet{Type: Message, Binary: true, Data: data} }

var payloadsV3 = []struct {
	packets      []Packet
	text, binary string
}{
	{[]Packet{text(Ping, "")}, "1:2", "\x00\x01\xff2"},
	{[]Packet{text(Open, `{"sid":"x"}`)}, `12:0{"sid":"x"}`, "\x00\x01\x02\xff0{\"sid\":\"x\"}"},
	{[]Packet{text(Message, "hello"), text(Message, "€"), text(Pong, "probe")},
		"6:4hello2:4€6:3probe", "\x00\x06\xff4hello\x00\x04\xff4€\x00\x06\xff3probe"},
	{[]Packet{text(Message, "🙂:1"), blob(1, 2, 3)}, "5:4🙂:16:b4AQID",
		"\x00\x07\xff4🙂:1\x01\x04\xff\x04\x01\x02\x03"},
	{[]Packet{blob()}, "2:b4", "\x01\x01\xff\x04"},
}

func equal(t *testing.T, want, got []Packet) {
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, want[i].Type, got[i].Type)
		assert.Equal(t, want[i].Binary, got[i].Binary)
		assert.Equal(t, string(want[i].Data), string(got[i].Data))
	}
}

func TestPayloadV3OnTheWire(t *testing.T) {
	for _, c := range payloadsV3 {
		assert.Equal(t, c.text, string(AppendPayloadV3(nil, c.packets...)))
		got, err := ParsePayloadV3([]byte(c.text))
		require.NoError(t, err, c.text)
		equal(t, c.packets, got)

		assert.Equal(t, c.binary, string(AppendBinaryPayloadV3(nil, c.packets...)))
		got, err = ParseBinaryPayloadV3([]byte(c.binary))
		require.NoError(t, err, "%q", c.binary)
		equal(t, c.packets, got)
	}
	got, err := ParsePayloadV3([]byte("0:1:2"))
	require.NoError(t, err)
	equal(t, []Packet{text(Ping, "")}, got)
}

func TestBadPayloadV3SaysWhere(t *testing.T) {
	for _, c := range []struct {
		parse  func([]byte) ([]Packet, error)
		wire   string
		offset int
		before int
	}{
		{ParsePayloadV3, "", 0, 0},
		{ParsePayloadV3, "1", 1, 0},
		{ParsePayloadV3, ":2", 0, 0},
		{ParsePayloadV3, "-1:2", 0, 0},
		{ParsePayloadV3, "1e1:2", 1, 0},
		{ParsePayloadV3, "99999999999:2", 0, 0},
		{ParsePayloadV3, "9999999999:2", 11, 0},
		{ParsePayloadV3, "1:22:4", 5, 1},
		{ParsePayloadV3, "1:21:9", 5, 1},
		{ParsePayloadV3, "2:4🙂", 2, 0},
		{ParsePayloadV3, "1:21:b", 6, 1},
		{ParsePayloadV3, "3:b4*", 4, 0},
		{ParseBinaryPayloadV3, "", 0, 0},
		{ParseBinaryPayloadV3, "\x02\x01\xff2", 0, 0},
		{ParseBinaryPayloadV3, "\x00\x01", 2, 0},
		{ParseBinaryPayloadV3, "\x00\xff", 1, 0},
		{ParseBinaryPayloadV3, "\x00\x0a\xff2", 1, 0},
		{ParseBinaryPayloadV3, "\x00\x02\xff2", 3, 0},
		{ParseBinaryPayloadV3, "\x00\x01\xff2\x01\x01\xff\x02", 7, 1},
		{ParseBinaryPayloadV3, "\x00\x01\xff2\x01\x00\xff", 7, 1},
	} {
		packets, err := c.parse([]byte(c.wire))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", c.wire)
		assert.Equal(t, c.offset, syntax.Offset, "%q: %v", c.wire, err)
		assert.Len(t, packets, c.before, "%q", c.wire)
	}
}

func fuzzV3(f *testing.F, parse func([]byte) ([]Packet, error),
	appendPayload func([]byte, ...Packet) []byte) {
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := parse(body)
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.LessOrEqual(t, syntax.Offset, len(body))
		}
		if len(packets) == 0 {
			return
		}
		again, err := parse(appendPayload(nil, packets...))
		require.NoError(t, err)
		equal(t, packets, again)
	})
}

func FuzzParsePayloadV3(f *testing.F) {
	for _, c := range payloadsV3 {
		f.Add([]byte(c.text))
	}
	f.Add([]byte("3:4\xff\xff1:2"))
	fuzzV3(f, ParsePayloadV3, AppendPayloadV3)
}

func FuzzParseBinaryPayloadV3(f *testing.F) {
	for _, c := range payloadsV3 {
		f.Add([]byte(c.binary))
	}
	f.Add([]byte(strings.Repeat("\x00\x01\xff2", 3)))
	fuzzV3(f, ParseBinaryPayloadV3, AppendBinaryPayloadV3)
}
