package siopacket

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPacketOnTheWire(t *testing.T) {
	for _, c := range []struct {
		wire string
		want Packet
	}{
		{"0", Packet{Type: Connect}},
		{`0{"token":"123"}`, Packet{Type: Connect, Data: []byte(`{"token":"123"}`)}},
		{"0/admin,", Packet{Type: Connect, Namespace: "/admin"}},
		{`0/admin,{"a":1}`, Packet{Type: Connect, Namespace: "/admin", Data: []byte(`{"a":1}`)}},
		{"1", Packet{Type: Disconnect}},
		{"1/admin,", Packet{Type: Disconnect, Namespace: "/admin"}},
		{`2["hello",1]`, Packet{Type: Event, Data: []byte(`["hello",1]`)}},
		{`2[1,"number as name"]`, Packet{Type: Event, Data: []byte(`[1,"number as name"]`)}},
		{`20["zero"]`, Packet{Type: Event, HasID: true, Data: []byte(`["zero"]`)}},
		{`2/admin,456["project:delete",123]`, Packet{Type: Event, Namespace: "/admin", ID: 456,
			HasID: true, Data: []byte(`["project:delete",123]`)}},
		{`3/admin,456[]`, Packet{Type: Ack, Namespace: "/admin", ID: 456, HasID: true,
			Data: []byte(`[]`)}},
		{`4/admin,{"message":"Not authorized"}`, Packet{Type: ConnectError, Namespace: "/admin",
			Data: []byte(`{"message":"Not authorized"}`)}},
		{`4"old"`, Packet{Type: ConnectError, Data: []byte(`"old"`)}},
		{`51-["hello",{"_placeholder":true,"num":0}]`,
			Packet{Type: Event, Data: []byte(`["hello",{"_placeholder":true,"num":0}]`),
				Attachments: [][]byte{{1}}}},
		{`62-/admin,456[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
			Packet{Type: Ack, Namespace: "/admin", ID: 456, HasID: true,
				Data: []byte(
					`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`),
				Attachments: [][]byte{{1}, {2}}}},
	} {
		t.Run(c.wire, func(t *testing.T) {
			assert.Equal(t, c.wire, string(c.want.AppendText(nil)))

			var d Decoder
			got, complete, err := d.AddText([]byte(c.wire))
			for _, attachment := range c.want.Attachments {
				require.NoError(t, err)
				require.False(t, complete)
				got, complete, err = d.AddBinary(attachment)
			}
			require.NoError(t, err)
			require.True(t, complete)
			if c.want.Namespace == "" {
				c.want.Namespace = "/"
			}
			assert.Equal(t, string(c.want.Data), string(got.Data))
			c.want.Data, got.Data = nil, nil
			assert.Equal(t, c.want, got)
		})
	}
}

func TestCommaAfterNamespaceMayBeMissing(t *testing.T) {
	for _, wire := range []string{"0/custom", "1/custom"} {
		p, _, err := ParseText([]byte(wire))
		require.NoError(t, err)
		assert.Equal(t, "/custom", p.Namespace)
	}
}

func TestMalformedPacketsSayWhere(t *testing.T) {
	for _, c := range []struct {
		wire   string
		offset int
	}{
		{"", 0}, {"999", 0}, {"7", 0}, {"x", 0},
		{`442["some"`, 10},
		{`0/admin,"invalid"`, 8}, {"0[]", 1}, {"0null", 1},
		{"1/admin,{}", 8}, {"1null", 1},
		{"2", 1}, {"2/admin,{}", 8}, {"2[]", 1}, {`2[{"a":1}]`, 1}, {"2[true]", 1}, {"2[null]", 1},
		{`2["connect"]`, 1}, {`2["disconnect"]`, 1},
		{`2["disc\u006fnnect"]`, 1}, {`2["disconnecting"]`, 1}, {`2["newListener"]`, 1},
		{`2["a"`, 5}, {`2["a"]x`, 6}, {`2["a"],`, 6}, {`2["a",]`, 6},
		{"2" + strings.Repeat("[", 20000), 10001},
		{"3", 1}, {"3{}", 1}, {"4", 1}, {"4[]", 1}, {"41", 2},
		{"5", 1}, {"51", 1}, {"5a-", 1}, {"51.23-", 1}, {`50-["a"]`, 1}, {`5-1-["a"]`, 1},
		{`599999999999999999999-["a"]`, 1},
		{`29007199254740993["a"]`, 1},
	} {
		_, _, err := ParseText([]byte(c.wire))
		var syntax *SyntaxError
		if assert.ErrorAs(t, err, &syntax, "%.40q", c.wire) {
			assert.Equal(t, c.offset, syntax.Offset, "%.40q: %v", c.wire, err)
		}
	}
}

func TestAttachmentsAreCountedAndOrdered(t *testing.T) {
	d := Decoder{MaxAttachments: 2}
	_, _, err := d.AddText([]byte(`53-["a"]`))
	assert.ErrorIs(t, err, ErrTooManyAttachments)

	d = Decoder{}
	_, _, err = d.AddText([]byte(`511-["a"]`))
	assert.ErrorIs(t, err, ErrTooManyAttachments)

	d = Decoder{}
	_, _, err = d.AddBinary([]byte{1})
	assert.ErrorIs(t, err, ErrUnexpectedAttachment)

	d = Decoder{}
	_, _, err = d.AddText([]byte(`51-["a",{"_placeholder":true,"num":0}]`))
	require.NoError(t, err)
	_, _, err = d.AddText([]byte(`2["b"]`))
	assert.ErrorIs(t, err, ErrTextInsteadOfAttachment)

	for _, num := range []string{"1", "-1", "0.5", `"0"`, "null"} {
		d = Decoder{}
		_, _, err = d.AddText([]byte(`51-["a",{"_placeholder":true,"num":` + num + `}]`))
		require.NoError(t, err)
		_, _, err = d.AddBinary([]byte{1})
		assert.ErrorIs(t, err, ErrIllegalPlaceholder, num)
	}
}

func TestArgsAreTheElements(t *testing.T) {
	p, _, err := ParseText([]byte("2[ \"a\\\"]\" , {\"b\":[1,2,\"}\"]} ,\t3.50 ,null,[] ] "))
	require.NoError(t, err)
	var got []string
	for _, arg := range p.Args() {
		got = append(got, string(arg))
	}
	assert.Equal(t, []string{`"a\"]"`, `{"b":[1,2,"}"]}`, "3.50", "null", "[]"}, got)
}

func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{"0", `2["a",1]`, `51-["a",{"_placeholder":true,"num":0}]`,
		"4/x,{}", `61-/a,1[{"_placeholder":true,"num":0}]`, `2/a,12["é\u0000"]`} {
		f.Add([]byte(seed), []byte{1, 2})
	}
	f.Fuzz(func(t *testing.T, text, attachment []byte) {
		var d Decoder
		p, complete, err := d.AddText(text)
		for err == nil && !complete {
			p, complete, err = d.AddBinary(attachment)
		}
		if err != nil {
			return
		}
		if p.Type == Event || p.Type == Ack {
			for _, arg := range p.Args() {
				var v any
				require.NoError(t, Unmarshal(arg, p.Attachments, &v))
			}
		}
		again, n, err := ParseText(p.AppendText(nil))
		require.NoError(t, err)
		require.Equal(t, len(p.Attachments), n)
		require.Equal(t, p.Namespace, again.Namespace)
		require.Equal(t, p.ID, again.ID)
		require.Equal(t, string(p.Data), string(again.Data))
	})
}
