package site

import (
	"encoding/json"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/fixpage"
	"realtimelab/internal/exercise/predict"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/markdown"
)

// Paths of the exercises.
const (
	exercisesPath = labPath + "exercises"
	exercisePath  = labPath + "exercise/" // followed by the exercise's name
	framePath     = labPath + "fix-page"  // the frame that runs a student's page
)

// exercisesPage holds the values of exercises.html.
type exercisesPage struct {
	frame
	Lessons []exerciseLesson
	Solved  int
	All     int
	First   *exerciseItem // the first that is not solved and needs only a browser
	Laptop  *exerciseItem // the first that is not solved, if it comes before First and needs more
	Last    *exerciseItem // the last that was begun, and is not solved

	Pages, PagesSolved int // that need only a browser
}

// An exerciseLesson is a lesson with its exercises.
type exerciseLesson struct {
	lessonLink
	Items  []exerciseItem
	Solved int
}

// exercisePage holds the values of exercise.html.
type exercisePage struct {
	frame
	exerciseItem
	Text   template.HTML
	Hints  []template.HTML
	Slots  []predict.Slot // to predict
	Code   string         // the starter of a page to fix
	Steps  []string       // of its check
	After  *exerciseItem  // the first other one that is not solved and needs only a browser
	Laptop *exerciseItem  // the first other one that is not solved, if it needs more
	Onward *link          // the lesson that follows
	Info   template.JS    // JSON for the page's module
}

// Is reports whether the exercise is of that kind.
func (p exercisePage) Is(kind string) bool { return string(p.kind) == kind }

// serveExercises serves the list of exercises, the page of each, and what a page needs to check it.
func (c Config) serveExercises(mux *http.ServeMux) {
	mux.Handle("GET "+exercisesPath,
		httpserver.Policy{}.Page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, err := c.exercisesPage(r)
			if err != nil {
				c.fail(w, "cannot list the exercises", err)
				return
			}
			c.write(w, c.templates, "exercises.html", p)
		})))
	mux.Handle("GET "+exercisePath+"{name}",
		httpserver.Policy{}.Page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			all, at, ok := c.findExercise(w, r)
			if !ok {
				return
			}
			p, err := c.exercisePage(r, all, at)
			if err != nil {
				c.fail(w, "cannot show an exercise", err, slog.String("exercise", all[at].Name))
				return
			}
			c.write(w, c.templates, "exercise.html", p)
		})))
	mux.HandleFunc("GET "+exercisePath+"{name}/check.json", c.serveTask)
	mux.HandleFunc("GET "+exercisePath+"{name}/"+exercise.CaptureFile, c.serveCapture)
	mux.HandleFunc("POST "+exercisePath+"{name}/check", c.checkPrediction)
	frame := fixpage.Frame()
	mux.HandleFunc("GET "+framePath, func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", fixpage.Policy)
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-cache")
		w.Write([]byte(frame))
	})
}

// findExercise returns the catalogue and the index of the exercise that the path names, or answers
// 404.
func (c Config) findExercise(w http.ResponseWriter, r *http.Request) (all []exercise.Exercise,
	at int, ok bool) {
	all, err := c.catalogue()
	if err != nil {
		c.fail(w, "cannot read the exercises", err)
		return nil, 0, false
	}
	at = slices.IndexFunc(all, func(e exercise.Exercise) bool {
		return e.Name == r.PathValue("name")
	})
	if at < 0 {
		http.Error(w, "Unknown exercise. The page "+exercisesPath+" lists them.",
			http.StatusNotFound)
		return nil, 0, false
	}
	return all, at, true
}

// serveCapture serves the capture that an exercise asks about, as a download.
func (c Config) serveCapture(w http.ResponseWriter, r *http.Request) {
	all, at, ok := c.findExercise(w, r)
	if !ok {
		return
	}
	given, err := all[at].Given()
	if err != nil {
		c.fail(w, "cannot read the exercise", err)
		return
	}
	capture := given[exercise.CaptureFile]
	if capture == nil {
		http.Error(w, "This exercise has no capture.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-pcapng")
	w.Header().Set("Content-Disposition", "attachment; filename="+exercise.CaptureFile)
	w.Write(capture)
}

// serveTask serves the parts that the frame needs to check a page: the harness, the Socket.IO
// client, and the exercise's check.
func (c Config) serveTask(w http.ResponseWriter, r *http.Request) {
	all, at, ok := c.findExercise(w, r)
	if !ok {
		return
	}
	if all[at].Kind != exercise.FixPage {
		http.Error(w, "This exercise is not checked in a browser.", http.StatusNotFound)
		return
	}
	script, err := fixpage.Script(all[at])
	if err != nil {
		c.fail(w, "cannot read a check", err, slog.String("exercise", all[at].Name))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	json.NewEncoder(w).Encode(map[string]string{"harness": fixpage.Harness(),
		"library": fixpage.Library(), "check": script})
}

func (c Config) exercisesPage(r *http.Request) (p exercisesPage, err error) {
	p.frame = c.frame(r)
	p.AtExercises = true
	done := progressOf(r)
	for _, l := range p.Course {
		items, err := c.exercises(l.Name, p.frame, done)
		if err != nil {
			return p, err
		}
		if len(items) == 0 {
			continue
		}
		group := exerciseLesson{lessonLink: l, Items: items}
		for _, item := range items {
			if item.Anywhere() {
				p.Pages++
				p.PagesSolved += solved([]exerciseItem{item})
			}
			switch {
			case item.State == exercise.Done:
				group.Solved++
			case item.State == exercise.Started:
				p.Last = &item
			}
		}
		p.All += len(items)
		p.Solved += group.Solved
		p.Lessons = append(p.Lessons, group)
	}
	all, err := c.catalogue()
	if err != nil {
		return p, err
	}
	p.Laptop, p.First = p.upcoming(all, done)
	return p, nil
}

// upcoming returns the first exercise of the course that is not solved and needs only a browser,
// and the first one before it that needs more. The course goes through the lessons more than once.
func (f frame) upcoming(all []exercise.Exercise,
	done map[string]exercise.State) (laptop, anywhere *exerciseItem) {
	for _, e := range all {
		item := f.item(e, done)
		switch {
		case item.Solved():
		case item.Anywhere():
			return laptop, &item
		case laptop == nil:
			laptop = &item
		}
	}
	return laptop, nil
}

func (c Config) exercisePage(r *http.Request, all []exercise.Exercise, at int) (p exercisePage,
	err error) {
	e := all[at]
	p.frame = c.frame(r)
	done := progressOf(r)
	p.exerciseItem = p.frame.item(e, done)
	html := markdown.HTML{
		Code: p.Say("Code", "代码"), Table: p.Say("Table", "表格"), Link: p.demoHref(),
	}
	p.Text = block(e.Text.In(p.Lang), html)
	for _, hint := range e.Hints {
		p.Hints = append(p.Hints, block(hint.In(p.Lang), html))
	}
	if at > 0 {
		before := p.frame.item(all[at-1], done)
		p.Previous = &link{Kind: toExercise, Title: before.Title, Href: before.Href}
	}
	if at < len(all)-1 {
		next := p.frame.item(all[at+1], done)
		p.Next = &link{Kind: toExercise, Title: next.Title, Href: next.Href}
	}
	others := slices.Delete(slices.Clone(all), at, at+1) // the page shows it when this is solved
	p.Laptop, p.After = p.upcoming(others, done)
	for i := range p.Course {
		if p.Course[i].Name != e.Topic {
			continue
		}
		p.Lesson = &p.Course[i]
		p.Lesson.Here = true
		if i < len(p.Course)-1 {
			p.Onward = &link{Title: p.Course[i+1].Title, Href: p.Course[i+1].Href}
		}
	}
	switch e.Kind {
	case exercise.Predict:
		p.Slots, err = predict.Slots(e)
	case exercise.FixPage:
		p.Steps, p.Code, err = pageToFix(e, p.Lang)
	}
	if err != nil {
		return p, err
	}
	info, err := json.Marshal(map[string]any{"exercise": e.Name, "kind": e.Kind})
	p.Info = template.JS(info)
	return p, err
}

// pageToFix returns the names of the check's steps, and the page that the student gets.
func pageToFix(e exercise.Exercise, language lang.Lang) (steps []string, code string, err error) {
	names, err := fixpage.Steps(e)
	if err != nil {
		return nil, "", err
	}
	for _, name := range names {
		steps = append(steps, name.In(language))
	}
	starter, err := e.Starter()
	return steps, string(starter[exercise.PageFile]), err
}

// item returns an exercise as an entry of a list.
func (f frame) item(e exercise.Exercise, done map[string]exercise.State) exerciseItem {
	_, missing := fs.Stat(e.Files(), exercise.CaptureFile)
	return exerciseItem{
		Capture: missing == nil, Name: e.Name, Title: e.Title.In(f.Lang),
		Kind: e.Kind.Title().In(f.Lang), Level: e.Level,
		Href: exercisePath + url.PathEscape(e.Name) + f.query,
		Set:  setTitle(e.Set, f.Lang), State: done[e.Name],
		InBrowser: e.Kind == exercise.Predict || e.Kind == exercise.FixPage, kind: e.Kind,
	}
}

// setTitle returns the part of the course that an exercise belongs to, or "" for the part that
// everyone does.
func setTitle(set exercise.Set, language lang.Lang) string {
	if set == exercise.Core || set == "" {
		return ""
	}
	return set.Title().In(language)
}

// progressCookie stores the exercises that the reader has solved or begun: their names joined by
// dots, with a ~ before an unsolved one (see web/shared/progress.js). It is a cookie because the
// demos of the lab are on different ports, and a browser's storage belongs to one port.
const progressCookie = "lab-progress"

// progressOf returns the reader's progress. Names of other exercises do no harm.
func progressOf(r *http.Request) map[string]exercise.State {
	done := map[string]exercise.State{}
	cookie, err := r.Cookie(progressCookie)
	if err != nil {
		return done
	}
	for name := range strings.SplitSeq(cookie.Value, ".") {
		if begun, ok := strings.CutPrefix(name, "~"); ok {
			done[begun] = exercise.Started
		} else {
			done[name] = exercise.Done
		}
	}
	return done
}
