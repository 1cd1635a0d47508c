package filter

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// An Error says what is wrong with a filter.
type Error struct {
	At   int       // character, from 0
	Says lang.Text // a phrase without a full stop
}

// Error returns the place and the reason, in English.
func (e *Error) Error() string { return e.In(lang.English) }

// In returns the same in a language.
func (e *Error) In(l lang.Lang) string {
	at := strconv.Itoa(e.At + 1)
	return lang.Text{EN: "character " + at + ": " + e.Says.EN,
		ZH: "第 " + at + " 个字符：" + e.Says.ZH}.In(l)
}

// Parse reads a filter. Its errors are of type *Error.
func Parse(text string) (Filter, error) {
	p := parser{runes: []rune(text)}
	if len(p.runes) > MaxLength {
		return Filter{}, p.fail(MaxLength, "a filter has at most %d characters",
			"筛选条件最多 %d 个字符", MaxLength)
	}
	for p.space(); p.at < len(p.runes); p.space() {
		if err := p.term(); err != nil {
			return Filter{}, err
		}
	}
	return p.filter, nil
}

// parser reads a filter from left to right.
type parser struct {
	runes  []rune
	at     int
	filter Filter
}

func (p *parser) fail(at int, en, zh string, args ...any) *Error {
	return &Error{at, lang.Text{EN: sprintf(en, args), ZH: sprintf(zh, args)}}
}

func (p *parser) space() {
	for p.at < len(p.runes) && unicode.IsSpace(p.runes[p.at]) {
		p.at++
	}
}

// peek returns the next character, or 0 at the end.
func (p *parser) peek() rune {
	if p.at < len(p.runes) {
		return p.runes[p.at]
	}
	return 0
}

// term reads one term.
func (p *parser) term() error {
	not := false
	if p.peek() == '-' && p.at+1 < len(p.runes) && !unicode.IsSpace(p.runes[p.at+1]) &&
		p.runes[p.at+1] != '>' {
		not = true
		p.at++
	}
	start := p.at
	switch p.peek() {
	case '"':
		text, err := p.quoted()
		if err != nil {
			return err
		}
		return p.search(start, not, newNeedle(text))
	case '/':
		return p.pattern(not)
	}
	word := p.word()
	if key, value, found := strings.Cut(word, ":"); found && keys[key] != nil {
		return p.keyed(start, not, key, value)
	}
	if at := max(strings.IndexAny(word, "<>="), 0); numbers[word[:at]] != nil {
		return p.number(start, not, word[:at], word[at:])
	}
	if passes := shown(word); passes != nil {
		p.add(not, passes)
		return nil
	}
	if strings.HasPrefix(word, "#") {
		return p.fail(start,
			"# wants the number of a connection, such as #3; a word needs quotes: \"#x\"",
			"# 后面应是连接的编号，例如 #3；要查找文字请加引号：\"#x\"")
	}
	return p.search(start, not, newNeedle(p.hex(word)))
}

func (p *parser) add(not bool, passes func(*xray.Row) bool) {
	p.filter.terms = append(p.filter.terms, term{not, -1, passes})
}

func (p *parser) search(start int, not bool, n needle) error {
	if len(p.filter.needles) == MaxNeedles {
		return p.fail(start, "a filter searches for at most %d texts", "筛选条件最多查找 %d 个文本",
			MaxNeedles)
	}
	if n.pattern == nil && len(n.text) == 0 {
		return p.fail(start, "an empty text", "文本是空的")
	}
	p.filter.terms = append(p.filter.terms, term{not: not, needle: len(p.filter.needles)})
	p.filter.needles = append(p.filter.needles, n)
	return nil
}

// word reads up to the next space. A quote after a key begins a value, which may have spaces.
func (p *parser) word() string {
	start := p.at
	for p.at < len(p.runes) && !unicode.IsSpace(p.runes[p.at]) {
		p.at++
		if p.runes[p.at-1] == ':' && p.peek() == '"' {
			if word := string(p.runes[start:p.at]); keys[word[:len(word)-1]] != nil {
				return word
			}
		}
	}
	return string(p.runes[start:p.at])
}

// hex joins a word of two hexadecimal digits with the next ones: 81 05 is one term.
func (p *parser) hex(word string) string {
	for pair(word[max(0, len(word)-2):]) && (len(word) == 2 || word[len(word)-3] == ' ') {
		at := p.at
		p.space()
		next := p.word()
		if !pair(next) {
			p.at = at
			break
		}
		word += " " + next
	}
	return word
}

func pair(s string) bool {
	const digits = "0123456789abcdefABCDEF"
	return len(s) == 2 && strings.Trim(s, digits) == ""
}

// quoted reads a text in quotes. A backslash takes the next character as it is.
func (p *parser) quoted() (string, error) {
	var b strings.Builder
	start := p.at
	for p.at++; p.at < len(p.runes); p.at++ {
		switch r := p.runes[p.at]; {
		case r == '"':
			p.at++
			return b.String(), nil
		case r == '\\' && p.at+1 < len(p.runes):
			p.at++
			b.WriteRune(p.runes[p.at])
		default:
			b.WriteRune(r)
		}
	}
	return "", p.fail(start, "the closing quote is missing", "缺少后引号")
}

// pattern reads a regular expression between slashes. A slash alone, or a path, is a word.
func (p *parser) pattern(not bool) error {
	start := p.at
	end := -1
	for i := start + 1; i < len(p.runes) && end < 0; i++ {
		switch p.runes[i] {
		case '\\':
			i++
		case '/':
			end = i
		}
	}
	if end < 0 || end+1 < len(p.runes) && !unicode.IsSpace(p.runes[end+1]) {
		return p.search(start, not, newNeedle(p.word()))
	}
	source := string(p.runes[start+1 : end])
	p.at = end + 1
	if source == "" {
		return p.fail(start, "an empty regular expression", "正则表达式是空的")
	}
	if at := foreign(source); at >= 0 {
		return p.fail(start+1+at,
			"this is not in the regular expressions of the filter, which take "+
				"what JavaScript and Go have in common",
			"筛选条件的正则表达式没有这种写法：只支持 JavaScript 与 Go 共有的部分")
	}
	pattern, err := regexp.Compile("(?i)" + strings.ReplaceAll(source, `\/`, "/"))
	if err != nil {
		return p.fail(start, "not a regular expression", "不是合法的正则表达式")
	}
	return p.search(start, not, needle{pattern: pattern})
}

// foreign returns the character from which a regular expression has something that only one of Go
// and JavaScript knows, or -1.
func foreign(source string) int {
	runes := []rune(source)
	for i := 0; i < len(runes); i++ {
		switch rest := string(runes[i:]); {
		case runes[i] == '\\':
			if i+1 == len(runes) || !strings.ContainsRune(`dDwWsSbBnrtfv.*+?()[]{}|^$\/-`,
				runes[i+1]) {
				return i
			}
			i++
		case strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(?:"),
			strings.HasPrefix(rest, "[[:"):
			return i
		}
	}
	return -1
}

// numbers lists the words before a comparison, and what each compares of a row.
var numbers = map[string]func(*xray.Row) uint64{
	"size": func(r *xray.Row) uint64 { return uint64(r.Size) },
	"row":  func(r *xray.Row) uint64 { return r.ID },
}

// number reads size>100, row=54 and their like.
func (p *parser) number(start int, not bool, key, rest string) error {
	digits := strings.TrimLeft(rest, "<>=")
	operator := rest[:len(rest)-len(digits)]
	n, err := strconv.ParseUint(digits, 10, 63)
	holds := comparisons[operator]
	switch {
	case err == nil && holds != nil:
	case key == "row":
		return p.fail(start, "row wants a comparison and the number of a row, such as row=54",
			"row 需要比较符和行号，例如 row=54")
	default:
		return p.fail(start, "size wants a comparison and a number of bytes, such as size>100",
			"size 需要比较符和字节数，例如 size>100")
	}
	of := numbers[key]
	p.add(not, func(r *xray.Row) bool { return holds(cmp.Compare(of(r), n)) })
	return nil
}

var comparisons = map[string]func(order int) bool{
	">": func(o int) bool { return o > 0 }, "<": func(o int) bool { return o < 0 },
	">=": func(o int) bool {
		return o >= 0
	}, "<=": func(o int) bool { return o <= 0 }, "=": func(o int) bool { return o == 0 },
}

// shown reads what a row shows: #3 and the arrows. It returns nil for other words.
func shown(word string) func(*xray.Row) bool {
	switch word {
	case "→", "->":
		return directed(tap.In)
	case "←", "<-":
		return directed(tap.Out)
	}
	digits, hash := strings.CutPrefix(word, "#")
	id, err := strconv.ParseUint(digits, 10, 64)
	if !hash || err != nil {
		return nil
	}
	return func(r *xray.Row) bool { return r.Conn == id }
}

// keyed reads a term such as layer:ws.
func (p *parser) keyed(start int, not bool, key, value string) error {
	at := start + utf8.RuneCountInString(key) + 1
	if value == "" && p.peek() == '"' {
		var err error
		if value, err = p.quoted(); err != nil {
			return err
		}
	}
	values := []string{value}
	allowed := keys[key]()
	if allowed != nil {
		values = strings.Split(value, ",")
	}
	for _, v := range values {
		if v == "" || allowed != nil && !slices.Contains(allowed, v) {
			return p.refuse(at, key, allowed)
		}
		at += utf8.RuneCountInString(v) + 1
	}
	p.add(not, func(r *xray.Row) bool {
		return slices.ContainsFunc(values, func(v string) bool { return has(r, key, v) })
	})
	return nil
}

func (p *parser) refuse(at int, key string, allowed []string) error {
	if allowed == nil {
		return p.fail(at, "%s wants a name, such as %s:\"chat message\"",
			"%s 需要一个名字，例如 %s:\"chat message\"", key, key)
	}
	list := strings.Join(allowed, ", ")
	return p.fail(at, "%s wants one of: %s", "%s 的取值是：%s", key, list)
}

// keys lists the words before a colon, and the values that each takes; nil takes any text.
var keys = map[string]func() []string{
	"from": func() []string {
		return ends
	}, "to": func() []string { return ends }, "side": func() []string { return ends },
	"layer": layerNames, "kind": func() []string {
		return kinds
	}, "event": func() []string { return nil },
}

// has reports whether a row has a value under a key.
func has(r *xray.Row, key, value string) bool {
	switch key {
	case "from":
		return (r.Dir == tap.In) == (value == "client")
	case "to":
		return (r.Dir == tap.Out) == (value == "client")
	case "side":
		return string(r.Side) == value
	case "layer":
		return string(r.Layer) == value
	case "kind":
		return isOfKind(r, value)
	}
	return r.Name == value
}
