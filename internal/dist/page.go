package dist

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

// view holds the values of page.html.
type view struct {
	lang.Lang
	Tag, Other string // of the page's language, and the code of the other
	Base       string // URL of this server
	Mine       *File  // the visitor's binary, nil if the system is unknown
	Binaries   []File
	Exercises  File
}

// Windows reports whether the visitor's system is Windows.
func (v view) Windows() bool { return v.Mine != nil && v.Mine.OS == "windows" }

// Handler serves the hand-outs below Path: a page that offers the visitor's binary first, the same
// list as JSON, the checksums, and the files. language returns the language for a reader.
func (h *Handouts) Handler(language func(*http.Request) lang.Lang) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+Path+"{$}",
		httpserver.Policy{}.Page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v := view{Lang: language(r), Base: "http://" + r.Host, Binaries: h.binaries,
				Exercises: h.exercises, Other: string(lang.Chinese)}
			v.Tag = v.Lang.Tag()
			if v.Lang == lang.Chinese {
				v.Other = string(lang.English)
			}
			if mine, ok := h.For(r); ok {
				v.Mine = &mine
			}
			var b bytes.Buffer
			if err := page.Execute(&b, v); err != nil {
				http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Vary", "Accept-Language, User-Agent")
			w.Write(b.Bytes())
		})))
	mux.HandleFunc("GET "+Path+"index.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(h.Files())
	})
	mux.HandleFunc("GET "+Path+SumsFile, h.serveSums)
	mux.HandleFunc("GET "+Path+"{name}", h.serveFile)
	return mux
}
