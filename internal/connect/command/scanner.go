package command

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/siopacket"
)

// A scanner reads one line.
type scanner struct {
	text     string
	at       int
	protocol Protocol // empty: not known yet
	readFile func(name string) ([]byte, error)

	bare    string // the name of an event that was read without quotes
	bareEnd int    // where it ends
}

func (s *scanner) fail(en, zh string, args ...any) error {
	return &SyntaxError{s.at, lang.Errorf(en, zh, args...)}
}

func (s *scanner) end() bool { return s.at >= len(s.text) }

func (s *scanner) rest() string { return s.text[s.at:] }

// space skips spaces.
func (s *scanner) space() {
	for !s.end() && isSpace(s.text[s.at]) {
		s.at++
	}
}

// separator skips spaces and at most one comma between two values.
func (s *scanner) separator() {
	s.space()
	if !s.end() && s.text[s.at] == ',' {
		s.at++
		s.space()
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// word reads up to the next space.
func (s *scanner) word() string {
	start := s.at
	for !s.end() && !isSpace(s.text[s.at]) {
		s.at++
	}
	return s.text[start:s.at]
}

// peekWord is word without moving.
func (s *scanner) peekWord() string {
	before := s.at
	defer func() { s.at = before }()
	return s.word()
}

// name reads a name: a word, or a text in double or single quotes. what is for the error.
func (s *scanner) name(what lang.Text) (string, error) {
	s.space()
	if s.end() {
		return "", s.fail("%s is missing", "缺少%s", what)
	}
	switch s.text[s.at] {
	case '"':
		text, err := s.quoted()
		if err != nil {
			return "", err
		}
		var name string
		if err := json.Unmarshal([]byte(text), &name); err != nil {
			return "", s.fail("%s is not a JSON text: %s", "%s不是 JSON 字符串：%s", what,
				short(text))
		}
		return name, nil
	case '\'':
		name, _, closed := strings.Cut(s.text[s.at+1:], "'")
		if !closed {
			return "", s.fail("the quote ' is not closed", "引号 ' 没有闭合")
		}
		s.at += len(name) + 2
		return name, nil
	}
	return s.word(), nil
}

// namespace reads the namespace before the name of an event: a word that begins with a slash. The
// name of an event that begins with one needs quotes. Without a namespace it returns "".
func (s *scanner) namespace() (string, error) {
	s.space()
	if s.end() || s.text[s.at] != '/' {
		return "", nil
	}
	start := s.at
	name := s.word()
	if err := checkNamespace(name, s.protocol); err != nil {
		s.at = start
		return "", s.fail("%w", "%w", err)
	}
	if s.space(); s.atStop() {
		s.at = start
		return "", s.fail("the name of the event after the namespace %s is missing; "+
			"if %[1]s is the event, put it in quotes: %[2]s",
			"命名空间 %s 之后缺少事件名；如果 %[1]s 就是事件名，请加引号：%[2]s",
			short(name), QuoteName(short(name)))
	}
	return name, nil
}

// checkNamespace returns an error if a protocol has no namespaces.
func checkNamespace(name string, p Protocol) error {
	if p == "" || p == SocketIO {
		return nil
	}
	return lang.Errorf("%s has no namespaces; if %s is the event, put it in quotes: %s",
		"%s 没有命名空间；如果 %s 就是事件名，请加引号：%s",
		p, short(name), QuoteName(short(name)))
}

// eventName reads the name of an event.
func (s *scanner) eventName() (string, error) {
	s.space()
	isBare := !s.end() && s.text[s.at] != '"' && s.text[s.at] != '\''
	name, err := s.name(lang.Text{EN: "the name of the event", ZH: "事件名"})
	if isBare {
		s.bare, s.bareEnd = name, s.at
	}
	return name, err
}

// quoted reads a text in double quotes, and returns it with them.
func (s *scanner) quoted() (string, error) {
	for i := s.at + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '"':
			text := s.text[s.at : i+1]
			s.at = i + 1
			return text, nil
		}
	}
	return "", s.fail("the quote \" is not closed", "引号 \" 没有闭合")
}

// values reads JSON values up to the end, to => or to a time.
func (s *scanner) values() (all []siopacket.Raw, err error) {
	for s.separator(); !s.atStop(); s.separator() {
		v, err := s.value()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// atStop reports whether no value follows.
func (s *scanner) atStop() bool {
	if s.end() {
		return true
	}
	word := s.peekWord()
	return word == "=>" || isTime(word) && strings.TrimSpace(s.text[s.at+len(word):]) == ""
}

// isTime reports whether a word is a time with its unit, such as 500ms. No JSON value looks like
// it.
func isTime(word string) bool {
	d, err := time.ParseDuration(word)
	return err == nil && d > 0 && word != "0"
}

// timeout reads a time at the end of the line, if there is one.
func (s *scanner) timeout() (d time.Duration) {
	s.space()
	if word := s.peekWord(); isTime(word) {
		d, _ = time.ParseDuration(word)
		s.at += len(word)
	}
	return d
}

// value reads one JSON value, in which @FILE and @hex:… stand for bytes.
func (s *scanner) value() (siopacket.Raw, error) {
	start, v := s.at, siopacket.Raw{}
	switch c := s.text[s.at]; c {
	case '"':
		text, err := s.quoted()
		if err != nil {
			return v, err
		}
		v.Text = siopacket.Value(text)
	case '{', '[', '@':
		if err := s.nested(&v); err != nil {
			return v, err
		}
	default:
		word := s.text[s.at:]
		if i := strings.IndexAny(word, " \t,"); i >= 0 {
			word = word[:i]
		}
		v.Text = siopacket.Value(word)
		s.at += len(word)
	}
	if !json.Valid(v.Text) {
		text := s.text[start:s.at]
		s.at = start
		return v, s.notJSON(text)
	}
	if !s.end() && !isSpace(s.text[s.at]) && s.text[s.at] != ',' {
		return v, s.fail("put a space between two values, before %q",
			"两个值之间要有空格：请加在 %q 之前", short(s.rest()))
	}
	return v, nil
}

// notJSON is the error of a text that is no JSON value.
func (s *scanner) notJSON(text string) error {
	switch {
	case text == "":
		return s.fail("a value is missing before the comma", "逗号前缺少一个值")
	case text[0] == '\'':
		return s.fail("JSON has double quotes: write \"…\" in place of '…'",
			"JSON 使用双引号：请写 \"…\"，不要写 '…'")
	case text[0] == '{' || text[0] == '[':
		return s.fail("%s is not JSON; the names of an object need quotes, as in {\"a\":1}",
			"%s 不是 JSON；对象的键要加引号，例如 {\"a\":1}", short(text))
	}
	var both lang.Text
	if s.bare != "" && strings.TrimSpace(s.text[s.bareEnd:s.at]) == "" {
		quoted := QuoteName(short(s.bare + " " + text))
		both = lang.Text{EN: ". If it is a part of the name, put both in quotes: " + quoted,
			ZH: "。如果它是事件名的一部分，请把两者一起放进引号：" + quoted}
	}
	return s.fail("%s is not JSON; a text needs quotes: %s%s",
		"%s 不是 JSON；字符串要加引号：%s%s", short(text), strconv.Quote(short(text)), both)
}

// nested reads an object, an array or @… and puts placeholders where its bytes belong.
func (s *scanner) nested(v *siopacket.Raw) error {
	start, depth := s.at, 0
	for !s.end() {
		switch c := s.text[s.at]; c {
		case '"':
			text, err := s.quoted()
			if err != nil {
				return err
			}
			v.Text = append(v.Text, text...)
			continue
		case '@':
			data, err := s.bytes()
			if err != nil {
				return err
			}
			v.Text = fmt.Appendf(v.Text, `{"_placeholder":true,"num":%d}`, len(v.Attachments))
			v.Attachments = append(v.Attachments, data)
			if depth == 0 {
				return nil
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		v.Text = append(v.Text, s.text[s.at])
		s.at++
		if depth == 0 {
			return nil
		}
	}
	s.at = start
	return s.fail("%s is not closed", "%s 没有闭合", short(s.rest()))
}

var theFile = lang.Text{EN: "the file", ZH: "文件名"}

// bytes reads @FILE, @"FILE" or @hex:….
func (s *scanner) bytes() ([]byte, error) {
	start := s.at
	s.at++
	name, quoted := "", !s.end() && s.text[s.at] == '"'
	if quoted {
		var err error
		if name, err = s.name(theFile); err != nil {
			return nil, err
		}
	} else {
		name = s.rest()
		if i := strings.IndexAny(name, " \t,}]"); i >= 0 {
			name = name[:i]
		}
		s.at += len(name)
	}
	end := s.at
	s.at = start
	if name == "" {
		return nil, s.fail("@ needs the name of a file, or hex: and digits, such as @hex:00ff",
			"@ 后面应为文件名，或 hex: 加数字，例如 @hex:00ff")
	}
	if digits, isHex := strings.CutPrefix(name, "hex:"); isHex && !quoted {
		data, err := hex.DecodeString(digits)
		if err != nil {
			return nil, s.fail("@hex:%s: want pairs of hexadecimal digits, such as @hex:00ff",
				"@hex:%s：应为成对的十六进制数字，例如 @hex:00ff", short(digits))
		}
		s.at = end
		return data, nil
	}
	data, err := s.readFile(name)
	if err != nil {
		return nil, s.fail("@%s: %w", "@%s：%w", short(name), err)
	}
	s.at = end
	return data, nil
}
