// Package predict compares the bytes that a student predicted with the bytes of the wire. It needs
// no folder and no Go.
package predict

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/check"
	"realtimelab/internal/lang"
	"realtimelab/lessons/websocket/frame"
)

// slot is one answer to predict.
type slot struct {
	Name string
	Form string // "hex" or "text" for bytes, "choice" or "number" for a question

	// Options lists the answers of a choice. The answer is the letter of one: a, b, c …
	Options []lang.Text

	// Protocol takes the bytes apart for the comparison.
	Protocol string

	EN, ZH string // the message if the fields differ and no mistake matches

	// Mistakes are common wrong answers, each with its explanation.
	Mistakes []struct{ Answer, EN, ZH string }
}

var protocols = map[string]check.Protocol{
	"bytes": check.Bytes, "chars": check.Chars, "frames": check.Frames, "http": check.HTTP,
	"chunks": check.Chunks, "events": check.Events,
	"payload": check.Payload, "engine packet": check.EnginePacket, "packet": check.Packet,
	"message": check.Messages,
}

// slotsFile lists the slots of an exercise to predict, in order.
const slotsFile = "slots.json"

func slotsOf(e exercise.Exercise) ([]slot, error) {
	data, err := fs.ReadFile(e.Files(), slotsFile)
	if err != nil {
		return nil, err
	}
	var slots []slot
	if err := json.Unmarshal(data, &slots); err != nil {
		return nil, fmt.Errorf("%s: %w", slotsFile, err)
	}
	for _, s := range slots {
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("%s: [%s] %w", slotsFile, s.Name, err)
		}
	}
	return slots, nil
}

// maxAnswer bounds the file of answers, in bytes.
const maxAnswer = 64 << 10

// revealed is the number of wrong answers to a slot after which the right one is shown.
const revealed = 3

// A Slot is one answer to predict, as a student sees it.
type Slot struct {
	Name    string
	Form    string   // "hex", "text", "choice" or "number"
	Options []Option // of a choice
}

// An Option is one of the answers to a choice.
type Option struct {
	Letter string // the answer
	lang.Text
}

// Slots returns the slots of an exercise, in order.
func Slots(e exercise.Exercise) (slots []Slot, err error) {
	all, err := slotsOf(e)
	for _, s := range all {
		slots = append(slots, Slot{s.Name, s.Form, s.lettered()})
	}
	return slots, err
}

// Check checks the text of an answer file; see CheckAnswers.
func Check(e exercise.Exercise, answers string, tries func(slot string) int) (exercise.Report,
	error) {
	if len(answers) > maxAnswer {
		slots, err := Slots(e)
		r := exercise.NewReport(e, len(slots))
		r.Problem = Unreadable()
		return r, err
	}
	return CheckAnswers(e, Answers(answers), tries)
}

// CheckAnswers compares the answers with the solution, slot by slot, and stops at the first
// difference. tries returns the number of wrong answers that a slot has had before: with the third,
// the problem shows the right answer. The error is a fault of the exercise.
func CheckAnswers(e exercise.Exercise, yours map[string]string,
	tries func(slot string) int) (exercise.Report, error) {
	r := exercise.NewReport(e, 0)
	slots, err := slotsOf(e)
	if err != nil {
		return r, err
	}
	r.Steps = len(slots)
	solution, err := e.Solution()
	if err != nil {
		return r, err
	}
	wanted := Answers(string(solution[exercise.AnswerFile]))
	for _, s := range slots {
		want, err := s.bytes(wanted[s.Name])
		if err != nil {
			return r, fmt.Errorf("solution of %s: %w", e.Name, err)
		}
		if r.Problem = s.compare(yours, want); r.Problem == nil {
			r.Passing++
			continue
		}
		r.Problem.Slot, r.Step = s.Name, lang.Text{EN: s.Name, ZH: s.Name}
		switch {
		case !r.Problem.Counts:
		case tries(s.Name)+1 >= revealed:
			r.Problem.Answer = wanted[s.Name]
		default:
			for i := range r.Problem.Fields {
				r.Problem.Fields[i].Want, r.Problem.Fields[i].Spec = "", ""
			}
		}
		return r, nil
	}
	r.Passed = true
	return r, nil
}

// Unreadable returns the problem of an answer file that is missing or too large.
func Unreadable() *exercise.Problem {
	return exercise.NewProblem(exercise.File, exercise.AnswerFile+" cannot be read.",
		exercise.AnswerFile+" 读不出来。")
}

// Answers reads a file of answers. "[name]" begins each answer, and lines with # are comments. Line
// ends and the byte order mark that some editors write are ignored.
func Answers(text string) map[string]string {
	answers := map[string]string{}
	name := ""
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case slotName.MatchString(line):
			name = line[1 : len(line)-1]
			answers[name] = ""
		case name != "":
			answers[name] += line
		}
	}
	return answers
}

var slotName = regexp.MustCompile(`^\[[a-z0-9 -]+\]$`)

func (s slot) compare(answers map[string]string, want []byte) *exercise.Problem {
	answer, there := answers[s.Name]
	if !there {
		return exercise.NewProblem(exercise.File,
			fmt.Sprintf("The line [%s] is gone from %s: put it back, with your answer below it.",
				s.Name, exercise.AnswerFile),
			fmt.Sprintf("%s 里的 [%s] 这一行不见了：请补上，答案写在它下面。", exercise.AnswerFile,
				s.Name))
	}
	answer = oneLine(answer)
	if answer == "" {
		what := s.wanted()
		return exercise.NewProblem(exercise.Idea, fmt.Sprintf("[%s] is still empty: %s.", s.Name,
			what.EN), fmt.Sprintf("[%s] 还空着：%s。", s.Name, what.ZH))
	}
	yours, err := s.bytes(answer)
	if err != nil {
		return exercise.NewProblem(exercise.File, fmt.Sprintf("[%s] cannot be read: %s.", s.Name,
			err), fmt.Sprintf("[%s] 读不懂：%s。", s.Name, err))
	}
	if string(yours) == string(want) || s.Form == "text" && sameJSON(yours, want) {
		return nil
	}
	p := exercise.NewProblem(exercise.Idea, fmt.Sprintf("[%s] %s", s.Name, s.EN),
		fmt.Sprintf("[%s] %s", s.Name, s.ZH))
	if s.Protocol == "frames" && masks(yours, want) {
		p = exercise.NewProblem(exercise.Idea, fmt.Sprintf("[%s] a server does not mask: its MASK "+
			"bit is 0, and no masking key follows.", s.Name),
			fmt.Sprintf("[%s] 服务器不加掩码：MASK 位是 0，后面没有掩码键。", s.Name))
	}
	for _, m := range s.Mistakes {
		if known, err := s.bytes(m.Answer); err == nil && string(known) == string(yours) {
			p = exercise.NewProblem(exercise.Idea, fmt.Sprintf("[%s] %s", s.Name, m.EN),
				fmt.Sprintf("[%s] %s", s.Name, m.ZH))
		}
	}
	p.Counts = true
	if !s.isQuestion() {
		p.Fields = check.Compare(protocols[s.Protocol], yours, want)
	}
	return p
}

// masks reports whether yours is the server's frame want, but masked: with a masking key, or with
// the MASK bit alone.
func masks(yours, want []byte) bool {
	const maskBit = 0x80
	if len(yours) < 2 || yours[1]&maskBit == 0 {
		return false
	}
	plain := bytes.Clone(yours)
	plain[1] &^= maskBit
	if bytes.Equal(plain, want) {
		return true
	}
	h, n, err := frame.ParseHeader(yours)
	if err != nil {
		return false
	}
	frame.Mask(h.Mask, 0, plain[n:])
	return bytes.Equal(slices.Delete(plain, n-len(h.Mask), n), want)
}

// oneLine joins the lines of an answer, because line ends do not matter.
func oneLine(answer string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(answer, "\ufeff")) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

// sameJSON reports whether two texts are equal as JSON, regardless of white space and the order of
// keys. The type and the id of a packet may precede the JSON, as in 430["woot"].
func sameJSON(a, b []byte) bool {
	split := func(text []byte) (string, any, error) {
		at := max(0, bytes.IndexAny(text, "[{"))
		decoder := json.NewDecoder(bytes.NewReader(text[at:]))
		decoder.UseNumber()
		var value any
		err := decoder.Decode(&value)
		if err == nil && decoder.More() {
			err = errors.New("more than one value")
		}
		return string(text[:at]), value, err
	}
	before, yours, err := split(a)
	prefix, want, wrong := split(b)
	return err == nil && wrong == nil && before == prefix && packetStart.MatchString(prefix) &&
		reflect.DeepEqual(yours, want)
}

var packetStart = regexp.MustCompile(`^(?:|\d+|\d+/[^,]*,\d*)$`)

// hexPrefix precedes a hexadecimal byte in many languages.
var hexPrefix = regexp.MustCompile(`(?i)\b0x`)

// bytes reads an answer: pairs of hex digits with any spaces, commas and 0x between them, or text
// with the escapes \r \n \t \\ and \xHH.
func (s slot) bytes(answer string) ([]byte, error) {
	if s.isQuestion() {
		return s.reply(answer)
	}
	if s.Form == "hex" {
		digits := strings.Join(strings.FieldsFunc(hexPrefix.ReplaceAllString(answer, " "),
			func(r rune) bool {
				return r == ',' || unicode.IsSpace(r)
			}), "")
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("want pairs of hex digits, such as 81 05, not %q", answer)
		}
		return b, nil
	}
	return unescape(answer)
}

func unescape(text string) ([]byte, error) {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		rest := text[i+1:]
		switch {
		case strings.HasPrefix(rest, "r"):
			out = append(out, '\r')
		case strings.HasPrefix(rest, "n"):
			out = append(out, '\n')
		case strings.HasPrefix(rest, "t"):
			out = append(out, '\t')
		case strings.HasPrefix(rest, `\`):
			out = append(out, '\\')
		case strings.HasPrefix(rest, `"`):
			out = append(out, '\\', '"') // JSON's own escape
			i++
			continue
		case strings.HasPrefix(rest, "x") && len(rest) >= 3:
			b, err := hex.DecodeString(rest[1:3])
			if err != nil {
				return nil, fmt.Errorf(`\%s is not a byte`, rest[:3])
			}
			out = append(out, b[0])
			i += 2
		default:
			return nil, fmt.Errorf(`a backslash must be followed by r, n, t, \ or xHH`)
		}
		i++
	}
	return out, nil
}
