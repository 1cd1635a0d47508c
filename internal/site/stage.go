package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/markdown"
)

// A step holds the conditions that a page observes for a guided step: the language-independent half
// of a stepText. A demo's steps are in pages/DEMO/steps.json.
type step struct {
	Name   string     `json:"name"`
	Answer int        `json:"answer"` // index of the right answer
	Acts   []string   `json:"acts"`   // what the step's button does, one for each press
	Until  [][]string `json:"until"`  // groups of facts that end the step, see web/shared/steps.js
}

// stagePage holds the values of stage.html.
type stagePage struct {
	frame
	Demo    lesson.Demo
	Title   string
	Summary string
	Text    pageText
	Client  []code
	Server  []code
	Play    string      // the code of the reader's own client; empty if the page has none
	Info    template.JS // JSON for the page's modules
	Xray    bool
}

// A code is a part of the running source code.
type code struct {
	File  string
	Lines template.HTML
}

// stage holds the parts of a demo's page that do not depend on the request.
type stage struct {
	name           string // of the template: stage.html, or plain.html for a page without steps
	template       *template.Template
	steps          []step
	texts          map[lang.Lang]pageText
	client, server []code
	play           string
}

// newStage reads the page of a demo: its fragments, steps, texts and source code.
func (c Config) newStage(page fs.FS) (*stage, error) {
	s := &stage{name: "stage.html", texts: map[lang.Lang]pageText{}}
	var err error
	if s.template, err = parsed().Clone(); err != nil {
		return nil, err
	}
	if s.template, err = s.template.ParseFS(page, "page.html"); err != nil {
		return nil, err
	}
	if s.steps, err = readSteps(page); err != nil {
		return nil, fmt.Errorf("steps.json of %s: %w", c.Demo.Name, err)
	}
	if len(s.steps) == 0 {
		s.name = "plain.html"
		return s, nil
	}
	for _, language := range lang.All {
		html := markdown.HTML{Code: lang.Text{EN: "Code", ZH: "代码"}.In(language),
			Table: lang.Text{EN: "Table", ZH: "表格"}.In(language)}
		text, err := readPageText(c.Lesson.Pages, c.Demo.Name, language, html)
		if err == nil {
			err = matches(s.steps, text.Steps)
		}
		if err != nil {
			return nil, fmt.Errorf("page of %s in %s: %w", c.Demo.Name, language, err)
		}
		s.texts[language] = text
	}
	if s.client, err = codes("js", c.Demo.Client, func(ref string) (string, error) {
		return lesson.ScriptRegion(page, ref)
	}); err != nil {
		return nil, err
	}
	play, err := fs.ReadFile(page, "play.js")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.play = string(play)
	s.server, err = codes("go", c.Demo.Source, func(ref string) (string, error) {
		return lesson.Region(c.Lesson.Source, ref)
	})
	return s, err
}

// readSteps reads the guided steps of a demo's page. A page may have none.
func readSteps(page fs.FS) (steps []step, err error) {
	data, err := fs.ReadFile(page, "steps.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return steps, json.Unmarshal(data, &steps)
}

// matches returns an error if the steps of a text differ from the steps that the page observes.
func matches(steps []step, texts []stepText) error {
	if len(steps) != len(texts) {
		return fmt.Errorf("%d steps, but texts for %d", len(steps), len(texts))
	}
	for i, s := range steps {
		switch text := texts[i]; {
		case s.Name != text.Name:
			return fmt.Errorf("step %d is %s, but its text is of %s", i+1, s.Name, text.Name)
		case s.Answer < 0 || s.Answer >= len(text.Guesses):
			return fmt.Errorf("step %s: the right answer is not among the answers", s.Name)
		case len(s.Acts) != len(text.Acts):
			return fmt.Errorf("step %s: %d acts, but labels for %d", s.Name, len(s.Acts),
				len(text.Acts))
		case len(s.Until) == 0:
			return fmt.Errorf("step %s: no condition ends it", s.Name)
		}
	}
	return nil
}

// codes returns the regions, grouped by file.
func codes(language string, refs []string, region func(ref string) (string, error)) (all []code,
	err error) {
	texts := map[string][]string{}
	var files []string
	for _, ref := range refs {
		text, err := region(ref)
		if err != nil {
			return nil, err
		}
		file, _, _ := strings.Cut(ref, "#")
		if texts[file] == nil {
			files = append(files, file)
		}
		texts[file] = append(texts[file], strings.TrimRight(text, "\n"))
	}
	for _, file := range files {
		all = append(all,
			code{file, template.HTML(markdown.Lines(language, strings.Join(texts[file], "\n\n")))})
	}
	return all, nil
}

// serveDemo serves the demo's page at the root, and the files that it loads.
func (c Config) serveDemo(mux *http.ServeMux) error {
	page, err := fs.Sub(c.Web, path.Join("pages", c.Demo.Name))
	if err != nil {
		return err
	}
	policy := httpserver.Policy{Frames: c.Frames, BothNames: c.BothNames, FramesItself: c.Demo.Peer}
	mux.Handle("GET "+pagePath, policy.Page(http.StripPrefix(pagePath, http.FileServerFS(page))))
	if _, err := fs.Stat(page, "page.html"); errors.Is(err, fs.ErrNotExist) {
		mux.Handle("GET /{$}", policy.Page(http.FileServerFS(page)))
		return nil
	}
	s, err := c.newStage(page)
	if err != nil {
		return err
	}
	info, err := json.Marshal(struct {
		Demo  string `json:"demo"`
		Xray  bool   `json:"xray"`
		Steps []step `json:"steps"`
	}{c.Demo.Name, c.Xray, s.steps})
	if err != nil {
		return err
	}
	mux.Handle("GET /{$}",
		policy.Page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f := c.frame(r)
			f.atDemo(c.Demo.Name)
			c.write(w, s.template, s.name, stagePage{
				frame: f, Demo: c.Demo, Title: c.Demo.Title.In(f.Lang),
				Summary: c.Demo.Summary.In(f.Lang),
				Text:    s.texts[f.Lang], Client: s.client, Server: s.server, Play: s.play,
				Info: template.JS(info), Xray: c.Xray,
			})
		})))
	return nil
}
