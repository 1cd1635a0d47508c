package site

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"realtimelab/internal/exercise"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
)

// A frame holds what every page has around its content.
type frame struct {
	Lang      lang.Lang
	Tag       string // the language for the lang attribute
	OtherTag  string // the other language
	OtherHref string

	Class          string // link to the class page, or ""
	Home           string // link to the home page
	AtHome         bool
	AllExercises   string // link to the list; "" if the course has no exercises
	AtExercises    bool
	Course         []lessonLink
	Lesson         *lessonLink // the page's lesson; nil on the home page
	AtText         bool        // the page is the text of its lesson
	Previous, Next *link
	Line           bool // the bar shows the network and the proxy between clients and the demo

	query string // the query that links on this server keep
}

// A link leads to another page.
type link struct {
	Title, Href string
	ToDemo      bool // it leads to a demo's page, which may have another port
	Kind        linkKind
}

// A linkKind is the kind of a link's destination.
type linkKind int

const (
	toDemo linkKind = iota
	toLesson
	toExercise
)

// Which describes the link's place in the order of its kind, such as "Next lesson: ".
func (f frame) Which(l link, next bool) string {
	en, zh := [...]string{"demo", "lesson", "exercise"}[l.Kind],
		[...]string{"个演示", "课", "道练习"}[l.Kind]
	if next {
		return f.Say("Next "+en+": ", "下一"+zh+"：")
	}
	return f.Say("Previous "+en+": ", "上一"+zh+"：")
}

// A lessonLink leads to the text of a lesson.
type lessonLink struct {
	Name, Title, Summary string
	Href                 string
	Here                 bool   // it leads to this page or to its lesson
	Exercises            string // link to the lesson's exercises, or "" if it has none
	Demos                []demoLink
}

// Place returns the link to the paragraph about the page's demo, or to the text on a page without
// one.
func (l lessonLink) Place() string {
	for _, d := range l.Demos {
		if d.Here {
			return d.Text
		}
	}
	return l.Href
}

// A demoLink names a demo of a lesson.
type demoLink struct {
	Name, Title, Summary string
	Href                 string // empty if the lab does not serve it now
	Text                 string // link to the paragraph of the lesson about it
	Here                 bool   // it leads to this page
	Clients              int
}

// Best returns the link to the demo's page, or to its lesson's text if the lab does not serve it.
func (d demoLink) Best() link {
	if d.Href == "" {
		return link{Title: d.Title, Href: d.Text}
	}
	return link{Title: d.Title, Href: d.Href, ToDemo: true}
}

// demoHref returns a function from the name of a demo to the link to its page, "" if the lab does
// not serve it now.
func (f frame) demoHref() func(name string) string {
	links := map[string]string{}
	for _, l := range f.Course {
		for _, d := range l.Demos {
			links[d.Name] = d.Href
		}
	}
	return func(name string) string { return links[name] }
}

// Say returns the text in the page's language.
func (f frame) Say(en, zh string) string { return f.Lang.Say(en, zh) }

// frame returns the frame of the page that the request is for, with the links between the pages.
func (c Config) frame(r *http.Request) frame {
	f := frame{Lang: c.readerLang(r), Line: c.Line}
	other := lang.Chinese
	if f.Lang == lang.Chinese {
		other = lang.English
	}
	f.Tag, f.OtherTag, f.OtherHref = f.Lang.Tag(), other.Tag(), "?lang="+string(other)
	query := "" // keeps the language on this server only if the reader chose it by the URL
	if r.URL.Query().Has("lang") {
		query = "?lang=" + string(f.Lang)
	}
	f.Home, f.query = labPath+query, query
	if c.Class {
		f.Class = classPath + query
	}
	served := c.served(r)
	all, _ := c.exercisesOfCourse()
	exercises := map[string]string{} // by the folder of the lessons that share them
	for _, l := range c.Course {
		text := lessonPath + url.PathEscape(l.Name) + query
		to := lessonLink{Name: l.Name, Title: l.Title.In(f.Lang), Summary: l.Summary.In(f.Lang),
			Href: text}
		folder := cmp.Or(l.Folder, l.Name)
		if l.Exercises != nil {
			f.AllExercises = exercisesPath + query
			exercises[folder] = f.AllExercises + "#" + url.PathEscape(l.Name)
		}
		if to.Exercises = exercises[folder]; slices.ContainsFunc(all,
			func(e exercise.Exercise) bool {
				return e.Topic == l.Name
			}) {
			to.Exercises = f.AllExercises + "#" + url.PathEscape(l.Name)
		}
		for _, d := range l.Demos {
			demo := demoLink{Name: d.Name, Title: d.Title.In(f.Lang), Summary: d.Summary.In(f.Lang),
				Text: text + "#" + d.Name}
			if at, ok := served[d.Name]; ok {
				demo.Href, demo.Clients = at.Href+"?lang="+string(f.Lang), at.Clients
			}
			if d.Name == c.Demo.Name {
				demo.Href = "/" + query
			}
			to.Demos = append(to.Demos, demo)
		}
		f.Course = append(f.Course, to)
	}
	return f
}

// atLesson makes the frame that of a lesson's page.
func (f *frame) atLesson(at int) {
	f.AtText, f.Lesson = true, &f.Course[at]
	f.Lesson.Here = true
	if at > 0 {
		f.Previous = &link{Kind: toLesson, Title: f.Course[at-1].Title, Href: f.Course[at-1].Href}
	}
	if at < len(f.Course)-1 {
		f.Next = &link{Kind: toLesson, Title: f.Course[at+1].Title, Href: f.Course[at+1].Href}
	}
}

// atDemo makes the frame that of a demo's page.
func (f *frame) atDemo(name string) {
	var before *demoLink
	for i := range f.Course {
		l := &f.Course[i]
		for j := range l.Demos {
			d := &l.Demos[j]
			switch {
			case d.Name == name:
				d.Here, f.Lesson = true, l
				if before != nil {
					f.Previous = new(before.Best())
				}
			case before != nil && before.Here:
				f.Next = new(d.Best())
			}
			before = d
		}
	}
}

// A servedDemo is a demo that the lab serves now, as the home page polls it.
type servedDemo struct {
	Href    string `json:"href"`
	Clients int    `json:"clients"`
}

// served returns the demos that the lab serves now, by name. It returns none if the reader came
// through a proxy, where the other ports are unknown.
func (c Config) served(r *http.Request) map[string]servedDemo {
	hostname, from, err := net.SplitHostPort(r.Host)
	proxied := err != nil || from != strconv.Itoa(c.Port)
	all := map[string]servedDemo{}
	for name, demo := range c.Directory.all() {
		switch {
		case name == c.Demo.Name:
			all[name] = servedDemo{"/", demo.clients()}
		case !proxied:
			all[name] = servedDemo{httpserver.Scheme(r) + "://" +
				net.JoinHostPort(hostname, strconv.Itoa(demo.port)) + "/", demo.clients()}
		}
	}
	return all
}
