package command

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"

	"realtimelab/lessons/socketio/siopacket"
)

// A Pattern is an argument that is expected.
//
//   - any value
//     /^hel+o$/           a text, or a value as JSON, that the regular expression matches
//     {"user":{"id":7}}   an object with at least these members
//     [1,2]               an array of exactly these elements
//     "hello", 7, @hex:00 the same value
type Pattern struct {
	text   string
	any    bool
	regexp *regexp.Regexp
	want   any
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// patterns reads patterns up to the end or a time.
func (s *scanner) patterns() (all []Pattern, err error) {
	for s.separator(); !s.atStop(); s.separator() {
		start := s.at
		p, err := s.pattern()
		if err != nil {
			return nil, err
		}
		p.text = s.text[start:s.at]
		all = append(all, p)
	}
	return all, nil
}

func (s *scanner) pattern() (p Pattern, err error) {
	switch {
	case s.peekWord() == "*":
		s.at++
		p.any = true
		return p, nil
	case s.text[s.at] == '/':
		return p, s.regularExpression(&p)
	}
	v, err := s.value()
	if err != nil {
		return p, err
	}
	if p.want, err = decode(v); err != nil {
		return p, s.fail("the value cannot be read: %w", "无法读取这个值：%w", err)
	}
	return p, nil
}

// regularExpression reads /…/. A slash within it has a backslash before it.
func (s *scanner) regularExpression(p *Pattern) (err error) {
	for i := s.at + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '/':
			text := strings.ReplaceAll(s.text[s.at+1:i], `\/`, "/")
			if p.regexp, err = regexp.Compile(text); err != nil {
				return s.fail("/%s/: %w", "/%s/ 不是正确的正则表达式：%w", short(text), err)
			}
			s.at = i + 1
			return nil
		}
	}
	return s.fail("the regular expression is not closed: want /…/",
		"正则表达式没有闭合：应为 /…/")
}

// Match reports whether a value is the expected one. A text that holds JSON is also read as JSON if
// the pattern is another value than a text, because a message of WebSocket or SSE is always a text.
func (p Pattern) Match(v siopacket.Raw) bool {
	if p.any {
		return true
	}
	got, err := decode(v)
	if err != nil {
		return false
	}
	text, isText := got.(string)
	if p.regexp != nil {
		if !isText {
			text = v.String()
		}
		return p.regexp.MatchString(text)
	}
	if holds(got, p.want) {
		return true
	}
	var inner any
	if _, wantsText := p.want.(string); isText && !wantsText &&
		json.Unmarshal([]byte(text), &inner) == nil {
		return holds(inner, p.want)
	}
	return false
}

// holds reports whether got has everything that want has.
func holds(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for name, value := range want {
			if member, ok := object[name]; !ok || !holds(member, value) {
				return false
			}
		}
		return true
	case []any:
		array, ok := got.([]any)
		if !ok || len(array) != len(want) {
			return false
		}
		for i, value := range want {
			if !holds(array[i], value) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}

// MatchAll reports whether the first arguments are the expected ones; there may be more.
func MatchAll(want []Pattern, args []siopacket.Raw) bool {
	if len(args) < len(want) {
		return false
	}
	for i, p := range want {
		if !p.Match(args[i]) {
			return false
		}
	}
	return true
}

// decode reads a value with its bytes in the place of the placeholders.
func decode(v siopacket.Raw) (got any, err error) {
	err = siopacket.Unmarshal(v.Text, v.Attachments, &got)
	return got, err
}
