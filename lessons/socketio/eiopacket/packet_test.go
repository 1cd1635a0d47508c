package eiopacket

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPacketOnTheWire(t *testing.T) {
	for _, c := range []struct {
		wire string
		want Packet
	}{
		{`0{"sid":"x"}`, Packet{Type: Open, Data: []byte(`{"sid":"x"}`)}},
		{"1", Packet{Type: Close}},
		{"2", Packet{Type: Ping}},
		{"2probe", Packet{Type: Ping, Data: []byte("probe")}},
		{"3probe", Packet{Type: Pong, Data: []byte("probe")}},
		{"4hello", Packet{Type: Message, Data: []byte("hello")}},
		{"4", Packet{Type: Message}},
		{"4€utf8 你好", Packet{Type: Message, Data: []byte("€utf8 你好")}},
		{"5", Packet{Type: Upgrade}},
		{"6", Packet{Type: Noop}},
		{"bAQIDBA==", Packet{Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}}},
		{"b", Packet{Type: Message, Binary: true}},
	} {
		t.Run(c.wire, func(t *testing.T) {
			got, err := ParseText([]byte(c.wire))
			require.NoError(t, err)
			assert.Equal(t, c.want.Type, got.Type)
			assert.Equal(t, c.want.Binary, got.Binary)
			assert.Equal(t, string(c.want.Data), string(got.Data))
			assert.Equal(t, c.wire, string(c.want.AppendText(nil)))
			assert.Equal(t, len(c.wire), c.want.TextLen())
		})
	}
}

func TestBase64WithoutPadding(t *testing.T) {
	p, err := ParseText([]byte("bAQIDBA"))
	require.NoError(t, err)
	assert.Equal(t, []byte{1, 2, 3, 4}, p.Data)
}

func TestBadPacketsSayWhere(t *testing.T) {
	for _, c := range []struct {
		wire   string
		offset int
	}{
		{"", 0}, {"7", 0}, {"a", 0}, {"\x004", 0}, {"bAQ*DBA==", 3}, {"b=", 1},
	} {
		_, err := ParseText([]byte(c.wire))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", c.wire)
		assert.Equal(t, c.offset, syntax.Offset, "%q", c.wire)
	}
}

func TestPayloadOnTheWire(t *testing.T) {
	const wire = "4hello\x1e2\x1ebAQIDBA==\x1e4"
	packets, err := ParsePayload([]byte(wire))
	require.NoError(t, err)
	require.Len(t, packets, 4)
	assert.Equal(t, wire, string(AppendPayload(nil, packets...)))
}

func TestBadPayloadKeepsWhatCameBefore(t *testing.T) {
	for wire, offset := range map[string]int{
		"":               0,
		"\x1e":           0,
		"4a\x1e":         3,
		"4a\x1e9":        3,
		"4a\x1e\x1e4b":   3,
		"4a\x1ebAQ*DBA=": 6,
	} {
		packets, err := ParsePayload([]byte(wire))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", wire)
		assert.Equal(t, offset, syntax.Offset, "%q", wire)
		if offset > 0 {
			require.Len(t, packets, 1)
			assert.Equal(t, "a", string(packets[0].Data))
		}
	}
}

func FuzzParsePayload(f *testing.F) {
	for _, seed := range []string{"4hello\x1e2", "bAQID", "2probe", "\x1e", "4\x1e4\x1e4", "7",
		"b=A=="} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := ParsePayload(body)
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.LessOrEqual(t, syntax.Offset, len(body))
			return
		}
		again, err := ParsePayload(AppendPayload(nil, packets...))
		require.NoError(t, err)
		require.Equal(t, len(packets), len(again))
		for i := range packets {
			require.Equal(t, packets[i].Type, again[i].Type)
			require.Equal(t, string(packets[i].Data), string(again[i].Data))
		}
	})
}
