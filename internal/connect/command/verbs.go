package command

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/siopacket"
)

// A Verb is the first word of a command.
type Verb struct {
	Name      string
	Usage     string     // how to write it
	Protocols []Protocol // nil: all
	Help      lang.Text

	names bool // the name of an event follows
	parse func(*scanner, *Command) error
}

func (v Verb) in(p Protocol) bool {
	return p == "" || v.Protocols == nil || slices.Contains(v.Protocols, p)
}

// of returns the verb with its usage in a protocol: only Socket.IO has namespaces.
func (v Verb) of(p Protocol) Verb {
	if p == WebSocket || p == SSE {
		v.Usage = strings.Replace(v.Usage, "[NAMESPACE] ", "", 1)
	}
	return v
}

// Verbs lists the verbs of the protocol, in the order of the help.
func (p Parser) Verbs() (all []Verb) {
	for _, v := range verbs {
		if v.in(p.Protocol) {
			all = append(all, v.of(p.Protocol))
		}
	}
	return all
}

var (
	onlySocketIO  = []Protocol{SocketIO}
	onlyWebSocket = []Protocol{WebSocket}
	onlySSE       = []Protocol{SSE}
)

// verbs is the one table of the language: what is read, explained and completed comes from it.
var verbs = []Verb{
	{"emit", `emit NAME VALUE…`, onlySocketIO, lang.Text{
		EN: `send an event: emit "chat message" {"text":"hi"} 7 @photo.png`,
		ZH: `发送事件：emit "chat message" {"text":"hi"} 7 @photo.png`}, true, parseEmit},
	{"ack", `ack NAME VALUE… [=> VALUE…] [TIME]`, onlySocketIO, lang.Text{
		EN: `send an event and wait for its acknowledgement; after =>, what it must be (nothing: it has no arguments)`,
		ZH: `发送事件并等待回执；=> 之后写回执应有的值（什么都不写：回执没有参数）`}, true,
		parseAck},
	{"answer", `answer [#N] VALUE…`, onlySocketIO, lang.Text{
		EN: `acknowledge an event that asks for it: the oldest, or number N`,
		ZH: `给要求回执的事件发回执：最早的一个，或编号为 N 的`}, false, parseAnswer},
	{"reply", `reply NAME VALUE…`, onlySocketIO, lang.Text{
		EN: `from now on, acknowledge each event of that name that asks for it`,
		ZH: `从现在起，自动给要求回执的同名事件发回执`}, true, parseEvent},
	{"join", `join NAMESPACE [OBJECT] [=> VALUE…]`, onlySocketIO, lang.Text{
		EN: `connect to a namespace, with a payload; after =>, the message and data of the refusal that must come (nothing: any refusal)`,
		ZH: `连接到命名空间，可附带数据；=> 之后写服务器拒绝时应给出的消息和数据（什么都不写：任何拒绝）`}, false, parseJoin},
	{"leave", `leave [NAMESPACE]`, onlySocketIO, lang.Text{
		EN: `disconnect from a namespace`,
		ZH: `离开命名空间`}, false, parseOptionalName},
	{"send", `send TEXT`, onlyWebSocket, lang.Text{
		EN: `send a text message: everything after the space`,
		ZH: `发送文本消息：空格之后的全部内容`}, false, parseText},
	{"hex", `hex 00 FF …`, onlyWebSocket, lang.Text{
		EN: `send a binary message`,
		ZH: `发送二进制消息`}, false, parseHex},
	{"file", `file PATH`, onlyWebSocket, lang.Text{
		EN: `send a file as a binary message`,
		ZH: `把文件作为二进制消息发送`}, false, parseFile},
	{"ping", `ping [TEXT]`, onlyWebSocket, lang.Text{
		EN: `send a ping and wait for the pong`,
		ZH: `发送 ping 并等待 pong`}, false, parseText},
	{"close", `close [CODE [REASON]]`, onlyWebSocket, lang.Text{
		EN: `send a close frame, for example close 4001 bye`,
		ZH: `发送关闭帧，例如 close 4001 bye`}, false, parseClose},
	{"last", `last [ID]`, onlySSE, lang.Text{
		EN: `show the last event id; with an ID, reconnect and resume after it`,
		ZH: `显示最后的事件 ID；给出 ID 时，从它之后重新连接`}, false, parseText},
	{"wait", `wait [NAMESPACE] NAME [VALUE…] [TIME]`, nil, lang.Text{
		EN: `wait for an event with these arguments; * is any value, /x/ a regular expression`,
		ZH: `等待带这些参数的事件；* 表示任意值，/x/ 是正则表达式`}, true, parseWait},
	{"expect", `expect [NAMESPACE] NAME [VALUE…] [TIME]`, nil, lang.Text{
		EN: `the next event of that name must have these arguments`,
		ZH: `下一个同名事件的参数必须如此`}, true, parseWait},
	{"never", `never [NAMESPACE] NAME [VALUE…] TIME`, nil, lang.Text{
		EN: `no such event may come for that time`,
		ZH: `在这段时间里不允许出现这样的事件`}, true, parseNever},
	{"sleep", `sleep TIME`, nil, lang.Text{
		EN: `do nothing for that time`,
		ZH: `等待一段时间`}, false, parseSleep},
	{"transport", `transport`, nil, lang.Text{
		EN: `show the transport, the ids and the bytes so far`,
		ZH: `显示传输方式、ID 和已传的字节数`}, false, parseNothing},
	{"cut", `cut`, nil, lang.Text{
		EN: `reset the TCP connections, as a lost network does`,
		ZH: `重置 TCP 连接，如同网络中断`}, false, parseNothing},
	{"connect", `connect`, nil, lang.Text{
		EN: `connect again`,
		ZH: `重新连接`}, false, parseNothing},
	{"disconnect", `disconnect`, []Protocol{SocketIO, SSE}, lang.Text{
		EN: `end the connection`,
		ZH: `断开连接`}, false, parseNothing},
	{"events", `events`, nil, lang.Text{
		EN: `list the event names seen so far`,
		ZH: `列出到目前为止见过的事件名`}, false, parseNothing},
	{"help", `help [COMMAND]`, nil, lang.Text{
		EN: `list the commands, or explain one`,
		ZH: `列出命令，或解释其中一条`}, false, parseOptionalName},
	{"quit", `quit`, nil, lang.Text{
		EN: `close the connection and end`,
		ZH: `关闭连接并退出`}, false, parseNothing},
}

func parseNothing(*scanner, *Command) error { return nil }

// parseEmit reads an event to send.
func parseEmit(s *scanner, c *Command) error {
	start := s.at
	err := parseEvent(s, c)
	if err == nil && siopacket.IsReserved(c.Name) {
		s.at = start
		return s.fail("%q is a name that Socket.IO keeps for itself: no program may emit it",
			"%q 是 Socket.IO 保留的名称，程序不能发送", c.Name)
	}
	return err
}

// parseEvent reads the name of an event and its values.
func parseEvent(s *scanner, c *Command) (err error) {
	if c.Name, err = s.eventName(); err != nil {
		return err
	}
	c.Values, err = s.values()
	return err
}

func parseAck(s *scanner, c *Command) (err error) {
	if err = parseEmit(s, c); err != nil {
		return err
	}
	return s.assertion(c)
}

// assertion reads "=> VALUE…" and a time, both optional.
func (s *scanner) assertion(c *Command) (err error) {
	s.space()
	if s.peekWord() == "=>" {
		s.at += len("=>")
		c.Asserts = true
		if c.Want, err = s.patterns(); err != nil {
			return err
		}
	}
	c.Timeout = s.timeout()
	return nil
}

func parseAnswer(s *scanner, c *Command) (err error) {
	s.space()
	if word := s.peekWord(); strings.HasPrefix(word, "#") {
		if c.Number, err = strconv.Atoi(word[1:]); err != nil || c.Number < 1 {
			return s.fail("%s: want the number of an event, such as #1",
				"%s：应为事件的编号，例如 #1", short(word))
		}
		s.at += len(word)
	}
	c.Values, err = s.values()
	return err
}

func parseJoin(s *scanner, c *Command) (err error) {
	if c.Name, err = s.name(lang.Text{EN: "the namespace", ZH: "命名空间"}); err != nil {
		return err
	}
	start := s.at
	if c.Values, err = s.values(); err != nil {
		return err
	}
	if len(c.Values) > 1 || len(c.Values) == 1 &&
		(c.Values[0].Text[0] != '{' || len(c.Values[0].Attachments) > 0) {
		s.at = start
		return s.fail(`the payload of join is one JSON object, such as {"token":"x"}`,
			`join 的数据是一个 JSON 对象，例如 {"token":"x"}`)
	}
	return s.assertion(c)
}

func parseOptionalName(s *scanner, c *Command) (err error) {
	if s.space(); !s.end() {
		c.Name, err = s.name(lang.Text{EN: "the name", ZH: "名称"})
	}
	return err
}

func parseText(s *scanner, c *Command) error {
	c.Text = s.rest()
	s.at = len(s.text)
	return nil
}

func parseHex(s *scanner, c *Command) (err error) {
	digits := strings.Join(strings.Fields(s.rest()), "")
	if c.Bytes, err = hex.DecodeString(strings.TrimPrefix(digits, "0x")); err != nil {
		return s.fail("want pairs of hexadecimal digits, such as hex 00 ff",
			"应为成对的十六进制数字，例如 hex 00 ff")
	}
	s.at = len(s.text)
	return nil
}

func parseFile(s *scanner, c *Command) error {
	name, err := s.name(theFile)
	if err != nil {
		return err
	}
	if c.Bytes, err = s.readFile(name); err != nil {
		return s.fail("%w", "%w", err)
	}
	return nil
}

// Codes that a program may send in a close frame (RFC 6455 §7.4).
const (
	normalClosure = 1000
	lastOfRFC     = 1014
	firstOfOthers = 3000
	lastOfOthers  = 4999
)

func parseClose(s *scanner, c *Command) (err error) {
	c.Number = normalClosure
	s.space()
	if s.end() {
		return nil
	}
	word := s.peekWord()
	c.Number, err = strconv.Atoi(word)
	reserved := slices.Contains([]int{1004, 1005, 1006}, c.Number)
	inRFC := c.Number >= normalClosure && c.Number <= lastOfRFC && !reserved
	if err != nil || !inRFC && (c.Number < firstOfOthers || c.Number > lastOfOthers) {
		return s.fail(
			"close %s: want a code from 1000 to 1014 except 1004, 1005 "+
				"and 1006, or from 3000 to 4999",
			"close %s：关闭码应为 1000 到 1014（1004、1005、1006 除外）或 3000 到 4999",
			short(word))
	}
	s.at += len(word)
	s.space()
	c.Text = s.rest()
	if len(c.Text) > maxReason {
		return s.fail("the reason has %s; a close frame holds at most %d",
			"关闭原因有 %d 字节；关闭帧最多 %d 字节",
			lang.Counted(len(c.Text), "byte"), maxReason)
	}
	s.at = len(s.text)
	return nil
}

// maxReason is the size of the longest reason in a close frame: 125 bytes without the code.
const maxReason = 123

func parseWait(s *scanner, c *Command) (err error) {
	if c.From, err = s.namespace(); err != nil {
		return err
	}
	if c.Name, err = s.eventName(); err != nil {
		return err
	}
	if c.Want, err = s.patterns(); err != nil {
		return err
	}
	c.Asserts, c.Timeout = len(c.Want) > 0, s.timeout()
	return nil
}

func parseNever(s *scanner, c *Command) error {
	if err := parseWait(s, c); err != nil {
		return err
	}
	if c.Timeout == 0 {
		return s.fail("want a time with its unit at the end, such as never news 2s",
			"末尾应为带单位的时间，例如 never news 2s")
	}
	return nil
}

func parseSleep(s *scanner, c *Command) error {
	if c.Timeout = s.timeout(); c.Timeout == 0 {
		return s.fail("want a time with its unit, such as 500ms or 2s",
			"应为带单位的时间，例如 500ms 或 2s")
	}
	return nil
}
