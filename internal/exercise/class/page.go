package class

import (
	"embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"

	"realtimelab/internal/dist"
	"realtimelab/internal/lang"
	"realtimelab/internal/site"
)

//go:embed *.html
var pages embed.FS

// A page holds the values of student.html and wall.html.
type page struct {
	site.Frame
	Joined    bool
	Teacher   bool
	URL       string // the class's address for students
	Short     string // the same without the scheme
	Addresses []string
	Handouts  string      // path of the page with the program and the exercises, or ""
	Program   *dist.File  // for the visitor's system, if it is known
	Info      template.JS // JSON for the page's modules
}

// info is the part of a page that its modules need and that does not change.
type info struct {
	Columns []Column             `json:"columns"`
	Lessons map[string]lang.Text `json:"lessons"` // titles, by name
	// path of an exercise's page, without its name
	Exercises string         `json:"exercises"`
	Places    []Place        `json:"places,omitempty"`
	Questions []infoQuestion `json:"questions,omitempty"`
}

// An infoQuestion is a question that the teacher can open.
type infoQuestion struct {
	ID     string    `json:"id"`
	Lesson string    `json:"lesson"`
	Title  lang.Text `json:"title"`
	Ask    lang.Text `json:"ask"`
}

func (s *Server) studentPage(w http.ResponseWriter, r *http.Request) {
	p := s.page(r)
	p.Joined = s.Room.Seen(ticket(r))
	s.write(w, "student.html", p, s.info(false))
}

func (s *Server) wallPage(w http.ResponseWriter, r *http.Request) {
	p := s.page(r)
	p.Teacher = s.Teacher(r)
	s.write(w, "wall.html", p, s.info(p.Teacher))
}

func (s *Server) page(r *http.Request) page {
	p := page{Frame: s.Site.Frame(r), URL: s.address(r), Addresses: s.Site.Join}
	p.Short = p.URL
	if u, err := url.Parse(p.URL); err == nil {
		p.Short = u.Host
	}
	if s.Handouts == nil {
		return p
	}
	p.Handouts = dist.Path
	if program, ok := s.Handouts.For(r); ok {
		p.Program = &program
	}
	return p
}

func (s *Server) info(teacher bool) info {
	i := info{Columns: s.Room.Columns, Exercises: site.ExercisePath,
		Lessons: map[string]lang.Text{}}
	for _, l := range s.Site.Course {
		i.Lessons[l.Name] = l.Title
	}
	if teacher {
		i.Places = s.Room.Places
		for _, q := range s.Room.Questions {
			i.Questions = append(i.Questions, infoQuestion{q.ID, q.Lesson, q.Title, q.Ask})
		}
	}
	return i
}

func (s *Server) write(w http.ResponseWriter, name string, p page, i info) {
	data, err := json.Marshal(i)
	if err != nil {
		s.Site.Log.Error("cannot show a page of the class", slog.Any("error", err))
		http.Error(w, "The page cannot be shown. The lab's log says why.",
			http.StatusInternalServerError)
		return
	}
	p.Info = template.JS(data)
	w.Header().Set("Cache-Control", "no-store") // it depends on the cookies
	s.Site.Write(w, s.templates, name, p)
}

// me answers which role the client has: "teacher", "student" or "none". A page asks before it opens
// the stream of events.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	role := "none"
	switch {
	case s.Teacher(r):
		role = "teacher"
	case s.Room.Seen(ticket(r)):
		role = "student"
	}
	answer(w, map[string]string{"role": role})
}
