package command

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/siopacket"
)

// parser reads one file, which holds two bytes.
func parser(p Protocol) Parser {
	return Parser{Protocol: p, ReadFile: func(name string) ([]byte, error) {
		if name == "two" || name == "a file" {
			return []byte{1, 2}, nil
		}
		return nil, os.ErrNotExist
	}}
}

func raw(text string, attachments ...[]byte) siopacket.Raw {
	return siopacket.Raw{Text: siopacket.Value(text), Attachments: attachments}
}

const placeholder0, placeholder1 = `{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":1}`

func TestParse(t *testing.T) {
	for line, want := range map[string]Command{
		"":            {},
		"   ":         {},
		"# a comment": {},
		`emit hi`:     {Verb: "emit", Name: "hi"},
		` emit  hi `:  {Verb: "emit", Name: "hi"},
		`emit "chat message" "hi"`: {Verb: "emit", Name: "chat message",
			Values: []siopacket.Raw{raw(`"hi"`)}},
		`emit 'chat message' 1, -2.5e3 true`: {Verb: "emit", Name: "chat message",
			Values: []siopacket.Raw{raw("1"), raw("-2.5e3"), raw("true")}},
		`emit "a\"b" {"a": [1, "}"]} null`: {Verb: "emit", Name: `a"b`,
			Values: []siopacket.Raw{raw(`{"a": [1, "}"]}`), raw("null")}},
		`emit 你好 "世界"`: {Verb: "emit", Name: "你好",
			Values: []siopacket.Raw{raw(`"世界"`)}},
		`emit big 12345678901234567890`: {Verb: "emit", Name: "big",
			Values: []siopacket.Raw{raw("12345678901234567890")}},
		`emit file @two`: {Verb: "emit", Name: "file",
			Values: []siopacket.Raw{raw(placeholder0, []byte{1, 2})}},
		`emit file @"a file" @hex:00fF`: {Verb: "emit", Name: "file",
			Values: []siopacket.Raw{raw(placeholder0, []byte{1, 2}),
				raw(placeholder0, []byte{0, 255})}},
		`emit file {"a":@two,"b":[@hex:],"c":"@two"}`: {Verb: "emit", Name: "file",
			Values: []siopacket.Raw{
				raw(`{"a":`+placeholder0+`,"b":[`+placeholder1+`],"c":"@two"}`, []byte{1, 2},
					[]byte{})}},
		`ack ferret "tobi"`: {Verb: "ack", Name: "ferret",
			Values: []siopacket.Raw{raw(`"tobi"`)}},
		`ack ferret "tobi" 2s`: {Verb: "ack", Name: "ferret",
			Values: []siopacket.Raw{raw(`"tobi"`)}, Timeout: 2 * time.Second},
		`answer`: {Verb: "answer"},
		`answer #12 1 2`: {Verb: "answer", Number: 12,
			Values: []siopacket.Raw{raw("1"), raw("2")}},
		`join /chat`: {Verb: "join", Name: "/chat"},
		`join /chat {"token":1}`: {Verb: "join", Name: "/chat",
			Values: []siopacket.Raw{raw(`{"token":1}`)}},
		`leave`:             {Verb: "leave"},
		`leave /chat`:       {Verb: "leave", Name: "/chat"},
		`wait news`:         {Verb: "wait", Name: "news"},
		`wait news 500ms`:   {Verb: "wait", Name: "news", Timeout: 500 * time.Millisecond},
		`never news 1m30s`:  {Verb: "never", Name: "news", Timeout: 90 * time.Second},
		`wait /chat news`:   {Verb: "wait", From: "/chat", Name: "news"},
		`expect / "a b" 1s`: {Verb: "expect", From: "/", Name: "a b", Timeout: time.Second},
		`never /chat news 1s`: {Verb: "never", From: "/chat", Name: "news",
			Timeout: time.Second},
		`wait "/chat"`: {Verb: "wait", Name: "/chat"},
		`sleep 1.5s`:   {Verb: "sleep", Timeout: 1500 * time.Millisecond},
		`help emit`:    {Verb: "help", Name: "emit"},
		`quit`:         {Verb: "quit"},
	} {
		got, err := parser(SocketIO).Parse(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
}

func TestParseOfWebSocketAndSSE(t *testing.T) {
	for line, want := range map[string]Command{
		"send hello":        {Verb: "send", Text: "hello"},
		`send  {"a": 1} `:   {Verb: "send", Text: ` {"a": 1} `},
		"send":              {Verb: "send"},
		"send # no comment": {Verb: "send", Text: "# no comment"},
		"hex 00 ff":         {Verb: "hex", Bytes: []byte{0, 255}},
		"hex 0x00ff":        {Verb: "hex", Bytes: []byte{0, 255}},
		"hex":               {Verb: "hex", Bytes: []byte{}},
		"file two":          {Verb: "file", Bytes: []byte{1, 2}},
		"ping":              {Verb: "ping"},
		"ping are you":      {Verb: "ping", Text: "are you"},
		"close":             {Verb: "close", Number: 1000},
		"close 4001 bye ok": {Verb: "close", Number: 4001, Text: "bye ok"},
	} {
		got, err := parser(WebSocket).Parse(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
	for _, p := range []Protocol{WebSocket, SSE} {
		_, err := parser(p).Parse("wait /chat news")
		assert.ErrorContains(t, err, string(p)+" has no namespaces; if /chat is the event, put it "+
			`in quotes: "/chat"`)
		_, err = parser(p).Parse("wait news =>")
		assert.ErrorContains(t, err, "wait NAME [VALUE…] [TIME]")
	}
	got, err := parser(SSE).Parse("last 7@x y")
	require.NoError(t, err)
	assert.Equal(t, Command{Verb: "last", Text: "7@x y"}, got)
}

// An error says what is wrong, where, and what to write instead.
func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		line   string
		offset int
		says   string
	}{
		{"emitt x", 0, `no command "emitt"; did you mean emit?`},
		{"zzz", 0, `no command "zzz". The commands are: emit, ack`},
		{"send hi", 0, "send is a command of websocket, and this connection speaks socketio"},
		{"emit", 4, "the name of the event is missing"},
		{"emit hi hello", 8, `hello is not JSON; a text needs quotes: "hello"`},
		{`wait chat message`, 10,
			`message is not JSON; a text needs quotes: "message". If it is a part of the name, put both in quotes: "chat message"`},
		{`emit chat message 1`, 10, `put both in quotes: "chat message"`},
		{`emit disconnect`, 5, `"disconnect" is a name that Socket.IO keeps for itself`},
		{`ack connect_error 1`, 4, `"connect_error" is a name that Socket.IO keeps for itself`},
		{"emit hi 'hello'", 8, "JSON has double quotes"},
		{"emit hi {a:1}", 8, "the names of an object need quotes"},
		{`emit hi {"a":1`, 8, "is not closed"},
		{`emit hi "a`, 8, `the quote " is not closed`},
		{`emit 'hi`, 5, "the quote ' is not closed"},
		{`emit hi "a""b"`, 11, "put a space between two values"},
		{`emit hi ,,1`, 9, "a value is missing before the comma"},
		{`emit hi 1 => 2`, 10, "emit NAME VALUE…"},
		{`emit hi @none`, 8, "@none: file does not exist"},
		{`emit hi @`, 8, "@ needs the name of a file"},
		{`emit hi @hex:0`, 8, "want pairs of hexadecimal digits"},
		{`emit hi {"a":@none}`, 13, "@none: file does not exist"},
		{`answer #x`, 7, "want the number of an event"},
		{`join`, 4, "the namespace is missing"},
		{`join /chat 7`, 10, "the payload of join is one JSON object"},
		{`wait news /x`, 10, "the regular expression is not closed"},
		{`wait news /(/`, 10, "missing closing"},
		{`never news`, 10, "want a time with its unit"},
		{`wait /chat`, 5, `if /chat is the event, put it in quotes: "/chat"`},
		{`wait /chat 2s`, 5, "the name of the event after the namespace /chat is missing"},
		{`sleep 5`, 6, "want a time with its unit"},
		{`quit now`, 5, `unexpected "now": quit`},
	} {
		_, err := parser(SocketIO).Parse(c.line)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, c.line)
		assert.Contains(t, err.Error(), c.says, c.line)
		assert.Equal(t, c.offset, syntax.Offset, c.line)
		assert.Regexp(t, `\p{Han}|^@`, lang.Message(err, lang.Chinese), c.line)
	}
	for line, says := range map[string]string{
		"zzz":     `没有命令 "zzz"。可用的命令有：emit, ack`,
		"emitt x": `没有命令 "emitt"；你是想输入 emit 吗？可用的命令有：`,
		"send hi": "send 是 websocket 的命令，而这个连接使用 socketio；可用的命令有：",
		"emit chat message": `message 不是 JSON；字符串要加引号："message"。` +
			`如果它是事件名的一部分，请把两者一起放进引号："chat message"`,
		`wait "a`:       `引号 " 没有闭合`,
		"never b":       "末尾应为带单位的时间，例如 never news 2s",
		"emit":          "缺少事件名",
		"emit hi @none": "@none：没有这个文件或目录",
	} {
		_, err := parser(SocketIO).Parse(line)
		assert.Contains(t, lang.Message(err, lang.Chinese), says, line)
	}
	for line, says := range map[string]string{
		"hex 0":              "want pairs of hexadecimal digits",
		"file none":          "file does not exist",
		"close 999":          "want a code from 1000",
		"close 1006":         "want a code from 1000",
		"close 2000":         "want a code from 1000",
		"close 5000":         "want a code from 1000",
		"close x":            "want a code from 1000",
		"close 1000 " + long: "a close frame holds at most 123",
		"emit x":             "emit is a command of socketio",
	} {
		_, err := parser(WebSocket).Parse(line)
		assert.ErrorContains(t, err, says, line)
	}
}

const long = "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234"

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		value   siopacket.Raw
		match   bool
	}{
		{`*`, raw("null"), true},
		{`"a"`, raw(`"a"`), true},
		{`"a"`, raw(`"\u0061"`), true},
		{`"a"`, raw(`"b"`), false},
		{`1`, raw(`1.0`), true},
		{`1`, raw(`"1"`), true}, // a text that holds JSON
		{`"1"`, raw(`1`), false},
		{`null`, raw(`null`), true},
		{`null`, raw(`{}`), false},
		{`{"a":1}`, raw(`{"b":2,"a":1}`), true},
		{`{"a":{"b":[1]}}`, raw(`{"a":{"b":[1],"c":0}}`), true},
		{`{"a":1}`, raw(`{"a":2}`), false},
		{`{"a":1}`, raw(`{}`), false},
		{`{"a":null}`, raw(`{}`), false},
		{`[1,{"a":1}]`, raw(`[1,{"a":1,"b":2}]`), true},
		{`[1]`, raw(`[1,2]`), false},
		{`{"a":1}`, raw(`"{\"a\":1}"`), true},
		{`/^h.*o$/`, raw(`"hello"`), true},
		{`/^h$/`, raw(`"hello"`), false},
		{`/"a":1/`, raw(`{"a":1}`), true},
		{`/a\/b/`, raw(`"a/b"`), true},
		{`@hex:0102`, raw(placeholder0, []byte{1, 2}), true},
		{`@two`, raw(placeholder0, []byte{1, 2}), true},
		{`@hex:01`, raw(placeholder0, []byte{1, 2}), false},
		{`{"a":@hex:01}`, raw(`{"a":`+placeholder0+`}`, []byte{1}), true},
		{`"x"`, raw(placeholder0, []byte("x")), false},
	} {
		got, err := parser(SocketIO).Parse("wait x " + c.pattern)
		require.NoError(t, err, c.pattern)
		require.Len(t, got.Want, 1)
		assert.Equal(t, c.pattern, got.Want[0].String())
		assert.Equal(t, c.match, got.Want[0].Match(c.value), "%s against %s", c.pattern, c.value)
	}
	got, err := parser(SocketIO).Parse(`expect x 1 * 5s`)
	require.NoError(t, err)
	assert.Equal(t, 5*time.Second, got.Timeout)
	assert.True(t, MatchAll(got.Want, []siopacket.Raw{raw("1"), raw("2")}))
	assert.True(t, MatchAll(got.Want, []siopacket.Raw{raw("1"), raw("2"), raw("3")}))
	assert.False(t, MatchAll(got.Want, []siopacket.Raw{raw("1")}))

	got, err = parser(SocketIO).Parse(`ack x "a" => {"ok":true} 1s`)
	require.NoError(t, err)
	assert.True(t, got.Asserts)
	assert.Equal(t, []siopacket.Raw{raw(`"a"`)}, got.Values)
	assert.True(t, MatchAll(got.Want, []siopacket.Raw{raw(`{"ok":true}`)}))
	assert.Equal(t, time.Second, got.Timeout)
}

func TestComplete(t *testing.T) {
	known := Known{Events: []string{"news", "chat message", "never told"},
		Namespaces: []string{"/", "/chat"}}
	for line, want := range map[string][]string{
		"":            nil,
		"e":           {"emit", "expect", "events"},
		"emit":        {"emit"},
		"emit ":       {"emit news", `emit "chat message"`, `emit "never told"`},
		"emit n":      {"emit news", `emit "never told"`},
		"emit c":      {`emit "chat message"`},
		`emit "c`:     {`emit "chat message"`},
		"emit news 1": nil,
		"join /c":     {"join /chat"},
		"help ac":     {"help ack"},
		"wait /":      {"wait /", "wait /chat"},
		"wait n":      {"wait news", `wait "never told"`},
		"wait /chat ": {"wait /chat news", `wait /chat "chat message"`, `wait /chat "never told"`},
		"never / n":   {"never / news", `never / "never told"`},
		"sleep ":      nil,
		"nope ":       nil,
	} {
		assert.Equal(t, want, parser(SocketIO).Complete(line, known), "%q", line)
	}
	assert.Equal(t, []string{"send"}, parser(WebSocket).Complete("se", known))
}

func TestQuotedNamesAreReadBack(t *testing.T) {
	for _, name := range []string{"news", "chat message", "", "it's", `a"b`, "#1", "\x1b[2J",
		"你好", "a\tb", "\u2028", "/chat"} {
		got, err := parser(SocketIO).Parse("emit " + QuoteName(name))
		require.NoError(t, err, name)
		assert.Equal(t, name, got.Name)
		got, err = parser(SocketIO).Parse("wait " + QuoteName(name))
		require.NoError(t, err, name)
		assert.Equal(t, name, got.Name)
	}
}

// Every verb has its words in both languages, and belongs to a protocol.
func TestVerbs(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Protocols {
		for _, v := range parser(p).Verbs() {
			seen[v.Name] = true
		}
	}
	for _, v := range verbs {
		assert.True(t, seen[v.Name], v.Name)
		assert.NotEmpty(t, v.Help.EN, v.Name)
		assert.NotEmpty(t, v.Help.ZH, v.Name)
		assert.Contains(t, v.Usage, v.Name)
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		`emit "chat message" {"a":[1,@hex:00]} 'x'`, `ack f 1 => {"a":*} 5s`, `wait x /a\/b/ *`,
		"close 1000 x", "hex 0",
		`join /chat {"t":"x"}`, "answer #1 @two", "never a 1s", "send \xff", `emit "\ud800"`,
		`emit x {"a":"\`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, p := range Protocols {
			c, err := parser(p).Parse(line)
			var syntax *SyntaxError
			if err != nil {
				require.True(t, errors.As(err, &syntax), "%v", err)
				require.LessOrEqual(t, syntax.Offset, len(line))
				require.NotEmpty(t, syntax.Error())
				continue
			}
			args := make([]any, len(c.Values))
			for i, v := range c.Values {
				args[i] = v
				for _, want := range c.Want {
					want.Match(v)
				}
			}
			data, attachments, err := siopacket.MarshalArgs(args...)
			if err == nil { // else the user wrote a placeholder or invalid UTF-8
				var values []any
				require.NoError(t, siopacket.Unmarshal(data, attachments, &values))
				require.Len(t, values, len(c.Values))
			}
			parser(p).Complete(line, Known{Events: []string{line}})
		}
	})
}

// TestProtocolNotKnownYet: a line is read before the server has said what it speaks, and checked
// again afterwards.
func TestProtocolNotKnownYet(t *testing.T) {
	for line, of := range map[string][]Protocol{
		"emit x 1":           onlySocketIO,
		"send hi":            onlyWebSocket,
		"wait disconnect":    Protocols,
		"wait /chat news":    onlySocketIO,
		"last 7":             onlySSE,
		"# nothing":          Protocols,
		`reply disconnect 1`: onlySocketIO,
	} {
		c, err := parser("").Parse(line)
		require.NoError(t, err, line)
		for _, p := range Protocols {
			assert.Equal(t, slices.Contains(of, p), parser(p).Check(c) == nil, "%s %s", p, line)
		}
	}
	_, err := parser("").Parse("emit chat message")
	assert.ErrorContains(t, err, "message is not JSON")
	_, err = parser("").Parse("zzz")
	assert.ErrorContains(t, err, "no command")
}
