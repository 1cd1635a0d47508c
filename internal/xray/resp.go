package xray

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// respSpec names the specification of RESP, the protocol of Redis.
const respSpec = "RESP3"

// A respValue is one value of RESP, in its version 2 or 3:
//
//	*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$2\r\nhi\r\n   a command: an array of bulk strings
//	:2\r\n                                              its reply: an integer
//	>3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$2\r\nhi\r\n   a push, which no command asked for
type respValue struct {
	kind       byte // the first byte
	start, end int  // in the buffer
	text       []byte
	textAt     int // offset of text in the buffer
	items      []respValue
	null       bool
}

// Limits of a value.
const (
	maxRESPDepth = 32
	maxRESPItems = 100_000
	maxRESPLine  = 4 << 10 // bytes of a header, or of a value on one line; only an error is longer
)

var errRESPIncomplete = errors.New("incomplete")

// A respError is a breach of the protocol.
type respError struct {
	offset int
	reason Text
}

func (e *respError) Error() string { return fmt.Sprintf("%s at byte %d", e.reason.EN, e.offset) }

// respReader reads one value, whose items it counts.
type respReader struct {
	buf   []byte
	items int
}

// value reads the value at that offset.
func (r *respReader) value(at, depth int) (v respValue, err error) {
	line := bytes.IndexByte(r.buf[at:], '\n')
	if line < 0 {
		if len(r.buf)-at > maxRESPLine {
			return v, &respError{at, say("a line of more than %d bytes", "一行超过 %d 字节",
				maxRESPLine)}
		}
		return v, errRESPIncomplete
	}
	if line < 2 || r.buf[at+line-1] != '\r' {
		return v, &respError{at, say("a line that does not end with CR LF",
			"一行没有以 CR LF 结尾")}
	}
	head := r.buf[at+1 : at+line-1]
	v = respValue{kind: r.buf[at], start: at, end: at + line + 1, text: head, textAt: at + 1}
	switch v.kind {
	case '+', '-', ':', '_', '#', ',', '(':
		v.null = v.kind == '_'
		return v, nil
	case '$', '!', '=', '*', '~', '>', '%', '|':
	default:
		return v, &respError{at, say("no value begins with byte 0x%02x",
			"没有任何值以字节 0x%02x 开头", v.kind)}
	}
	n, err := strconv.Atoi(string(head))
	if err != nil || n < -1 {
		return v, &respError{at + 1, say("the length %q is not a number", "长度 %q 不是数字",
			printable(head, 40))}
	}
	if n == -1 { // the null of version 2
		v.null, v.text = true, nil
		return v, nil
	}
	switch v.kind {
	case '$', '!', '=':
		return r.bulk(v, n)
	case '%', '|':
		n *= 2
	}
	return r.aggregate(v, n, depth)
}

// bulk reads n bytes and their line end.
func (r *respReader) bulk(v respValue, n int) (respValue, error) {
	if n > maxWhole {
		return v, &respError{v.start, say("a string of %s is too long to be shown",
			"长度 %d 字节的字符串太长，不予显示", inBytes(n))}
	}
	if len(r.buf) < v.end+n+2 {
		return v, errRESPIncomplete
	}
	v.textAt, v.text = v.end, r.buf[v.end:v.end+n]
	v.end += n + 2
	if string(r.buf[v.end-2:v.end]) != "\r\n" {
		return v, &respError{v.end - 2,
			say("a string that is longer than its length says", "字符串比它声明的长度更长")}
	}
	return v, nil
}

// aggregate reads n items. After an attribute ('|') follows the value that it describes.
func (r *respReader) aggregate(v respValue, n, depth int) (respValue, error) {
	if depth >= maxRESPDepth || n > maxRESPItems || r.items+n > maxRESPItems {
		return v, &respError{v.start, say("too many values, or nested too deep",
			"值太多，或者嵌套太深")}
	}
	r.items += n
	v.text = nil
	more := n
	if v.kind == '|' {
		more++
	}
	for range more {
		item, err := r.value(v.end, depth+1)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		v.end = item.end
	}
	return v, nil
}

// aggregates reports whether the value consists of other values.
func (v respValue) aggregates() bool { return strings.IndexByte("*~>%|", v.kind) >= 0 }

// string returns the text of an item, or "".
func (v respValue) string(i int) string {
	if i >= len(v.items) {
		return ""
	}
	return string(v.items[i].text)
}

// brief shows a value on one line of about limit bytes.
func (v respValue) brief(limit int) string {
	switch {
	case v.null:
		return "null"
	case !v.aggregates():
		return preview(v.text[:min(len(v.text), limit)])
	}
	var b strings.Builder
	b.WriteString("[")
	for i, item := range v.items {
		if i > 0 {
			b.WriteString(" ")
		}
		if b.Len() > limit {
			b.WriteString("…")
			break
		}
		b.WriteString(item.brief(limit / 2))
	}
	return b.String() + "]"
}

// respMeanings explains the first byte of a value.
var respMeanings = map[byte]Text{
	'+': say("a short text", "一段短文本"),
	'-': say("an error", "一个错误"),
	':': say("an integer", "一个整数"),
	'_': say("null", "空值"),
	'#': say("true or false", "真或假"),
	',': say("a number with a fraction", "一个小数"),
	'(': say("a large integer", "一个大整数"),
	'$': say("a string: first its length in bytes, then its bytes", "字符串：先是字节数，再是内容"),
	'!': say("an error as a string", "以字符串表示的错误"),
	'=': say("a string with its format", "带格式的字符串"),
	'*': say("an array: first the number of its elements, then the elements",
		"数组：先是元素个数，再是各个元素"),
	'~': say("a set", "一个集合"),
	'>': say("a push: an array that no command asked for", "推送：没有命令要求过的数组"),
	'%': say("a map: first the number of its pairs, then keys and values in turn",
		"映射：先是键值对的个数，再是交替的键与值"),
	'|': say("attributes of the value that follows", "后面那个值的属性"),
}

// respFields splits a value into its header and its items. names holds the names of the first
// items; its last name also names all further items.
func respFields(data []byte, names []string) []Field {
	r := respReader{buf: data}
	v, err := r.value(0, 0)
	var l fieldList
	if err != nil || !v.aggregates() || v.null {
		l.add(len(data), respName(data),
			printable(strings.TrimRight(string(data[min(1, len(data)):]), "\r\n"), 4*shown),
			respMeanings[data[0]], respSpec)
		return l.all
	}
	head := v.end
	if len(v.items) > 0 {
		head = v.items[0].start
	}
	l.add(head, respName(data), printable(data[1:head-2], 40), respMeanings[v.kind], respSpec)
	for i, item := range v.items {
		name := "element"
		if len(names) > 0 {
			name = names[min(i, len(names)-1)]
		}
		f := l.add(item.end-item.start, name, item.brief(4*shown), respMeanings[item.kind],
			respSpec)
		if item.textAt > item.start+1 && len(item.text) > 0 {
			f.Parts = []Field{
				{Name: "length", Start: item.start, End: item.textAt,
					Value:   printable(data[item.start:item.textAt-2], 40),
					Meaning: respMeanings[item.kind], Spec: respSpec},
				{Name: name, Start: item.textAt, End: item.textAt + len(item.text),
					Value: printable(item.text, 4*shown), Meaning: say("the content", "内容"),
					Spec: respSpec},
			}
		}
	}
	return l.all
}

// respName names a value by its first byte.
func respName(data []byte) string {
	name := map[byte]string{
		'+': "text", '-': "error", ':': "integer", '_': "null", '#': "boolean", ',': "double",
		'(': "big number", '$': "string",
		'!': "error", '=': "verbatim string", '*': "array", '~': "set", '>': "push", '%': "map",
		'|': "attributes",
	}[data[0]]
	if name == "" {
		return "value"
	}
	return name
}
