package site

import (
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"

	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
)

// Templates returns the templates "meta" and "bar", and adds the templates in another package's
// files. The values of such a page embed a Frame.
func Templates(files fs.FS, patterns ...string) (*template.Template, error) {
	t, err := parsed().Clone()
	if err != nil {
		return nil, err
	}
	return t.ParseFS(files, patterns...)
}

// A Frame holds what every page has around its content.
type Frame = frame

// Frame returns the frame of the page that the request is for.
func (c Config) Frame(r *http.Request) Frame { return c.frame(r) }

// ReaderLang returns the language of the pages for the request's reader.
func (c Config) ReaderLang(r *http.Request) lang.Lang { return c.readerLang(r) }

// Write answers with a page from Templates.
func (c Config) Write(w http.ResponseWriter, t *template.Template, name string, page any) {
	c.write(w, t, name, page)
}

// LessonPath returns the path of a lesson's page.
func LessonPath(name string) string { return lessonPath + name }

// DemoURL returns the URL of a demo that the lab serves now, or "".
func (c Config) DemoURL(r *http.Request, name string) string {
	demo, ok := c.served(r)[name]
	if !ok {
		return ""
	}
	return demo.Href
}

// A Prediction is a question of a demo's guided steps. The texts are HTML.
type Prediction struct {
	Lesson  string
	Demo    lesson.Demo
	Step    string
	Ask     lang.Text
	Guesses []lang.Text
	Answer  int // index of the right guess
	Why     lang.Text
}

// Predictions returns the questions of all demos of the course, in order. A demo without guided
// steps has none.
func (c Config) Predictions() (all []Prediction, err error) {
	for _, l := range c.Course {
		for _, d := range l.Demos {
			steps, err := c.predictionsOf(l, d)
			if err != nil {
				return nil, err
			}
			all = append(all, steps...)
		}
	}
	return all, nil
}

func (c Config) predictionsOf(l lesson.Lesson, d lesson.Demo) (all []Prediction, err error) {
	page, err := fs.Sub(c.Web, path.Join("pages", d.Name))
	if err != nil {
		return nil, err
	}
	steps, err := readSteps(page)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	texts := map[lang.Lang]pageText{}
	for _, language := range lang.All {
		text, err := readPageText(l.Pages, d.Name, language, markdown.HTML{})
		if err == nil {
			err = matches(steps, text.Steps)
		}
		if err != nil {
			return nil, fmt.Errorf("page of %s in %s: %w", d.Name, language, err)
		}
		texts[language] = text
	}
	for i, s := range steps {
		en, zh := texts[lang.English].Steps[i], texts[lang.Chinese].Steps[i]
		p := Prediction{Lesson: l.Name, Demo: d, Step: s.Name, Answer: s.Answer,
			Ask: both(en.Ask, zh.Ask), Why: both(en.Why, zh.Why)}
		if len(en.Guesses) != len(zh.Guesses) {
			return nil, fmt.Errorf(
				"page of %s, step %s: the languages differ in the number of guesses",
				d.Name, s.Name)
		}
		for j := range en.Guesses {
			p.Guesses = append(p.Guesses, both(en.Guesses[j], zh.Guesses[j]))
		}
		all = append(all, p)
	}
	return all, nil
}

func both(en, zh template.HTML) lang.Text { return lang.Text{EN: string(en), ZH: string(zh)} }

// ExercisePath is the path of the exercises' pages. The exercise's name follows.
const ExercisePath = labPath + "exercise/"
