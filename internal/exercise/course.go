package exercise

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"realtimelab/internal/lang"
)

// Set is the part of the course that an exercise belongs to.
type Set string

// The sets.
const (
	Core     Set = "core"     // for everyone in a class of 90 minutes
	Quick    Set = "quick"    // for students who are done early
	Homework Set = "homework" // for afterwards
)

// Sets are all sets.
var Sets = []Set{Core, Quick, Homework}

var setTitles = map[Set]lang.Text{
	Core:     {EN: "core", ZH: "必做"},
	Quick:    {EN: "quick", ZH: "加做"},
	Homework: {EN: "homework", ZH: "课后"},
}

// Title returns the name of the set for a reader.
func (s Set) Title() lang.Text { return setTitles[s] }

// courseFile holds the order in which a student does the exercises. It lists every exercise once.
//
//go:embed course.json
var courseFile []byte

// A CourseEntry is one exercise in the order of the course.
type CourseEntry struct {
	Name string
	Set  Set
	Why  lang.Text // why it comes here; may be empty
}

// Course returns the order of the exercises.
func Course() ([]CourseEntry, error) {
	var entries []CourseEntry
	if err := json.Unmarshal(courseFile, &entries); err != nil {
		return nil, fmt.Errorf("course.json: %w", err)
	}
	for _, entry := range entries {
		if !slices.Contains(Sets, entry.Set) {
			return nil, fmt.Errorf("course.json: %s is in the unknown set %q", entry.Name,
				entry.Set)
		}
	}
	return entries, nil
}

// order sorts the exercises as the course has them, and sets their Set and Reason. Exercises that
// the course does not name come last, as homework.
func order(all []Exercise) error {
	course, err := Course()
	if err != nil {
		return err
	}
	places := map[string]int{}
	for i, entry := range course {
		places[entry.Name] = i
	}
	place := func(e Exercise) int {
		if i, known := places[e.Name]; known {
			return i
		}
		return len(course)
	}
	for i, e := range all {
		all[i].Set = Homework
		if at := place(e); at < len(course) {
			all[i].Set, all[i].Reason = course[at].Set, course[at].Why
		}
	}
	slices.SortStableFunc(all, func(a, b Exercise) int { return place(a) - place(b) })
	return nil
}

// A Filter selects a part of the course. The zero Filter selects everything.
type Filter struct {
	Lesson string
	Set    Set
}

// Match reports whether the filter selects the exercise.
func (f Filter) Match(e Exercise) bool {
	return (f.Lesson == "" || f.Lesson == e.Lesson) && (f.Set == "" || f.Set == e.Set)
}

// Select returns the exercises that the filter matches, in their order.
func (f Filter) Select(all []Exercise) []Exercise {
	return slices.DeleteFunc(slices.Clone(all), func(e Exercise) bool { return !f.Match(e) })
}

// Heading returns the title of a group of exercises in a list: the title of their lesson, or
// "homework".
func (e Exercise) Heading(lesson lang.Text) lang.Text {
	if e.Set != Homework {
		return lesson
	}
	return lang.Text{EN: lesson.EN + " (homework)", ZH: lesson.ZH + "（课后）"}
}
