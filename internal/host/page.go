package host

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"realtimelab/internal/lesson"
)

// info is what a page knows of its demo: /lab/info.json.
type info struct {
	Demo    string      `json:"demo"`
	Lesson  string      `json:"lesson"`
	Lang    lesson.Lang `json:"lang,omitempty"`
	Title   lesson.Text `json:"title"`
	Summary lesson.Text `json:"summary"`
	Source  []source    `json:"source"`
	Xray    bool        `json:"xray"`
}

// source is a region of the code that runs.
type source struct {
	Ref  string `json:"ref"`
	Code string `json:"code"`
}

// policy lets a page load nothing but the lab's own files, and connect to
// nothing but the lab.
const policy = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"

// handler puts the page at the root, what it needs under /lab/, and leaves all
// else to the demo.
func (c Config) handler(instance *lesson.Instance, panel *Panel) (http.Handler, error) {
	shared, err := fs.Sub(c.Web, "shared")
	if err != nil {
		return nil, err
	}
	page, err := fs.Sub(c.Web, path.Join("pages", c.Demo.Name))
	if err != nil {
		return nil, err
	}
	description, err := c.describe()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", instance.Handler)
	serveAssets(mux, page, shared, description, instance.Frames...)
	if panel != nil {
		panel.Routes(mux)
	}
	return mux, nil
}

// serveAssets serves a page, what the pages share, and what the page knows of
// its demo. frames are the origins that the page may frame.
func serveAssets(mux *http.ServeMux, page, shared fs.FS, description []byte, frames ...string) {
	policy := policy
	if len(frames) > 0 {
		policy += "; frame-src " + strings.Join(frames, " ")
	}
	asset := func(next http.Handler) http.Handler { return Asset(policy, next) }
	mux.Handle("GET /{$}", asset(http.FileServerFS(page)))
	mux.Handle("GET /lab/page/", asset(http.StripPrefix("/lab/page/", http.FileServerFS(page))))
	mux.Handle("GET /lab/shared/", asset(http.StripPrefix("/lab/shared/", http.FileServerFS(shared))))
	mux.Handle("GET /lab/info.json", asset(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(description)
	})))
}

func (c Config) describe() ([]byte, error) {
	i := info{Demo: c.Demo.Name, Lesson: c.Lesson.Name, Lang: c.Lang, Title: c.Demo.Title, Summary: c.Demo.Summary, Xray: !c.NoTap}
	for _, ref := range c.Demo.Source {
		code, err := lesson.Region(c.Lesson.Source, ref)
		if err != nil {
			return nil, err
		}
		i.Source = append(i.Source, source{ref, code})
	}
	return json.Marshal(i)
}

// Asset serves files of the lab under that Content-Security-Policy.
func Asset(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}
