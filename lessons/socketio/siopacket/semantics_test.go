package siopacket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type pointerMarshaler struct{ N int }

func (p *pointerMarshaler) MarshalJSON() ([]byte, error) { return []byte(`"method"`), nil }

type options1 struct {
	Number   int            `json:"number,omitempty"`
	Flag     bool           `json:"flag,omitempty"`
	Text     string         `json:"text,omitempty"`
	List     []int          `json:"list,omitempty"`
	Map      map[string]int `json:"map,omitempty"`
	Any      any            `json:"any,omitempty"`
	Pointer  *[]int         `json:"pointer,omitempty"`
	Struct   struct{}       `json:"struct,omitempty"`
	Time     time.Time      `json:"time,omitzero"`
	Quoted   int            `json:",string"`
	Skipped  int            `json:"-"`
	Untagged int
	hidden   int
}

func TestValuesAreWrittenAsEncodingJSONDoes(t *testing.T) {
	for _, v := range []any{
		options1{}, options1{Number: 1, Flag: true, Text: "x", List: []int{1},
			Map: map[string]int{"b": 1, "a": 2}},
		options1{Any: []int{}, Pointer: &[]int{}, List: []int{}, hidden: 1},
		[]int(nil), []int{}, map[string]int(nil), map[int]string{2: "b", 10: "a"}, (*int)(nil),
		struct{}{},
		time.Second, time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), time.March,
		[3]byte{1, 2, 3}, [0]int{}, float32(0.1), 1e21, 1e20, math.Copysign(0, -1), 1e-7,
		uint64(1) << 63,
		pointerMarshaler{1}, &pointerMarshaler{1}, []pointerMarshaler{{1}},
		map[string]pointerMarshaler{"a": {1}},
		errors.New("an error"), netip.MustParseAddr("127.0.0.1"), big.NewInt(7),
		json.Number("1.50"),
		json.RawMessage(`{"b":1,"a":[1e400,1.0]}`), json.Number(""), "\x01\u2027", any(nil),
	} {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(v))
		got, attachments, err := Marshal(v)
		require.NoError(t, err, "%T %v", v, v)
		assert.Equal(t, string(bytes.TrimSpace(want.Bytes())), string(got), "%T %v", v, v)
		assert.Empty(t, attachments)
		inArray, _, err := MarshalArgs(v)
		require.NoError(t, err)
		assert.Equal(t, "["+string(got)+"]", string(inArray))
	}
	text, _, err := Marshal("<a href='x'>&\u2028")
	require.NoError(t, err)
	assert.Equal(t, "\"<a href='x'>&\u2028\"", string(text), "nothing is escaped for HTML")
}

func TestValuesAreReadAsEncodingJSONDoes(t *testing.T) {
	type credentials struct {
		Username string
		Age      int `json:"user_age"`
		Wait     time.Duration
		At       time.Time
		Pair     [2]int
		List     []int
		Keep     *int
		Any      any
		Number   json.Number
		Embedded struct{ X int }
		Quoted   int `json:",string"`
	}
	for _, text := range []string{
		`{"username":"ann"}`, `{"USERNAME":"ann","User_Age":3}`, `{"wait":1000000000}`,
		`{"at":"2026-01-02T03:04:05Z"}`,
		`{"pair":[1]}`, `{"pair":[1,2,3]}`, `{"list":null,"keep":null,"username":null}`,
		`{"any":{"a":[1,null,"x"]}}`,
		`{"embedded":{"x":1},"unknown":{}}`, `{"username":"a","username":"b"}`, `{"list":[1,2]}`,
		`{"quoted":"5"}`, `null`,
		`{"number":1.50}`, `{"number":"1.50"}`, `{"number":"x"}`, `{"number":null}`,
		`{"username":1}`, `{"user_age":1.5}`, `{"user_age":"1"}`, `{"list":{}}`,
		`{"at":"yesterday"}`, `[]`,
	} {
		var want, got credentials
		wantErr := json.Unmarshal([]byte(text), &want)
		err := Unmarshal(Value(text), nil, &got)
		assert.Equal(t, wantErr == nil, err == nil, "%s: %v, %v", text, wantErr, err)
		if wantErr == nil {
			assert.Equal(t, want, got, text)
		}
	}
}

func TestADecodeErrorSaysWhere(t *testing.T) {
	type user struct {
		Age    int       `json:"age"`
		Small  []int8    `json:"small"`
		At     time.Time `json:"at"`
		Avatar []byte    `json:"avatar"`
	}
	for _, test := range []struct {
		into any
		text string
		want string
	}{
		{new(struct{ User user }), `{"user":{"age":"1"}}`, ".user.age: want int, got string"},
		{new(struct{ User user }), `{"user":{"small":[1,2,300]}}`,
			".user.small[2]: want int8, got 300"},
		{new(struct{ User user }), `{"user":[]}`, ".user: want siopacket.user, got array"},
		{new(user), `{"age":1.5}`, ".age: want int, got 1.5"},
		{new(user), `{"avatar":"AQID"}`, ".avatar: want binary data"},
		{new(user), `{"at":"now"}`,
			`.at: want time.Time, got string: parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`},
		{new(string), `true`, "want string, got boolean"},
		{new(bool), `{}`, "want bool, got object"},
	} {
		err := Unmarshal(Value(test.text), nil, test.into)
		var decode *DecodeError
		require.ErrorAs(t, err, &decode, test.text)
		assert.Equal(t, test.want, err.Error())
		assert.True(t, reflect.ValueOf(test.into).Elem().IsValid())
	}
}

func TestRawValuesKeepTheirAttachments(t *testing.T) {
	raw := Raw{
		Text: Value(
			`{"z":1,"a":{"num":1,"_placeholder":true,"more":[{"x":"a long text behind which a placeholder must still be found"}]},"b":{"_placeholder":true,"num":0}}`),
		Attachments: [][]byte{{1}, {2}},
	}
	data, attachments, err := MarshalEvent("up", []byte{9}, raw, map[string]any{"in": []any{raw}})
	require.NoError(t, err)
	want := `{"z":1,"a":{"_placeholder":true,"num":%d},"b":{"_placeholder":true,"num":%d}}`
	assert.Equal(t, `["up",{"_placeholder":true,"num":0},`+fmt.Sprintf(want, 1, 2)+`,{"in":[`+
		fmt.Sprintf(want, 3, 4)+`]}]`, string(data))
	assert.Equal(t, [][]byte{{9}, {2}, {1}, {2}, {1}}, attachments)

	plain, attachments, err := MarshalArgs(Raw{Text: Value(` { "b" : 1.50, "a" : "\u003c" } `)})
	require.NoError(t, err)
	assert.Equal(t, `[{"b":1.50,"a":"<"}]`, string(plain), "the order and the numbers stay")
	assert.Empty(t, attachments)
}

func TestRawJSONRefusesBinaryData(t *testing.T) {
	value, attachments := Value(`{"a":[{"_placeholder":true,"num":0}]}`), [][]byte{{1}}
	for _, into := range []any{new(json.RawMessage), new(Value), &struct{ A json.RawMessage }{}} {
		err := Unmarshal(value, attachments, into)
		assert.ErrorContains(t, err, "raw JSON cannot hold binary data")
		assert.NoError(t, Unmarshal(Value(`{"a":1}`), attachments, into))
	}
	var raw json.RawMessage
	require.NoError(t, Unmarshal(value, nil, &raw),
		"without attachments, it is an object like any other")
	assert.Equal(t, string(value), string(raw))
}

func TestAForgedPlaceholderIsRefused(t *testing.T) {
	for _, forged := range []any{
		json.RawMessage(`{"\u005fplaceholder":true,"num":7}`),
		map[string]any{"_placeholder": true, "num": 0}, placeholder{true, 5},
	} {
		_, _, err := MarshalArgs([]byte{1}, forged)
		assert.ErrorIs(t, err, errForged)
		_, _, err = MarshalArgs(forged)
		assert.NoError(t, err, "without binary data, it is an object like any other")
	}
	_, _, err := MarshalArgs([]byte{1}, `{"_placeholder":true,"num":7}`,
		[]string{"_placeholder", "true"})
	assert.NoError(t, err, "text is only text")
}

func TestAnErrorNamesTheArgument(t *testing.T) {
	type order struct {
		Items []any `json:"items"`
	}
	for _, test := range []struct {
		args []any
		want string
	}{
		{[]any{func() {}}, "argument 2: a func() cannot be written as JSON"},
		{[]any{order{[]any{1, make(chan int)}}, func() {}},
			"argument 2: .items[1]: a chan int cannot be written as JSON"},
		{[]any{map[string]any{"x": complex(1, 2)}},
			"argument 2: .x: a complex128 cannot be written as JSON"},
		{[]any{math.Inf(1)},
			"argument 2: a float64 cannot be written as JSON: unsupported value: +Inf"},
	} {
		_, _, err := MarshalEvent("x", append([]any{"first"}, test.args...)...)
		assert.EqualError(t, err, test.want)
		_, _, err = MarshalArgs(append([]any{[]byte{1}}, test.args...)...)
		assert.EqualError(t, err, test.want)
		_, attachments, err := Marshal([]byte{2})
		require.NoError(t, err)
		assert.Equal(t, [][]byte{{2}}, attachments, "nothing stays of what failed")
	}
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("on purpose") }

func TestAMethodThatPanicsLeavesNothingBehind(t *testing.T) {
	for range 10 {
		assert.Panics(t, func() { MarshalArgs([]byte{1}, panicking{}) })
		data, attachments, err := MarshalArgs([]byte{2})
		require.NoError(t, err)
		assert.Equal(t, `[{"_placeholder":true,"num":0}]`, string(data))
		assert.Equal(t, [][]byte{{2}}, attachments)
	}
}

// A method that reads or writes values of its own does not disturb those around it.
type nested struct{ B []byte }

func (n nested) MarshalJSON() ([]byte, error) {
	data, attachments, err := Marshal(map[string]any{"inner": n.B})
	if err == nil && len(attachments) != 1 {
		err = errNotBinary
	}
	return json.RawMessage(`"` + fmt.Sprint(len(data)) + `"`), err
}

func TestAMethodMayWriteValuesItself(t *testing.T) {
	data, attachments, err := MarshalArgs([]byte{1}, nested{[]byte{7}}, []byte{2})
	require.NoError(t, err)
	assert.Equal(t, `[{"_placeholder":true,"num":0},"39",{"_placeholder":true,"num":1}]`,
		string(data))
	assert.Equal(t, [][]byte{{1}, {2}}, attachments)
}
