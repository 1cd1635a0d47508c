package xray

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/net/http2"
)

// frameName returns the name of a type of frame.
func frameName(t http2.FrameType) string {
	if meaning, ok := frameMeanings[t]; ok {
		return meaning.name
	}
	return fmt.Sprintf("0x%02x", uint8(t))
}

// http2Summary returns the summary of a frame: its type, its stream and what it says.
func http2Summary(h http2.FrameHeader, what Text) Text {
	flags := ""
	if names := flagNames(h); len(names) > 0 {
		flags = " · " + strings.Join(names, " ")
	}
	on := Text{}
	if h.StreamID != 0 {
		on = say(" · stream %d", " · 流 %d", h.StreamID)
	}
	return Text{EN: frameName(h.Type) + on.EN + flags + " · " + what.EN,
		ZH: frameName(h.Type) + on.ZH + flags + " · " + what.ZH}
}

func settingsSummary(h http2.FrameHeader, f *http2.SettingsFrame) Text {
	if f.IsAck() {
		return http2Summary(h, say("the other side's settings are in effect", "对方的设置已生效"))
	}
	var all []string
	f.ForeachSetting(func(v http2.Setting) error {
		all = append(all, fmt.Sprintf("%s %d", v.ID, v.Val))
		return nil
	})
	if len(all) == 0 {
		return http2Summary(h, say("the defaults", "默认值"))
	}
	return http2Summary(h, same(printable(strings.Join(all, ", "), shown)))
}

// flagNames returns the names of a frame's flags.
func flagNames(h http2.FrameHeader) (names []string) {
	for _, f := range frameFlags {
		if h.Flags.Has(f.flag) && strings.Contains(f.types, " "+frameName(h.Type)+" ") {
			names = append(names, f.name)
		}
	}
	return names
}

// frameFlags are the flags and the types of frames that have them (RFC 9113 §6).
var frameFlags = []struct {
	flag        http2.Flags
	name, types string
	meaning     Text
}{
	{http2.FlagDataEndStream, "END_STREAM", " DATA HEADERS ",
		say("this side sends no more on the stream", "本方不再在这个流上发送")},
	{http2.FlagSettingsAck, "ACK", " SETTINGS PING ",
		say("this answers the other side's frame", "这是对对方那一帧的回应")},
	{http2.FlagHeadersEndHeaders, "END_HEADERS", " HEADERS PUSH_PROMISE CONTINUATION ",
		say("the header block ends here; otherwise CONTINUATION follows",
			"头部块到此结束；否则后面还有 CONTINUATION")},
	{http2.FlagDataPadded, "PADDED", " DATA HEADERS PUSH_PROMISE ",
		say("padding hides the length of the content", "用填充隐藏内容的长度")},
	{http2.FlagHeadersPriority, "PRIORITY", " HEADERS ",
		say("five bytes of priority come first, which servers now ignore",
			"前面有五字节优先级，如今的服务器会忽略")},
}

// frameMeanings describes the types of frames.
var frameMeanings = map[http2.FrameType]struct {
	name    string
	meaning Text
	spec    string
}{
	http2.FrameData: {"DATA", say("a piece of a body", "正文的一段"), "RFC 9113 §6.1"},
	http2.FrameHeaders: {"HEADERS", say("opens a stream with a request, or answers on it",
		"用一个请求打开流，或在流上作出响应"), "RFC 9113 §6.2"},
	http2.FramePriority: {"PRIORITY",
		say("what to send first; deprecated", "先发送什么；已废弃"), "RFC 9113 §6.3"},
	http2.FrameRSTStream: {"RST_STREAM",
		say("ends one stream at once, and keeps the connection", "立即结束一个流，连接不受影响"),
		"RFC 9113 §6.4"},
	http2.FrameSettings: {"SETTINGS", say("what this side accepts", "本方能接受什么"),
		"RFC 9113 §6.5"},
	http2.FramePushPromise: {"PUSH_PROMISE",
		say("announces a response without a request; browsers no longer support it",
			"预告一个没人请求的响应；浏览器已不再支持"), "RFC 9113 §6.6"},
	http2.FramePing: {"PING", say("is the other side still there?", "对方还在吗？"),
		"RFC 9113 §6.7"},
	http2.FrameGoAway: {"GOAWAY", say("ends the connection once its requests are answered",
		"等请求都得到响应后结束连接"), "RFC 9113 §6.8"},
	http2.FrameWindowUpdate: {"WINDOW_UPDATE",
		say("backpressure: how much more DATA the other side may send",
			"背压：对方还可以发送多少 DATA"), "RFC 9113 §6.9"},
	http2.FrameContinuation: {"CONTINUATION", say("continues a header block", "头部块的后续部分"),
		"RFC 9113 §6.10"},
	http2.FramePriorityUpdate: {"PRIORITY_UPDATE", say("what to send first", "先发送什么"),
		"RFC 9218 §7.1"},
}

var (
	dataMeaning    = say("a piece of the body", "正文的一段")
	paddingMeaning = say("zeros, to hide the length", "用零填充，隐藏长度")
	blockMeaning   = say(
		"header fields, compressed with HPACK: an index into a table, or a name and a value",
		"用 HPACK 压缩的头部字段：表中的编号，或名字和值")
	streamMeaning = say(
		"the stream: requests of the client have odd numbers, and 0 is the connection",
		"流的编号：客户端的请求用奇数，0 表示整条连接")
	errorMeaning = say("why", "原因")
)

// http2Fields splits a frame, or the beginning of a DATA frame, into fields.
func http2Fields(r *Row) []Field {
	var l fieldList
	h := http2.FrameHeader{
		Length: uint32(r.Data[0])<<16 | uint32(r.Data[1])<<8 | uint32(r.Data[2]),
		Type:   http2.FrameType(r.Data[3]),
		Flags:  http2.Flags(r.Data[4]), StreamID: binary.BigEndian.Uint32(r.Data[5:]) &^ (1 << 31),
	}
	l.add(3, "length", fmt.Sprint(h.Length),
		say("how many bytes follow these nine", "这九个字节之后还有多少字节"), "RFC 9113 §4.1")
	known, ok := frameMeanings[h.Type]
	if !ok {
		known.meaning, known.spec = say("an extension, which is ignored if unknown",
			"扩展，不认识就忽略"), "RFC 9113 §5.5"
	}
	l.add(1, "type", frameName(h.Type), known.meaning, known.spec)
	flags := l.add(1, "flags", strings.Join(flagNames(h), " "),
		say("options of this type of frame", "这类帧的选项"), "RFC 9113 §4.1")
	for _, f := range frameFlags {
		if h.Flags.Has(f.flag) && strings.Contains(f.types, " "+frameName(h.Type)+" ") {
			flags.Parts = append(flags.Parts, Field{Name: f.name, Start: flags.Start,
				End: flags.End, Meaning: f.meaning, Spec: known.spec})
		}
	}
	l.add(4, "stream", fmt.Sprint(h.StreamID), streamMeaning, "RFC 9113 §4.1")

	rest := func() int { return len(r.Data) - l.at }
	add := func(n int, name string, value func(p []byte) string, meaning Text) {
		if n = min(n, rest()); n > 0 {
			l.add(n, name, value(r.Data[l.at:l.at+n]), meaning, known.spec)
		}
	}
	pad := 0
	if h.Flags.Has(http2.FlagDataPadded) && (h.Type == http2.FrameData ||
		h.Type == http2.FrameHeaders || h.Type == http2.FramePushPromise) && rest() > 0 {
		pad = int(r.Data[l.at])
		add(1, "pad length", number, say("bytes of padding at the end", "末尾填充的字节数"))
		pad = max(0, min(pad-(int(h.Length)+frameHead-len(r.Data)), rest()))
	}
	switch h.Type {
	case http2.FrameData:
		add(rest()-pad, "data", noValue, dataMeaning)
	case http2.FrameHeaders, http2.FrameContinuation, http2.FramePushPromise:
		if h.Type == http2.FrameHeaders && h.Flags.Has(http2.FlagHeadersPriority) {
			add(min(5, rest()-pad), "priority", noValue,
				say("the stream that it depends on, and its weight", "所依赖的流和权重"))
		}
		if h.Type == http2.FramePushPromise {
			add(min(4, rest()-pad), "promised stream", number, streamMeaning)
		}
		add(rest()-pad, "header block", noValue, blockMeaning)
	case http2.FrameRSTStream:
		add(4, "error code", errorCode, errorMeaning)
	case http2.FrameSettings:
		for rest() >= 6 {
			id := http2.SettingID(binary.BigEndian.Uint16(r.Data[l.at:]))
			add(6, id.String(), func(p []byte) string {
				return number(p[2:])
			}, lookUp(settingMeanings, id, say("a setting", "一项设置")))
		}
	case http2.FramePing:
		add(8, "opaque data", noValue,
			say("eight bytes that the answer repeats", "八个字节，回应时原样返回"))
	case http2.FrameGoAway:
		add(4, "last stream", number, say("requests up to this stream may have been served",
			"这个流及之前的请求可能已被处理"))
		add(4, "error code", errorCode, errorMeaning)
		add(rest(), "debug data", func(p []byte) string {
			return printable(p, shown)
		}, say("for people", "给人看的"))
	case http2.FrameWindowUpdate:
		add(4, "increment", number, say("this many more bytes of DATA may be sent",
			"还可以再发送这么多字节的 DATA"))
	}
	if pad > 0 {
		add(pad, "padding", noValue, paddingMeaning)
	}
	add(rest(), "payload", noValue, say("the rest of the frame", "帧的其余部分"))
	return l.all
}

func noValue([]byte) string { return "" }

func number(p []byte) string {
	n := uint64(0)
	for _, b := range p {
		n = n<<8 | uint64(b)
	}
	return fmt.Sprint(n)
}

func errorCode(p []byte) string {
	if len(p) < 4 {
		return ""
	}
	return http2.ErrCode(binary.BigEndian.Uint32(p)).String()
}

var settingMeanings = map[http2.SettingID]Text{
	http2.SettingHeaderTableSize: say("bytes of HPACK's table that this side keeps",
		"本方保存的 HPACK 表的字节数"),
	http2.SettingEnablePush: say("whether the server may push", "服务器能否推送"),
	http2.SettingMaxConcurrentStreams: say("how many requests may be open at a time",
		"同时可以有多少个请求"),
	http2.SettingInitialWindowSize: say(
		"bytes of DATA that may be sent on a new stream before WINDOW_UPDATE",
		"新的流在 WINDOW_UPDATE 之前可以发送多少字节的 DATA"),
	http2.SettingMaxFrameSize: say("the largest payload of a frame", "帧载荷的最大字节数"),
	http2.SettingMaxHeaderListSize: say("the largest head, uncompressed",
		"头部解压后的最大字节数"),
	http2.SettingEnableConnectProtocol: say("whether a stream can become a WebSocket (RFC 8441)",
		"流能否变成 WebSocket（RFC 8441）"),
	http2.SettingNoRFC7540Priorities: say("this side ignores the old priorities",
		"本方忽略旧的优先级"),
}
