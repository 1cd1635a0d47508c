package siopacket

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type photo struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

func TestBytesBecomeAttachments(t *testing.T) {
	data, attachments, err := MarshalArgs("up <b>", []byte{1}, photo{"a", []byte{2}},
		map[string]any{"x": []any{[]byte{3}, 1.5}}, json.RawMessage(`{"n":1.50}`))
	require.NoError(t, err)
	assert.Equal(t,
		`["up <b>",{"_placeholder":true,"num":0},{"name":"a","data":{"_placeholder":true,"num":1}},{"x":[{"_placeholder":true,"num":2},1.5]},{"n":1.50}]`, string(data))
	assert.Equal(t, [][]byte{{1}, {2}, {3}}, attachments)

	args := splitArray(data)
	var p photo
	require.NoError(t, Unmarshal(args[2], attachments, &p))
	assert.Equal(t, photo{"a", []byte{2}}, p)
	var v any
	require.NoError(t, Unmarshal(args[3], attachments, &v))
	assert.Equal(t, map[string]any{"x": []any{[]byte{3}, 1.5}}, v)
	var b []byte
	require.NoError(t, Unmarshal(args[1], attachments, &b))
	assert.Equal(t, []byte{1}, b)
}

func TestStringsAreReadWhateverTheyNeed(t *testing.T) {
	for text, want := range map[string]string{
		`"你好"`: "你好", `""`: "", `"a\"b"`: `a"b`, `"\u4f60"`: "你", "\"\xff\"": "\ufffd",
		` "a" `: "a", `null`: "",
	} {
		var s string
		require.NoError(t, Unmarshal(Value(text), nil, &s), text)
		assert.Equal(t, want, s, text)
	}
	for _, text := range []string{`1`, `"`, `"a"b"`, "\"a\nb\"", `["a"]`, ``} {
		assert.Error(t, Unmarshal(Value(text), nil, new(string)), text)
	}
}

func TestBytesAreOnlyFilledFromAttachments(t *testing.T) {
	for _, text := range []string{`"AQID"`, `{"_placeholder":true,"num":0}`, "1"} {
		var b []byte
		assert.Error(t, Unmarshal(Value(text), nil, &b), text)
	}
	for _, text := range []string{`"AQID"`, `{"_placeholder":true,"num":1}`, `{"num":0}`, "[]"} {
		var b []byte
		assert.Error(t, Unmarshal(Value(text), [][]byte{{1}}, &b), text)
	}
}

func TestNullLeavesBytesAsTheyAre(t *testing.T) {
	var p photo
	require.NoError(t, Unmarshal(Value(`{"name":"a","data":null}`), nil, &p))
	assert.Equal(t, photo{Name: "a"}, p)
}

func TestUnmarshalAnyWithoutAttachments(t *testing.T) {
	var v any
	require.NoError(t, Unmarshal(Value(`{"a":1,"a":[true,null,"x"]}`), nil, &v))
	assert.Equal(t, map[string]any{"a": []any{true, nil, "x"}}, v)
}

func TestKeysOfAMapAreSorted(t *testing.T) {
	for range 20 {
		data, attachments, err := MarshalArgs(map[string]any{"c": []byte{3}, "a": 1,
			"b": []byte{2}})
		require.NoError(t, err)
		assert.Equal(t,
			`[{"a":1,"b":{"_placeholder":true,"num":0},"c":{"_placeholder":true,"num":1}}]`,
			string(data))
		assert.Equal(t, [][]byte{{2}, {3}}, attachments)
	}
}

func TestMarshalRefusesWhatJSONCannotSay(t *testing.T) {
	_, _, err := MarshalArgs(func() {})
	assert.Error(t, err)
	_, _, err = MarshalArgs(make(chan int))
	assert.Error(t, err)
}

func TestAnyNumberOfAClientCanBeSentOn(t *testing.T) {
	var v any
	require.NoError(t, Unmarshal(Value(`[1e400,-1e400,1e308]`), nil, &v))
	data, _, err := Marshal(v)
	require.NoError(t, err)
	assert.Equal(t, "[1.7976931348623157e+308,-1.7976931348623157e+308,1e+308]", string(data))
}
