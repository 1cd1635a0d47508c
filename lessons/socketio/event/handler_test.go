package event

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/siopacket"
)

// args makes Args as the codec does.
func args(t *testing.T, values ...any) Args {
	t.Helper()
	data, attachments, err := siopacket.MarshalArgs(values...)
	require.NoError(t, err)
	return NewArgs(siopacket.Packet{Data: data}.Args(), attachments)
}

// peer records what an Ack sends.
type peer struct {
	heard  []string
	errors []error
}

func (p *peer) ack(wanted bool) Ack {
	return NewAck(wanted, func(data []byte, attachments [][]byte) {
		p.heard = append(p.heard, NewArgs(siopacket.Packet{Data: data}.Args(), attachments).
			String())
	}, func(err error) { p.errors = append(p.errors, err) })
}

type user struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
}

func TestSignatures(t *testing.T) {
	var got string
	say := func(v ...any) { got = fmt.Sprint(v...) }
	for _, test := range []struct {
		handler     any
		want, heard string
	}{
		{func() { say("called") }, "called", ""},
		{func(room string, u user) { say(room, u) }, "lobby{ann 3}", ""},
		{func(room string, ack Ack) { say(room); ack(1, "x") }, "lobby", `[1,"x"]`},
		{func(room string, ack func(...any)) { say(room); ack(2) }, "lobby", `[2]`},
		{func(room string, reply func(string)) { say(room); reply("ok") }, "lobby", `["ok"]`},
		{func(room string, reply func(user, ...int)) {
			reply(user{"bob", 1}, 2, 3)
		}, "", `[{"name":"bob","age":1},2,3]`},
		{func(all Args) { say(all) }, `["lobby",{"name":"ann","age":3},<2 bytes>]`, ""},
		{func(all Args, ack Ack) {
			say(all.Len())
			ack(all)
		}, "3", `["lobby",{"name":"ann","age":3},<2 bytes>]`},
		{func(room string, rest Args, ack Ack) {
			say(room, rest)
			ack(rest)
		}, `lobby[{"name":"ann","age":3},<2 bytes>]`, `[{"name":"ann","age":3},<2 bytes>]`},
		{func(room string, rest Args, reply func(Args, bool)) {
			reply(rest, true)
		}, "", `[{"name":"ann","age":3},<2 bytes>,true]`},
		{func(room string, u *user, file []byte, more int, rest Args) {
			say(u.Name, file, more, rest)
		}, "ann[7 8] 0 []", ""},
		{func(room string, rest ...any) { say(len(rest)) }, "2", ""},
		{func(any, struct{}) error { return nil }, "", ""},
		{func(wait time.Duration) {}, "",
			`[{"error":"event \"x\": argument 1: want time.Duration, got string"}]`},
	} {
		t.Run(fmt.Sprintf("%T", test.handler), func(t *testing.T) {
			got = ""
			var l Listeners
			l.On("x", test.handler)
			var p peer
			l.Dispatch(Event{"x", args(t, "lobby", user{"ann", 3}, []byte{7, 8})}, nil, p.ack(true),
				func(error) {})
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.heard, strings.Join(p.heard, " "))
			assert.Empty(t, p.errors)
		})
	}
}

// server is a type that an event cannot carry.
type server struct {
	Listeners
	_ sync.Mutex
}

func TestWhatOnRefusesItExplains(t *testing.T) {
	for _, test := range []struct {
		handler any
		says    string
	}{
		{"text", "write a func"},
		{nil, "write a func"},
		{(func())(nil), "write a func"},
		{func(cb Ack, x string) {}, "the acknowledgement must be the last parameter"},
		{func(a, b func(string)) {}, "the acknowledgement must be the last parameter"},
		{func(*server, string) {},
			"which has no exported field: the parameters are the arguments of the event"},
		{func(*sync.Mutex) {}, "which has no exported field"},
		{func(chan int) {}, "a chan int, which JSON cannot fill"},
		{func(struct{ C chan int }) {}, "a chan int in the field C"},
		{func(context.Context, string) {}, "the interface context.Context"},
		{func(map[struct{ A int }]int) {}, "which JSON cannot fill"},
		{func(Args, string) {}, "write it last"},
		{func([]Args) {}, "Args, which stand alone"},
		{func(...chan int) {}, "write ...any"},
		{func(ack func(chan int)) {}, "cannot be sent"},
		{func(ack func([]func())) {}, "cannot be sent"},
		{func(ack func(string) bool) {}, "has a result"},
		{func() string { return "" }, "is sent nowhere"},
		{func() (string, error) { return "", nil }, "is sent nowhere"},
	} {
		t.Run(fmt.Sprintf("%T", test.handler), func(t *testing.T) {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), test.says) }()
			new(Listeners).On("x", test.handler)
		})
	}
	for event, says := range map[string]string{
		"connect": "OnConnection", "connection": "OnConnection", "disconnect": "OnDisconnect",
		"disconnecting": "OnDisconnecting", "connect_error": "OnConnectError",
		"newListener": "no events of their own",
	} {
		t.Run(event, func(t *testing.T) {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), says) }()
			new(Listeners).On(event, func() {})
		})
	}
}

func TestEveryReservedNameHasItsSentence(t *testing.T) {
	for name := range insteadOf {
		assert.Equal(t, name != "connection", siopacket.IsReserved(name), name)
	}
	for _, name := range []string{"connect", "connect_error", "disconnect", "disconnecting",
		"newListener", "removeListener"} {
		assert.Contains(t, insteadOf, name)
	}
}

// Types that JSON can fill must not be refused because of what they hold beside.
func TestWhatOnAccepts(t *testing.T) {
	type guarded struct {
		sync.Mutex
		Name string
	}
	type node struct {
		Children []*node
		Up       *node
	}
	for _, handler := range []any{
		func(*guarded) {}, func(node) {}, func(time.Time, time.Duration) {},
		func(map[int]string) {},
		func(struct {
			Skip chan int `json:"-"`
			hide func()
		}) {
		}, func(siopacket.Value) {}, func(ack func(error)) {}, func(ack func(any)) {},
	} {
		assert.NotPanics(t, func() { NewHandler(handler, false) }, "%T", handler)
	}
}

func TestAnAckKnowsWhetherItIsWanted(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		var p peer
		ack := p.ack(wanted)
		assert.Equal(t, wanted, ack.Wanted())
		assert.Empty(t, p.heard, "asking is not answering")
		ack("first")
		ack("second")
		assert.Equal(t, wanted, ack.Wanted())
		assert.Len(t, p.heard, map[bool]int{true: 1}[wanted])
	}
}

func TestAnAckThatCannotBeWritten(t *testing.T) {
	var p peer
	p.ack(true)("fine", make(chan int))
	require.Len(t, p.errors, 1)
	assert.ErrorContains(t, p.errors[0], "acknowledgement: argument 2: ")
	require.Len(t, p.heard, 1)
	assert.Contains(t, p.heard[0], `[{"error":"argument 2: `)

	p = peer{}
	p.ack(false)(make(chan int))
	assert.Empty(t, p.errors, "nobody asked")
	assert.Empty(t, p.heard)
}

func TestArgsGoOutAsTheyCame(t *testing.T) {
	came := NewArgs([]siopacket.Value{siopacket.Value(
		`{"z":1.50,"a":{"num":0,"_placeholder":true}}`), siopacket.Value(`"x"`)}, [][]byte{{1, 2}})
	p, err := Packet("/", "relayed", []any{[]byte{9}, came, "end"})
	require.NoError(t, err)
	assert.Equal(t,
		`["relayed",{"_placeholder":true,"num":0},{"z":1.50,"a":{"_placeholder":true,"num":1}},"x","end"]`, string(p.Data))
	assert.Equal(t, [][]byte{{9}, {1, 2}}, p.Attachments)

	p, err = Packet("/", "none", []any{Args{}})
	require.NoError(t, err)
	assert.Equal(t, `["none"]`, string(p.Data))

	_, err = Packet("/", "inside", []any{map[string]any{"args": came}})
	assert.ErrorContains(t, err, `event "inside": argument 1: `)
	assert.ErrorContains(t, err, "emit them as arguments of their own")
	p, err = Packet("/", "inside", []any{map[string]any{"args": args(t, 1, "b")}})
	require.NoError(t, err)
	assert.Equal(t, `["inside",{"args":[1,"b"]}]`, string(p.Data))
}

func TestArgsPrint(t *testing.T) {
	assert.Equal(t, `[] ["a\u202eb\"",{"file":<3 bytes>},null]`,
		fmt.Sprint(Args{}, args(t, "a\u202eb\"", map[string]any{"file": []byte("abc")}, nil)))
	assert.Equal(t, `{x [1]}`, fmt.Sprint(Event{"x", args(t, 1)}))
	long := args(t, strings.Repeat("a", 1<<20)).String()
	assert.Less(t, len(long), 600)
	assert.Contains(t, long, "… (bytes left out: ")
}

func TestARefusalSaysWhere(t *testing.T) {
	var l Listeners
	l.On("login", func(room string, data struct{ User user }) { t.Error("called") })
	var p peer
	var reported []error
	e := Event{"login", args(t, "lobby", map[string]any{"user": map[string]any{"age": "three"}})}
	l.Dispatch(e, nil, p.ack(true), func(err error) { reported = append(reported, err) })
	require.Len(t, reported, 1)
	assert.EqualError(t, reported[0], `event "login": argument 2: .user.age: want int, got string`)
	var decode *siopacket.DecodeError
	require.ErrorAs(t, reported[0], &decode)
	assert.Equal(t, ".user.age", decode.Path)
	assert.Equal(t,
		[]string{`[{"error":"event \"login\": argument 2: .user.age: want int, got string"}]`},
		p.heard)
}

func thatPanics(u *user) int { return u.Age }

func TestAStackCanBeRead(t *testing.T) {
	var stack string
	func() {
		defer func() {
			if recover() != nil {
				stack = Stack()
			}
		}()
		NewHandler(func() { thatPanics(nil) }, false).Call(Args{}, nil)
	}()
	assert.Regexp(t,
		`^event\.thatPanics \(event/handler_test\.go:\d+\) < event\.TestAStackCanBeRead\S+ \(event/handler_test\.go:\d+\)$`, stack)
}
