package site

import (
	"html/template"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"realtimelab/internal/exercise"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
)

// lessonPage holds the values of lesson.html.
type lessonPage struct {
	frame
	Title, Summary string
	Sections       []markdown.Heading
	Text           template.HTML
	// the demo of the lesson that the page opens; its Href is empty if none runs
	Open      demoLink
	Listed    map[string]bool // demos that the text has no section for
	Exercises []exerciseItem
	Slides    string // link to the lesson as slides
}

// An exerciseList holds the values of the template "exercises".
type exerciseList struct {
	frame
	Exercises []exerciseItem
}

// List returns the values for a list of exercises.
func (f frame) List(items []exerciseItem) exerciseList { return exerciseList{f, items} }

// An exerciseItem is one exercise in a list.
type exerciseItem struct {
	Name, Title, Kind, Href string
	Level                   int
	// the part of the course; "" for the part that everyone does
	Set       string
	State     exercise.State // of the reader; "" if not begun
	InBrowser bool           // it can be done on its page
	// it asks about a capture, for which the reader needs Wireshark
	Capture bool

	kind exercise.Kind
}

// Anywhere reports whether the exercise needs nothing but a browser, which a phone has, too.
func (e exerciseItem) Anywhere() bool { return e.InBrowser && !e.Capture }

// Solved reports whether the reader has solved the exercise.
func (e exerciseItem) Solved() bool { return e.State == exercise.Done }

// Begun reports whether the reader has begun the exercise and not solved it.
func (e exerciseItem) Begun() bool { return e.State == exercise.Started }

// Stars draws the level, 1 to 3.
func (e exerciseItem) Stars() string {
	return strings.Repeat("★", e.Level) + strings.Repeat("☆", 3-e.Level)
}

// exercises returns the exercises that belong to a lesson, with the reader's progress.
func (c Config) exercises(l string, f frame, done map[string]exercise.State) (items []exerciseItem,
	err error) {
	all, err := c.catalogue()
	for _, e := range all {
		if e.Topic == l {
			items = append(items, f.item(e, done))
		}
	}
	return items, err
}

// solved counts the exercises that the reader has solved.
func solved(items []exerciseItem) (n int) {
	for _, item := range items {
		if item.Solved() {
			n++
		}
	}
	return n
}

// serveLessons serves the page of each lesson in the course. A text is parsed when it is first
// asked for.
func (c Config) serveLessons(mux *http.ServeMux) {
	type key struct {
		lesson string
		lang   lang.Lang
	}
	texts := map[key]func() (*markdown.Document, error){}
	for _, l := range c.Course {
		for _, language := range lang.All {
			texts[key{l.Name, language}] = sync.OnceValues(func() (*markdown.Document, error) {
				return parseLesson(l, language)
			})
		}
	}
	mux.Handle("GET "+lessonPath+"{name}",
		httpserver.Policy{}.Page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at := slices.IndexFunc(c.Course, func(l lesson.Lesson) bool {
				return l.Name == r.PathValue("name")
			})
			if at < 0 {
				http.Error(w, "Unknown lesson. This command lists the lessons: lab lesson",
					http.StatusNotFound)
				return
			}
			f := c.frame(r)
			f.atLesson(at)
			text, err := texts[key{f.Lesson.Name, f.Lang}]()
			if err == nil && r.URL.Query().Get("view") == slidesView {
				var page slidesPage
				if page, err = c.slidesPage(f, text); err == nil {
					c.write(w, c.templates, "slides.html", page)
					return
				}
			}
			if err == nil {
				var page lessonPage
				if page, err = c.lessonPage(f, text, progressOf(r)); err == nil {
					c.write(w, c.templates, "lesson.html", page)
					return
				}
			}
			c.fail(w, "cannot show a lesson", err, slog.String("lesson", f.Lesson.Name))
		})))
}

// parseLesson parses a lesson's text. Its sections have the IDs of the English text in both
// languages, so that a link to a section leads to the same one.
func parseLesson(l lesson.Lesson, language lang.Lang) (*markdown.Document, error) {
	source, err := l.Expand(language)
	if err != nil {
		return nil, err
	}
	text := markdown.Parse(source)
	if english := markdown.Parse(l.Body.EN); len(english.Headings) == len(text.Headings) {
		for i := range text.Headings {
			text.Headings[i].ID = english.Headings[i].ID
		}
	}
	return text, nil
}

// lessonPage returns the page of the frame's lesson.
func (c Config) lessonPage(f frame, text *markdown.Document,
	done map[string]exercise.State) (p lessonPage, err error) {
	p = lessonPage{frame: f, Title: f.Lesson.Title, Summary: f.Lesson.Summary,
		Listed: map[string]bool{}, Slides: "?view=" + slidesView + "&lang=" + string(f.Lang)}
	if p.Exercises, err = c.exercises(f.Lesson.Name, f, done); err != nil {
		return p, err
	}
	for _, h := range text.Headings {
		switch h.Level {
		case 1:
			p.Title = h.Text
		case 2:
			p.Sections = append(p.Sections, h)
		}
	}
	html := markdown.HTML{
		Code: p.Say("Code", "代码"), Table: p.Say("Table", "表格"),
		AsText: p.Say("As text", "文字版"),
		Link:   f.demoHref(),
	}.Render(text)
	for _, d := range f.Lesson.Demos {
		if d.Name == c.Demo.Name || p.Open.Name == "" || p.Open.Href == "" && d.Href != "" {
			p.Open = d
		}
		var found bool
		html, found = addAnchor(html, d.Name)
		p.Listed[d.Name] = !found
	}
	p.Text = template.HTML(html)
	return p, nil
}

var sectionHeading = regexp.MustCompile(`<h[2-6] id="[^"]*">`)

// addAnchor gives the first section about a demo the demo's name as a second ID. It reports whether
// there is such a section.
func addAnchor(html, demo string) (_ string, found bool) {
	if strings.Contains(html, ` id="`+demo+`"`) {
		return html, true
	}
	end := 0 // of the last heading
	for _, heading := range sectionHeading.FindAllStringIndex(html, -1) {
		if end > 0 && strings.Contains(html[end:heading[0]], "<code>"+demo+"</code>") {
			break
		}
		end = heading[1]
	}
	if end == 0 || !strings.Contains(html[end:], "<code>"+demo+"</code>") {
		return html, false
	}
	return html[:end] + `<span id="` + demo + `"></span>` + html[end:], true
}
