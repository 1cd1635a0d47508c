package choice_test

import (
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
	"realtimelab/lessons"
	"realtimelab/lessons/production/choice"
	"realtimelab/web"
)

var judge = choice.NewJudge(lessons.All(), choice.Measured())

// TestTheTableLeavesOneTransport: the rows that the answers name leave exactly the transport that
// the tree takes.
func TestTheTableLeavesOneTransport(t *testing.T) {
	ends := 0
	judge.Walk(func(path []string, a choice.Answer, left []string) {
		where := strings.Join(path, ".")
		assert.NotEqual(t, a.Next == nil, a.Take == nil, where)
		if a.Take == nil {
			assert.NotEmpty(t, left, where)
			return
		}
		ends++
		assert.Equal(t, []string{a.Take.Transport}, left, "%s takes %s", where, a.Take.Text.EN)
	})
	assert.Greater(t, ends, 12)
}

// TestTheTreeAgreesWithTheCases: the answers that describe a case lead to what the case takes.
func TestTheTreeAgreesWithTheCases(t *testing.T) {
	takes := map[string]*choice.Take{}
	judge.Walk(func(path []string, a choice.Answer, _ []string) {
		if a.Take != nil {
			takes[strings.Join(path, ".")] = a.Take
		}
	})
	paths := map[string]bool{}
	for _, c := range choice.Cases {
		path := strings.Join(c.Path, ".")
		require.Contains(t, takes, path, c.Name.EN)
		assert.Same(t, c.Take, takes[path], "%s: the tree takes %s", c.Name.EN, takes[path].Text.EN)
		assert.False(t, paths[path], "two cases have the path %s", path)
		paths[path] = true
	}
}

// TestEachAnswerLeadsOn: each answer has texts in both languages, and a section, a step and a row
// that exist.
func TestEachAnswerLeadsOn(t *testing.T) {
	sections := map[choice.Section]bool{}
	for _, l := range lessons.All() {
		for _, h := range markdown.Parse(l.Body.EN).Headings {
			sections[choice.Section{Lesson: l.Name, Heading: h.ID}] = true
		}
	}
	checkStep := func(where string, s choice.Step) {
		requireTexts(t, where, s.Text)
		_, _, found := lesson.FindDemo(lessons.All(), s.Demo)
		assert.True(t, found, "%s: no demo %s", where, s.Demo)
		if s.Name != "" {
			assert.Contains(t, stepsOf(t, s.Demo), s.Name, "%s: a step of %s", where, s.Demo)
		}
	}
	judge.Walk(func(path []string, a choice.Answer, _ []string) {
		where := strings.Join(path, ".")
		requireTexts(t, where, a.Text, a.Why)
		assert.True(t, sections[a.Read], "%s: no section %v", where, a.Read)
		checkStep(where, a.Try)
		assert.Positive(t, len(a.Rules)+len(a.Cites), "%s stands on no row", where)
	})
	for _, e := range choice.Extras {
		requireTexts(t, e.Name, e.Text)
		for _, transport := range choice.Transports {
			requireTexts(t, e.Name+" "+transport, e.Advice[transport])
		}
		assert.True(t, sections[e.Read], "%s: no section %v", e.Name, e.Read)
		checkStep(e.Name, e.Try)
	}
}

func requireTexts(t *testing.T, where string, texts ...lang.Text) {
	t.Helper()
	for _, text := range texts {
		require.NotEmpty(t, text.EN, where)
		require.NotEmpty(t, text.ZH, where)
	}
}

// stepsOf returns the names of a demo's guided steps.
func stepsOf(t *testing.T, demo string) (names []string) {
	t.Helper()
	data, err := fs.ReadFile(web.Pages, "pages/"+demo+"/steps.json")
	require.NoError(t, err)
	var steps []struct{ Name string }
	require.NoError(t, json.Unmarshal(data, &steps))
	for _, s := range steps {
		names = append(names, s.Name)
	}
	return names
}

// TestDemo: the demo serves the whole tree, with the table's cells and no figure left to fill in.
func TestDemo(t *testing.T) {
	_, err := choice.Demo().Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "lab run")
	_, err = choice.Demo().Start(lesson.Env{Log: slog.New(slog.DiscardHandler), Lab: &lesson.Lab{}})
	require.ErrorContains(t, err, "compares short-polling")
	instance, err := choice.Demo().
		Start(lesson.Env{Log: slog.New(slog.DiscardHandler),
			Lab: &lesson.Lab{Lessons: lessons.All()}})
	require.NoError(t, err)
	t.Cleanup(func() { end(instance) })
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		instance.Handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	w := ask(http.MethodGet, "/choice")
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	body := w.Body.String()
	assert.NotRegexp(t, `\{\w+ [\w-]+ \w+\}`, body)
	var tree struct {
		Transports []struct{ Name string }
		Rows       []struct{ Cells, Sources []any }
		Tree       struct{ Answers []json.RawMessage }
		Cases      []struct{ Path []string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &tree))
	assert.Len(t, tree.Transports, len(choice.Transports))
	assert.Len(t, tree.Cases, len(choice.Cases))
	assert.Len(t, tree.Tree.Answers, len(choice.Tree.Answers))
	require.Len(t, tree.Rows, len(choice.Table))
	for _, row := range tree.Rows {
		assert.Len(t, row.Cells, len(choice.Transports))
		assert.Len(t, row.Sources, len(choice.Transports))
	}
	assert.Equal(t, http.StatusMethodNotAllowed, ask(http.MethodPost, "/choice").Code)
	assert.Equal(t, http.StatusNotFound, ask(http.MethodGet, "/tree").Code)
}
