package host

import (
	"encoding/json"
	"net/http"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/site"
	xrayweb "realtimelab/internal/xray/web"
)

// info is the description of a demo in /lab/info.json.
type info struct {
	Demo    string    `json:"demo"`
	Lesson  string    `json:"lesson"`
	Lang    lang.Lang `json:"lang,omitempty"`
	Title   lang.Text `json:"title"`
	Summary lang.Text `json:"summary"`
	Xray    bool      `json:"xray"`
}

// Paths under labPath belong to the lab itself.
const (
	labPath  = "/lab/"
	infoPath = labPath + "info.json"
	keyPath  = labPath + "key"
	linePath = labPath + "line"
)

// handler serves the page at the root and the lab's own files under /lab/, and passes all other
// requests to the demo.
func (c Config) handler(demo http.Handler, port int, r *Running) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/", demo)
	pages := site.Config{
		Lesson: c.Lesson, Demo: c.Demo, Port: port, Course: c.Course, Directory: c.Directory,
		Join: c.Join,
		Web:  c.Web, Lang: c.Lang, Xray: !c.NoTap, Line: r.proxy != nil || r.front != nil,
		Frames: r.instance.Frames, BothNames: r.instance.BothNames, Log: c.Log,
	}
	if err := pages.Routes(mux); err != nil {
		return nil, err
	}
	description, err := c.describe()
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+infoPath, httpserver.Policy{}.Page(serveJSON(description)))
	mux.Handle("POST "+keyPath, c.Key)
	mux.HandleFunc("GET "+linePath, func(w http.ResponseWriter, req *http.Request) {
		r.serveLine(w, req, c.Key)
	})
	mux.HandleFunc("POST "+linePath, func(w http.ResponseWriter, req *http.Request) {
		r.changeLine(w, req, c.Key)
	})
	if r.panel == nil {
		return mux, nil
	}
	r.panel.Routes(mux)
	return xrayweb.KnowBrowsers(mux), nil
}

func serveJSON(data []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(data)
	})
}

func (c Config) describe() ([]byte, error) {
	return json.Marshal(info{Demo: c.Demo.Name, Lesson: c.Lesson.Name, Lang: c.Lang,
		Title: c.Demo.Title, Summary: c.Demo.Summary, Xray: !c.NoTap})
}
