// Package site serves the pages of the lab: the home page, the lessons, and a demo's own page. The
// server renders each page completely, in the reader's language.
package site

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"realtimelab/internal/exercise"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
)

//go:embed *.html
var files embed.FS

// parsed holds the templates of all pages. A template that was executed cannot be cloned, so these
// never are.
var parsed = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").
		Funcs(template.FuncMap{"solved": solved, "add": func(a, b int) int {
			return a + b
		}}).ParseFS(files, "*.html"))
})

// Paths of the pages and of what they load.
const (
	labPath    = "/lab/"
	lessonPath = labPath + "lesson/" // followed by the lesson's name
	pagePath   = labPath + "page/"   // the files of the demo's page
	sharedPath = labPath + "shared/" // the files that pages share
	classPath  = labPath + "class/"  // the class page, if the server runs a class
	demosPath  = labPath + "demos.json"
)

// A Config describes the site of one server.
type Config struct {
	// Lesson and Demo describe the demo that the server runs. A server without a demo has the home
	// page at its root.
	Lesson lesson.Lesson
	Demo   lesson.Demo

	// Port is the server's port that clients connect to.
	Port int

	// Course lists the lessons, in order. Empty means Lesson alone.
	Course []lesson.Lesson

	// Directory lists the lab's running demos.
	Directory *Directory

	// Join lists the server's addresses for others on the local network. Empty means that it
	// answers to this machine only.
	Join []string

	Web  fs.FS     // pages/<demo>/ and shared/
	Lang lang.Lang // of every page; empty lets the browser choose
	Xray bool      // the server has an x-ray
	// the server has /lab/line, which describes the network and the proxy before the demo
	Line   bool
	Frames []int // ports whose pages the demo's page may frame

	BothNames bool // it may frame them under the other loopback name, too

	Log *slog.Logger

	// Class says that the server runs a class: it serves the class page at /lab/class/ and its
	// module for every page, files/strip.js. The root is then free for the class.
	Class bool

	catalogue func() ([]exercise.Exercise, error) // the course's exercises
	templates *template.Template                  // of the home page and the lessons
}

// Routes adds the site to mux. The error says what is wrong with the demo's page.
func (c Config) Routes(mux *http.ServeMux) error {
	if len(c.Course) == 0 {
		c.Course = []lesson.Lesson{c.Lesson}
	}
	if c.Directory == nil {
		c.Directory = &Directory{}
	}
	c.catalogue = sync.OnceValues(func() ([]exercise.Exercise, error) {
		return exercise.Catalogue(c.Course)
	})
	var err error
	if c.templates, err = parsed().Clone(); err != nil {
		return err
	}
	shared, err := fs.Sub(c.Web, "shared")
	if err != nil {
		return err
	}
	mux.Handle("GET "+sharedPath, httpserver.Policy{}.Page(http.StripPrefix(sharedPath,
		http.FileServerFS(shared))))
	c.serveHome(mux)
	c.serveExercises(mux)
	if err := c.servePlay(mux); err != nil {
		return err
	}
	c.serveLessons(mux)
	if c.Demo.Name == "" {
		return nil
	}
	return c.serveDemo(mux)
}

// exercisesOfCourse returns the course's exercises, or none on a page outside the routes, such as
// the class page.
func (c Config) exercisesOfCourse() ([]exercise.Exercise, error) {
	if c.catalogue == nil {
		return nil, nil
	}
	return c.catalogue()
}

// write answers with a page.
func (c Config) write(w http.ResponseWriter, t *template.Template, name string, page any) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, page); err != nil {
		c.fail(w, "cannot show a page", err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	w.Write(b.Bytes())
}

// fail answers that a page cannot be shown, and logs why.
func (c Config) fail(w http.ResponseWriter, message string, err error, attrs ...any) {
	c.Log.Error(message, append(attrs, slog.Any("error", err))...)
	http.Error(w, "The page cannot be shown. The lab's log says why.",
		http.StatusInternalServerError)
}

// readerLang returns the language for a reader: that of the URL's ?lang=, else the lab's --lang,
// else the browser's.
func (c Config) readerLang(r *http.Request) lang.Lang {
	switch asked := lang.Lang(r.URL.Query().Get("lang")); {
	case asked == lang.English, asked == lang.Chinese:
		return asked
	case c.Lang != "":
		return c.Lang
	}
	return preferred(r.Header.Get("Accept-Language"))
}

// preferred returns the language that an Accept-Language header weighs highest, or English if the
// lab has none of them.
func preferred(header string) lang.Lang {
	best, weight := lang.English, 0.0
	for item := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(item), ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(value, 64); err != nil {
				continue
			}
		}
		name, _, _ = strings.Cut(strings.ToLower(name), "-")
		if language := lang.Lang(name); (language == lang.English || language == lang.Chinese) &&
			q > weight {
			best, weight = language, q
		}
	}
	return best
}
