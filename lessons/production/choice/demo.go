package choice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// Demo describes the demo.
func Demo() lesson.Demo {
	return lesson.Demo{
		Name:  "choice",
		Title: lang.Text{EN: "Choose a transport", ZH: "选一种传输"},
		Summary: lang.Text{
			EN: "A few questions lead to a transport. Each answer leaves out the transports that " +
				"the table rules out, and says why.",
			ZH: "几个问题，选出一种传输。每个答案按表里的数据排除一些传输，并说明原因。",
		},
		Start: start,
	}
}

// start serves the tree at /choice. The page walks it.
func start(env lesson.Env) (*lesson.Instance, error) {
	if env.Lab == nil {
		return nil, errors.New(
			"the demo choice needs the lab's lessons: start it with lab run or lab serve")
	}
	for _, name := range Transports {
		if _, _, found := lesson.FindLane(env.Lab.Lessons, name); !found {
			return nil, fmt.Errorf(
				"the demo choice compares %s, which none of the lab's lessons has", name)
		}
	}
	data, err := json.Marshal(describe(NewJudge(env.Lab.Lessons, Measured())))
	if err != nil {
		return nil, err
	}
	serve := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(data) // fails only if the client has left
	}
	return &lesson.Instance{
		Handler: wire.Routes{"/choice": {http.MethodGet: serve}},
		Clients: func() int { return 0 }, // no client stays connected
		Close:   func(context.Context) error { return nil },
	}, nil
}

// A document is the tree as the page reads it.
type document struct {
	Transports []transport  `json:"transports"`
	Rows       []row        `json:"rows"`
	Tree       questionView `json:"tree"`
	Cases      []caseView   `json:"cases"`
	Extras     []extraView  `json:"extras"`
}

type transport struct {
	Name  string    `json:"name"`
	Title lang.Text `json:"title"`
}

// A row is a row of the table, with a cell and a source for each transport.
type row struct {
	Name    lang.Text   `json:"name"`
	Cells   []lang.Text `json:"cells"`
	Sources []string    `json:"sources"`
}

type questionView struct {
	Text    lang.Text    `json:"text"`
	Answers []answerView `json:"answers"`
}

// An answerView is an answer. Transports and rows are given by their places in the document.
type answerView struct {
	Name string    `json:"name"`
	Text lang.Text `json:"text"`
	Why  lang.Text `json:"why"`
	// the transports that it leaves out, with the row that says so
	Out   map[int]int   `json:"out"`
	Rows  []int         `json:"rows"`  // that it stands on
	Read  sectionView   `json:"read"`  // of the lesson
	Try   stepView      `json:"try"`   // in a demo
	Next  *questionView `json:"next"`  // null at the end
	Take  *lang.Text    `json:"take"`  // at the end
	Place int           `json:"place"` // of the transport to take
}

type sectionView struct {
	Lesson  string    `json:"lesson"`
	Title   lang.Text `json:"title"`
	Heading string    `json:"heading"`
}

type stepView struct {
	Demo string    `json:"demo"`
	Name string    `json:"step"`
	Text lang.Text `json:"text"`
}

type caseView struct {
	Name    lang.Text `json:"name"`
	Because lang.Text `json:"because"`
	Path    []string  `json:"path"`
}

type extraView struct {
	Name   string      `json:"name"`
	Text   lang.Text   `json:"text"`
	Advice []lang.Text `json:"advice"` // in the order of the transports
	Rows   []int       `json:"rows"`
	Read   sectionView `json:"read"`
	Try    stepView    `json:"try"`
}

func describe(j Judge) (d document) {
	for i, name := range Transports {
		d.Transports = append(d.Transports, transport{name, Titles[i]})
	}
	for _, r := range Table {
		one := row{Name: r.Name, Cells: r.Texts(j.lessons, j.figures)}
		for i := range Transports {
			one.Sources = append(one.Sources, r.Source(i))
		}
		d.Rows = append(d.Rows, one)
	}
	d.Tree = j.question(Tree, Transports)
	for _, c := range Cases {
		d.Cases = append(d.Cases, caseView{c.Name, j.figures.Fill(c.Because), c.Path})
	}
	for _, e := range Extras {
		one := extraView{Name: e.Name, Text: e.Text, Rows: rowIndexes(e.Cites),
			Read: j.section(e.Read), Try: stepView(e.Try)}
		for _, name := range Transports {
			one.Advice = append(one.Advice, j.figures.Fill(e.Advice[name]))
		}
		d.Extras = append(d.Extras, one)
	}
	return d
}

// question describes a question that is asked while these transports are left.
func (j Judge) question(q *Question, left []string) questionView {
	v := questionView{Text: q.Text}
	for _, a := range q.Answers {
		v.Answers = append(v.Answers, j.answer(a, left))
	}
	return v
}

func (j Judge) answer(a Answer, left []string) answerView {
	v := answerView{Name: a.Name, Text: a.Text, Why: j.figures.Fill(a.Why), Out: map[int]int{}}
	v.Read, v.Try = j.section(a.Read), stepView(a.Try)
	var rows []*Row
	for _, rule := range a.Rules {
		kept := j.Apply(rule, left)
		for _, name := range left {
			if !slices.Contains(kept, name) {
				v.Out[slices.Index(Transports, name)] = slices.Index(Table, rule.Row)
			}
		}
		left, rows = kept, append(rows, rule.Row)
	}
	for _, r := range a.Cites {
		if !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
	}
	v.Rows = rowIndexes(rows)
	if a.Next != nil {
		next := j.question(a.Next, left)
		v.Next = &next
		return v
	}
	v.Take, v.Place = &a.Take.Text, slices.Index(Transports, a.Take.Transport)
	return v
}

// rowIndexes returns the indexes of rows in Table.
func rowIndexes(rows []*Row) []int {
	all := []int{}
	for _, r := range rows {
		all = append(all, slices.Index(Table, r))
	}
	return all
}

// section describes a section by the title of its lesson.
func (j Judge) section(s Section) sectionView {
	v := sectionView{Lesson: s.Lesson, Heading: s.Heading}
	for _, l := range j.lessons {
		if l.Name == s.Lesson {
			v.Title = l.Title
		}
	}
	return v
}
