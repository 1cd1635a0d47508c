package class

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html"
	"io/fs"
	"math/rand/v2"
	"regexp"
	"strings"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/predict"
	"realtimelab/internal/lang"
	"realtimelab/internal/markdown"
	"realtimelab/internal/site"
)

// StepQuestions returns the questions of the demos' guided steps.
func StepQuestions(predictions []site.Prediction) (all []Question) {
	for _, p := range predictions {
		all = append(all, Question{
			ID: p.Demo.Name + "/" + p.Step, Lesson: p.Lesson, Demo: p.Demo.Name,
			Title: p.Demo.Title,
			Ask:   p.Ask, Options: p.Guesses, Answer: p.Answer, Why: p.Why,
		})
	}
	return all
}

// A slot is one answer of an exercise to predict, as slots.json describes it.
type slot struct {
	Name     string
	Mistakes []struct{ Answer, EN, ZH string }
}

// PredictQuestions returns a question for each slot of the exercises to predict: the right answer
// and the usual mistakes, in an order that looks random and is always the same.
func PredictQuestions(all []exercise.Exercise) (questions []Question, err error) {
	for _, e := range all {
		if e.Kind != exercise.Predict {
			continue
		}
		slots, err := slotsOf(e)
		if err != nil {
			return nil, err
		}
		solution, err := e.Solution()
		if err != nil {
			return nil, err
		}
		right := predict.Answers(string(solution[exercise.AnswerFile]))
		for _, s := range slots {
			if len(s.Mistakes) > 0 && right[s.Name] != "" {
				questions = append(questions, slotQuestion(e, s, right[s.Name]))
			}
		}
	}
	return questions, nil
}

func slotsOf(e exercise.Exercise) (slots []slot, err error) {
	data, err := fs.ReadFile(e.Files(), "slots.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &slots); err != nil {
		return nil, fmt.Errorf("slots of %s: %w", e.Name, err)
	}
	return slots, nil
}

var runsDemo = regexp.MustCompile("lab run ([a-z-]+)")

// demoOf returns the demo that the exercise's text tells the student to run, or "".
func demoOf(e exercise.Exercise) string {
	if m := runsDemo.FindStringSubmatch(e.Text.EN); m != nil {
		return m[1]
	}
	return ""
}

func slotQuestion(e exercise.Exercise, s slot, right string) Question {
	q := Question{
		ID: e.Name + "/" + strings.ReplaceAll(s.Name, " ", "-"), Lesson: e.Lesson, Demo: demoOf(e),
		Title: e.Title,
		Ask: lang.Text{EN: "What goes over the wire for <code>[" + s.Name + "]</code>?",
			ZH: "<code>[" + s.Name + "]</code> 处，线路上会出现什么？"},
		Text: lang.Text{EN: render(e.Text.EN), ZH: render(e.Text.ZH)},
	}
	code := func(text string) lang.Text {
		marked := "<code>" + html.EscapeString(text) + "</code>"
		return lang.Text{EN: marked, ZH: marked}
	}
	options, notes := []lang.Text{code(right)}, []lang.Text{{}}
	for _, m := range s.Mistakes {
		options, notes = append(options, code(m.Answer)),
			append(notes, lang.Text{EN: m.EN, ZH: m.ZH})
	}
	h := fnv.New64()
	h.Write([]byte(q.ID))
	order := rand.New(rand.NewPCG(h.Sum64(), 0)).Perm(len(options))
	for i, from := range order {
		q.Options, q.Notes = append(q.Options, options[from]), append(q.Notes, notes[from])
		if from == 0 {
			q.Answer = i
		}
	}
	return q
}

// render renders an exercise's text without its title.
func render(text string) string {
	_, body, _ := strings.Cut(text, "\n")
	return markdown.HTML{Code: "Code",
		Table: "Table"}.Render(markdown.Parse(strings.TrimSpace(body)))
}

// Mistakes returns the mistakes that the exercises' checks recognise: the known
// mistakes in the slots of an exercise to predict, and the wrong solutions of any other exercise.
func Mistakes(all []exercise.Exercise) (mistakes []Mistake, err error) {
	for _, e := range all {
		if e.Kind == exercise.Predict {
			slots, err := slotsOf(e)
			if err != nil {
				return nil, err
			}
			for _, s := range slots {
				for _, m := range s.Mistakes {
					mistakes = append(mistakes, Mistake{Exercise: e.Name, Phrase: m.EN, ZH: m.ZH,
						Name: s.Name, Code: m.Answer})
				}
			}
			continue
		}
		wrong, err := e.Wrong()
		if err != nil {
			return nil, err
		}
		for _, v := range wrong {
			m := Mistake{Exercise: e.Name, Phrase: v.Says[0],
				Name: strings.ReplaceAll(v.Name, "-", " ")}
			if first := v.Changes[0]; first.File == "" { // a whole file does not show the mistake
				m.Code = snippet(first.New)
			}
			mistakes = append(mistakes, m)
		}
	}
	return mistakes, nil
}

// snippet returns the first lines of a student's code, with a small indent.
func snippet(code string) string {
	const most = 6
	lines := strings.Split(strings.Trim(strings.ReplaceAll(code, "\t", "  "), "\n"), "\n")
	return strings.Join(lines[:min(most, len(lines))], "\n")
}
