package site

import (
	"html/template"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/markdown"
)

func TestPageTexts(t *testing.T) {
	text, err := parsePageText(
		"## 步骤\n\n### first: Is `<b>` bold?\n- yes\n- *no*\n\n1. Do it\n2. Again. Now\n\nIt is "+
			"text.\n\n- really\n\n## Traps\n\n- a\n", markdown.HTML{})
	require.NoError(t, err)
	require.Len(t, text.Steps, 1)
	step := text.Steps[0]
	assert.Equal(t, "first", step.Name)
	assert.EqualValues(t, "Is <code>&lt;b&gt;</code> bold?", step.Ask)
	assert.EqualValues(t, []string{"yes", "<em>no</em>"},
		[]string{string(step.Guesses[0]), string(step.Guesses[1])})
	assert.Equal(t, []string{"Do it", "Again. Now"}, step.Acts)
	assert.Contains(t, step.Why, "<p>It is text.</p>")
	assert.Contains(t, step.Why, "<li>really</li>")
	assert.Contains(t, text.Traps, "<li>a</li>")
	assert.Empty(t, text.Lecture)

	for source, want := range map[string]string{
		"## Step\n":                                 `unknown section "Step"`,
		"## Steps\n\n### A question?\n":             "want a name",
		"## Steps\n\n### a: b?\n- c\n1. d\n\ne":     "at least two answers",
		"## Steps\n\n### a: b?\n- c\n- d\n\ne":      "a label for its button",
		"## Steps\n\n### a: b?\n- c\n- d\n1. e\n\n": "an explanation",
	} {
		_, err := parsePageText(source, markdown.HTML{})
		assert.ErrorContains(t, err, want)
	}
}

func TestStepsMatchTheirTexts(t *testing.T) {
	texts := []stepText{{Name: "a", Guesses: make([]template.HTML, 2), Acts: []string{"x"}}}
	right := step{Name: "a", Answer: 1, Acts: []string{"x"}, Until: [][]string{{"f"}}}
	assert.NoError(t, matches([]step{right}, texts))
	assert.ErrorContains(t, matches(nil, texts), "0 steps, but texts for 1")
	for want, change := range map[string]func(*step){
		"its text is of a":  func(s *step) { s.Name = "b" },
		"not among":         func(s *step) { s.Answer = 2 },
		"labels for 1":      func(s *step) { s.Acts = nil },
		"no condition ends": func(s *step) { s.Until = nil },
	} {
		wrong := right
		change(&wrong)
		assert.ErrorContains(t, matches([]step{wrong}, texts), want)
	}
}
