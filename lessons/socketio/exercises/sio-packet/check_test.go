//go:build exercise

package siopacket_test

import (
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/sio-packet"
)

func id(n uint64) *uint64 { return &n }

var packets = []struct {
	text   string
	packet Packet
	en, zh string
}{
	{`2["hello",1]`, Packet{2, "/", nil, `["hello",1]`},
		"An EVENT in the main namespace, which is not written.",
		"主命名空间里的 EVENT，主命名空间不写出来。"},
	{`2/admin,["hello"]`, Packet{2, "/admin", nil, `["hello"]`},
		"Any other namespace is written, with a comma after it.",
		"别的命名空间要写出来，后面跟一个逗号。"},
	{`2/admin,12["delete",7]`, Packet{2, "/admin", id(12), `["delete",7]`},
		"The ack id stands after the namespace and before the data.",
		"回执编号在命名空间之后、数据之前。"},
	{`20["ferret","tobi"]`, Packet{2, "/", id(0), `["ferret","tobi"]`},
		"0 is an ack id like any other: no id is nil, and 0 is not nil.",
		"0 和别的回执编号一样：没有编号是 nil，而 0 不是 nil。"},
	{`3/admin,12["done"]`, Packet{3, "/admin", id(12), `["done"]`},
		"An ACK carries the id that it answers.", "ACK 带着它所对应的编号。"},
	{`0/admin,`, Packet{0, "/admin", nil, ""}, "A CONNECT may have no data.",
		"CONNECT 可以没有数据。"},
	{`0{"sid":"a,b"}`, Packet{0, "/", nil, `{"sid":"a,b"}`},
		"A comma inside the JSON ends no namespace.", "JSON 里面的逗号不会结束命名空间。"},
	{`2["/not,a namespace"]`, Packet{2, "/", nil, `["/not,a namespace"]`},
		"A namespace begins right after the type, nowhere else.",
		"命名空间紧跟在类型后面，不会在别处。"},
}

func TestEncode(t *testing.T) {
	for _, c := range packets {
		check.Wire(t, check.Packet, []byte(Encode(c.packet)), []byte(c.text), c.en, c.zh)
	}
}

func TestDecode(t *testing.T) {
	for _, c := range packets {
		got, err := Decode(c.text)
		if err != nil {
			check.Fail(t, "Reading %s: %v. "+c.en, "读取 %s：%v。"+c.zh, c.text, err)
		}
		check.Value(t, "type", got.Type, c.packet.Type, "Reading "+c.text+": "+c.en,
			"读取 "+c.text+"："+c.zh)
		check.Value(t, "namespace", got.Namespace, c.packet.Namespace, "Reading "+c.text+": "+c.en,
			"读取 "+c.text+"："+c.zh)
		check.Value(t, "ack id", show(got.ID), show(c.packet.ID), "Reading "+c.text+": "+c.en,
			"读取 "+c.text+"："+c.zh)
		check.Value(t, "data", got.Data, c.packet.Data, "Reading "+c.text+": "+c.en,
			"读取 "+c.text+"："+c.zh)
	}
}

func show(id *uint64) any {
	if id == nil {
		return "none"
	}
	return *id
}

func TestNonsense(t *testing.T) {
	for _, c := range []struct{ text, en, zh string }{
		{"", "there is nothing", "什么都没有"},
		{"7", "7 is not a type", "7 不是类型"},
		{"hello", "h is not a type", "h 不是类型"},
		{`2/admin["x"]`, "the namespace has no comma", "命名空间后面没有逗号"},
		{`2/admin12["x"]`, "the namespace has no comma", "命名空间后面没有逗号"},
		{"2/admin", "the namespace has no comma", "命名空间后面没有逗号"},
		{"2", "an EVENT has a name, in JSON", "EVENT 要有名字，写在 JSON 里"},
		{"312", "an ACK has an array, even an empty one", "ACK 要有数组，哪怕是空的"},
		{`0/admin,{`, "the JSON is cut off", "JSON 被截断了"},
		{`2[1] [2]`, "after the JSON nothing may follow", "JSON 后面不能再有东西"},
		{`2["some`, "the JSON is cut off", "JSON 被截断了"},
		{`2999999999999999999999[]`, "the id is larger than any number here",
			"编号比这里任何数都大"},
	} {
		if p, err := read(t, c.text); err == nil {
			check.Fail(t, "%q was taken for a packet of type %d in %q with the data %q, but "+c.en+
				".", "%q 被当成了类型 %d 的数据包，命名空间 %q，数据 %q，可是"+c.zh+"。", c.text,
				p.Type, p.Namespace, p.Data)
		}
	}
}

// read decodes, and makes a panic a lesson.
func read(t *testing.T, text string) (p Packet, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			check.Panicked(t, problem,
				"%q comes from the network, and the server is gone: Decode panicked with %v.",
				"%q 从网络上来，服务器就没了：Decode panic 了，%v。", text, problem)
		}
	}()
	return Decode(text)
}
