package predict

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"realtimelab/internal/lang"
)

// isQuestion reports whether the slot asks a question instead of asking for bytes.
func (s slot) isQuestion() bool { return s.Form == "choice" || s.Form == "number" }

// maxOptions is the number of letters for the options of a choice.
const maxOptions = 26

// letter returns the letter of an option.
func letter(option int) string { return string(rune('a' + option)) }

// lettered returns the options with their letters.
func (s slot) lettered() (options []Option) {
	for i, text := range s.Options {
		options = append(options, Option{letter(i), text})
	}
	return options
}

// validate returns what is wrong with an entry of the slots file.
func (s slot) validate() error {
	switch {
	case s.Form == "choice" && (len(s.Options) < 2 || len(s.Options) > maxOptions):
		return fmt.Errorf("is a choice of %d", len(s.Options))
	case s.Form != "choice" && len(s.Options) > 0:
		return fmt.Errorf("has options, but is %s", s.Form)
	case s.isQuestion() && s.Protocol != "":
		return fmt.Errorf("is %s of %q: a question has no bytes to compare", s.Form, s.Protocol)
	case !s.isQuestion() && (protocols[s.Protocol] == nil || s.Form != "hex" && s.Form != "text"):
		return fmt.Errorf("is %s of %q", s.Form, s.Protocol)
	}
	return nil
}

// wanted returns a text that says what to write into an empty slot.
func (s slot) wanted() lang.Text {
	switch s.Form {
	case "choice":
		return lang.Text{EN: "choose one of its letters", ZH: "从选项里选一个字母"}
	case "number":
		return lang.Text{EN: "write down a number", ZH: "写下一个数"}
	}
	return lang.Text{EN: "write down what you think goes over the wire",
		ZH: "写下你认为线路上会出现的内容"}
}

var (
	choiceAnswer = regexp.MustCompile(`^\(?([a-z])(?:[).:]|$|\s)`)
	numberAnswer = regexp.MustCompile(`^[0-9]{1,18}$`)
	thousands    = strings.NewReplacer(",", "", "_", "", " ", "", "'", "")
)

// narrow returns the ASCII character of a full-width one: a Chinese input method may write b） or
// １００１.
func narrow(r rune) rune {
	if '！' <= r && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// reply reads the answer to a question: the letter of an option, alone or as in "b) SSE", or a
// whole number.
func (s slot) reply(answer string) ([]byte, error) {
	answer = strings.TrimSpace(strings.Map(narrow, answer))
	if s.Form == "number" {
		digits := thousands.Replace(answer)
		if !numberAnswer.MatchString(digits) {
			return nil, errors.New("want a whole number, such as 42")
		}
		if digits = strings.TrimLeft(digits, "0"); digits == "" {
			digits = "0"
		}
		return []byte(digits), nil
	}
	last := letter(len(s.Options) - 1)
	m := choiceAnswer.FindStringSubmatch(strings.ToLower(answer))
	if m == nil || m[1] > last {
		return nil, fmt.Errorf("want a letter from a to %s", last)
	}
	return []byte(m[1]), nil
}
