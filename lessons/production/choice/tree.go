package choice

import (
	"cmp"
	"slices"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// A Question asks about a task. Its answers leave out transports by the rows of Table.
type Question struct {
	Text    lang.Text
	Answers []Answer
}

// An Answer leads to the next question or to a leaf. Either Next or Take is set.
type Answer struct {
	Name string // unique in its question
	Text lang.Text

	// Why says what follows from the answer. A figure stands in it as in Case.Because.
	Why lang.Text

	Rules []Rule
	Cites []*Row // rows without a rule that the answer stands on
	Read  Section
	Try   Step

	Next *Question
	Take *Take
}

// A Take is a leaf of the tree: a transport, with additions such as a log.
type Take struct {
	Transport string // one of Transports
	Text      lang.Text
}

// A Section is a section of a lesson's text.
type Section struct {
	Lesson, Heading string // Heading is its ID
}

// A Step is something to do in a demo. Name is that of a guided step, or empty for a page without.
type Step struct {
	Demo, Name string
	Text       lang.Text
}

// A Rule keeps the transports that fit a row. One of Is, Below and Least is set.
type Rule struct {
	Row   *Row
	Is    []lang.Text // these cells
	Below float64     // figures below this one
	Least bool        // the smallest figure of the transports that are left
}

// A Judge applies rules with the lanes of lessons and with figures.
type Judge struct {
	lessons []lesson.Lesson
	figures Figures
}

// NewJudge returns a Judge.
func NewJudge(lessons []lesson.Lesson, figures Figures) Judge { return Judge{lessons, figures} }

// Apply returns the transports that a rule keeps, in the same order.
func (j Judge) Apply(rule Rule, transports []string) (kept []string) {
	if len(transports) == 0 {
		return nil
	}
	texts, figures := rule.Row.Texts(j.lessons, j.figures), j.figures[rule.Row.Figure]
	least := slices.MinFunc(transports, func(a, b string) int {
		return cmp.Compare(figures[a], figures[b])
	})
	for _, transport := range transports {
		keep := slices.Contains(rule.Is, texts[slices.Index(Transports, transport)])
		switch {
		case rule.Below > 0:
			keep = figures[transport] < rule.Below
		case rule.Least:
			keep = transport == least
		}
		if keep {
			kept = append(kept, transport)
		}
	}
	return kept
}

// Walk calls visit for each answer of the tree, with the names of the answers that lead to it and
// the transports that are left after it.
func (j Judge) Walk(visit func(path []string, a Answer, left []string)) {
	j.walk(Tree, nil, Transports, visit)
}

func (j Judge) walk(q *Question, path, left []string, visit func([]string, Answer, []string)) {
	for _, a := range q.Answers {
		path, left := append(slices.Clip(path), a.Name), left
		for _, rule := range a.Rules {
			left = j.Apply(rule, left)
		}
		visit(path, a, left)
		if a.Next != nil {
			j.walk(a.Next, path, left, visit)
		}
	}
}
