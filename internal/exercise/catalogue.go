// Package exercise describes the exercises of the lab: the catalogue, the course that orders it,
// and the report of a check. It runs nothing. The packages below it do: predict compares answers,
// gocheck compiles and runs Go files, blackbox attacks servers, and workspace is the folder where a
// student works.
package exercise

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

// Kind says what a student does in an exercise.
type Kind string

// The kinds.
const (
	FillIn   Kind = "fill-in"   // finish a Go file
	BugZoo   Kind = "bug-zoo"   // find and fix the bug of a server that seems to work
	Predict  Kind = "predict"   // write down the next bytes on the wire; needs no Go
	BlackBox Kind = "black-box" // write a server in any language, which the check attacks
	FixPage  Kind = "fix-page"  // fix the JavaScript of a page; needs a browser and no Go
)

var kindTitles = map[Kind]lang.Text{
	FillIn:   {EN: "fill in", ZH: "填空"},
	BugZoo:   {EN: "bug zoo", ZH: "找虫"},
	Predict:  {EN: "predict the wire", ZH: "预测字节"},
	BlackBox: {EN: "black box", ZH: "黑盒"},
	FixPage:  {EN: "fix the page", ZH: "修页面"},
}

// Title returns the name of the kind for a reader.
func (k Kind) Title() lang.Text { return kindTitles[k] }

// Exercise is one entry of the catalogue.
type Exercise struct {
	Name   string
	Lesson string // the lesson whose folder has it
	Topic  string // the lesson that teaches it: Lesson, or one that shares its folder
	Kind   Kind
	Level  int // 1 first steps, 2 needs thought, 3 hard

	Set    Set       // its part of the course
	Reason lang.Text // why it comes where it does in the course; may be empty

	Title lang.Text
	Text  lang.Text // Markdown, without the hints
	Hints []lang.Text

	files fs.FS // the exercise's folder in its lesson
}

// indexFile lists the exercises of a lesson, with their kind and level.
const indexFile = "exercises.json"

// Catalogue reads the exercises of all lessons, in the order of the course. An error is a fault of
// the lab, not of a student.
func Catalogue(lessons []lesson.Lesson) ([]Exercise, error) {
	var all []Exercise
	seen := map[string]bool{}
	for _, l := range lessons {
		if l.Exercises == nil {
			continue
		}
		some, err := ofLesson(l)
		if err != nil {
			return nil, fmt.Errorf("exercises of %s: %w", l.Name, err)
		}
		for _, e := range some {
			if seen[e.Name] {
				return nil, fmt.Errorf("exercise %s exists twice", e.Name)
			}
			seen[e.Name] = true
		}
		all = append(all, some...)
	}
	return all, order(all)
}

func ofLesson(l lesson.Lesson) ([]Exercise, error) {
	root, err := fs.Sub(l.Exercises, "exercises")
	if err != nil {
		return nil, err
	}
	data, err := fs.ReadFile(root, indexFile)
	if err != nil {
		return nil, err
	}
	var index []struct {
		Name  string
		Kind  Kind
		Level int
		Topic string
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, err
	}
	var all []Exercise
	for _, entry := range index {
		e := Exercise{Name: entry.Name, Lesson: l.Name, Topic: cmp.Or(entry.Topic, l.Name),
			Kind: entry.Kind, Level: entry.Level}
		if e.files, err = fs.Sub(root, entry.Name); err != nil {
			return nil, err
		}
		if err := e.readTexts(); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// The instructions of an exercise. Their first line is the title, and each section "Hint" or "提示"
// is one hint.
const (
	englishFile = "exercise.md"
	chineseFile = "exercise.zh.md"
)

func (e *Exercise) readTexts() error {
	if _, known := kindTitles[e.Kind]; !known {
		return fmt.Errorf("unknown kind %q", e.Kind)
	}
	english, err := e.readText(englishFile, "Hint")
	if err != nil {
		return err
	}
	chinese, err := e.readText(chineseFile, "提示")
	if err != nil {
		return err
	}
	if len(english.hints) != len(chinese.hints) {
		return fmt.Errorf("%d hints in English, %d in Chinese", len(english.hints),
			len(chinese.hints))
	}
	e.Title = lang.Text{EN: english.title, ZH: chinese.title}
	e.Text = lang.Text{EN: english.body, ZH: chinese.body}
	if e.Kind == FixPage {
		e.Text.EN += "\n" + pageNote.EN + "\n"
		e.Text.ZH += "\n" + pageNote.ZH + "\n"
	}
	for i := range english.hints {
		e.Hints = append(e.Hints, lang.Text{EN: english.hints[i], ZH: chinese.hints[i]})
	}
	return nil
}

// pageNote follows the text of each exercise that fixes a page. The scripts in package fixpage have
// these names.
var pageNote = lang.Text{
	EN: "The check runs your code in a small page with a virtual clock, so waiting takes no " +
		"time. The page has the usual DOM of " +
		"elements, classes, `dataset`, selectors and bubbling events, timers, `fetch`, " +
		"`WebSocket`, `EventSource`, `crypto` and " +
		"`localStorage`, but no layout. `print(…)` shows values below the check.",
	ZH: "检查在一个小页面里运行你的代码，用的是虚拟时钟，等待不花时间。这个页面有常用的 " +
		"DOM（元素、class、`dataset`、选择器、会冒泡的事件）、" +
		"定时器、`fetch`、`WebSocket`、`EventSource`、`crypto` 和 `localStorage`，没有布局。" +
		"`print(…)` 把值显示在检查下面。",
}

type instructions struct {
	title, body string
	hints       []string
}

func (e *Exercise) readText(file, hint string) (instructions, error) {
	data, err := fs.ReadFile(e.files, file)
	if err != nil {
		return instructions{}, err
	}
	parts := strings.Split(string(data), "\n## "+hint+"\n")
	title, _, _ := strings.Cut(parts[0], "\n")
	if !strings.HasPrefix(title, "# ") {
		return instructions{}, fmt.Errorf("%s has no title", file)
	}
	text := instructions{title: strings.TrimPrefix(title, "# "),
		body: strings.TrimSpace(parts[0]) + "\n"}
	for _, h := range parts[1:] {
		text.hints = append(text.hints, strings.TrimSpace(h))
	}
	return text, nil
}

// solutionFolder holds our solution of the files that the student edits.
const solutionFolder = "solution"

// Starter returns the files that the student edits, by name, in their initial state.
func (e Exercise) Starter() (map[string][]byte, error) { return e.read(".", e.Edits) }

// Solution returns the same files with our solution.
func (e Exercise) Solution() (map[string][]byte, error) { return e.read(solutionFolder, e.Edits) }

// Given returns the files that the student has but need not edit, by name: the check, the code
// around the exercise, the text.
func (e Exercise) Given() (map[string][]byte, error) {
	files, err := e.read(".", func(name string) bool {
		return (path.Ext(name) == ".go" || name == CaptureFile) && !e.Edits(name)
	})
	if err != nil {
		return nil, err
	}
	for name, data := range files {
		if name == CaptureFile {
			continue
		}
		files[name] = []byte(e.Import("realtimelab/"+e.Lesson+"/"+e.Name, string(data)))
	}
	files[englishFile], files[chineseFile] = []byte(e.Text.EN), []byte(e.Text.ZH)
	return files, nil
}

// Import returns check with its import of the student's package changed to the path from.
func (e Exercise) Import(from, check string) string {
	return strings.ReplaceAll(check, "realtimelab/lessons/"+e.Lesson+"/exercises/"+e.Name, from)
}

// The files that a student edits in exercises without Go.
const (
	AnswerFile = "answer.txt" // in an exercise to predict the wire
	PageFile   = "page.js"    // in an exercise to fix a page
)

// CaptureFile is the capture that an exercise asks about, if it has one. The student gets it.
const CaptureFile = "capture.pcapng"

// Edits reports whether the student edits the file of that name. A black box also starts in Python
// and Node.
func (e Exercise) Edits(name string) bool {
	switch {
	case e.Kind == Predict:
		return name == AnswerFile
	case e.Kind == BlackBox && (name == "server.py" || name == "server.mjs"):
		return true
	case e.Kind == FixPage:
		return name == PageFile
	}
	return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
}

func (e Exercise) read(folder string, want func(string) bool) (map[string][]byte, error) {
	entries, err := fs.ReadDir(e.files, folder)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if entry.IsDir() || !want(entry.Name()) {
			continue
		}
		data, err := fs.ReadFile(e.files, path.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		files[entry.Name()] = data
	}
	return files, nil
}

// Files returns the exercise's folder in its lesson, for the tests of the exercises.
func (e Exercise) Files() fs.FS { return e.files }
