package site

import (
	"cmp"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/qr"
)

// homePage holds the values of home.html.
type homePage struct {
	frame
	Start     demoLink // the first demo of the course that runs, else the first
	Exercises map[string][]exerciseItem
	GoOn      *exerciseItem // the exercise to go on with, for a reader who has begun
	Join      string        // address for others on the local network, or ""
	JoinCode  template.HTML
}

// serveHome serves the home page, and the state of the demos that the page polls.
func (c Config) serveHome(mux *http.ServeMux) {
	page := httpserver.Policy{}.Page(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := c.homePage(r)
		if err != nil {
			c.fail(w, "cannot show the home page", err)
			return
		}
		c.write(w, c.templates, "home.html", p)
	}))
	mux.Handle("GET "+labPath+"{$}", page)
	mux.HandleFunc("GET "+demosPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(c.served(r))
	})
	if c.Demo.Name == "" && !c.Class {
		mux.Handle("GET /{$}", page)
	}
}

func (c Config) homePage(r *http.Request) (p homePage, err error) {
	p = homePage{frame: c.frame(r), Exercises: map[string][]exerciseItem{}}
	p.AtHome = true
	done := progressOf(r)
	for _, l := range p.Course {
		if p.Exercises[l.Name], err = c.exercises(l.Name, p.frame, done); err != nil {
			return p, err
		}
		for _, d := range l.Demos {
			if p.Start.Name == "" || p.Start.Href == "" && d.Href != "" {
				p.Start = d
			}
		}
	}
	list, err := c.exercisesPage(r)
	if err != nil {
		return p, err
	}
	if p.GoOn = list.Last; p.GoOn == nil && list.Solved > 0 {
		p.GoOn = cmp.Or(list.First, list.Laptop)
	}
	if len(c.Join) == 0 {
		return p, nil
	}
	p.Join = c.Join[0]
	for _, address := range c.Join { // a laptop may have several: the reader's own is known to work
		if u, err := url.Parse(address); err == nil && u.Host == r.Host {
			p.Join = address
		}
	}
	code, err := qr.SVG(p.Join)
	p.JoinCode = template.HTML(code)
	return p, err
}
