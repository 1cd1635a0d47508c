// Package lesson is the contract between a lesson and all that runs it.
package lesson

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
)

// Lang is a language that a learner reads.
type Lang string

// The two languages of the lab.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// Text is what a learner reads, in both languages.
type Text struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// In returns the text in that language, English for one it does not know.
func (t Text) In(lang Lang) string {
	if lang == Chinese {
		return t.ZH
	}
	return t.EN
}

// Lesson is one topic.
type Lesson struct {
	Name           string
	Title, Summary Text
	Body           Text  // Markdown, see Expand
	Source         fs.FS // the Go files of the lesson's package
	Demos          []Demo
	Exercises      fs.FS // the lesson's folder exercises; nil if it has none
}

// Demo is one runnable thing with one page, under web/pages/Name.
type Demo struct {
	Name           string
	Title, Summary Text

	// Source names the code shown beside the page, see Region.
	Source []string

	// Start builds the running demo. It opens no listener.
	Start func(Env) (*Instance, error)
}

// Env is what the lab lends a demo.
type Env struct {
	Log    *slog.Logger
	Client fs.FS // our browser client's bundles, by their official file names
}

// Instance is a running demo.
type Instance struct {
	// Handler serves the demo's own endpoints at the root of its listener.
	Handler http.Handler

	// Frames are other origins that the demo's page may frame, as sources of a
	// Content-Security-Policy. Most have none.
	Frames []string

	// Clients is the number of connected clients.
	Clients func() int

	// Close tells the clients, and ends every goroutine of the demo. It is
	// called once.
	Close func(ctx context.Context) error
}

// FindDemo looks a demo up by its name, with the lesson that it belongs to.
func FindDemo(all []Lesson, name string) (Lesson, Demo, bool) {
	for _, l := range all {
		for _, d := range l.Demos {
			if d.Name == name {
				return l, d, true
			}
		}
	}
	return Lesson{}, Demo{}, false
}
